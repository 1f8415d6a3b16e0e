"""Dừng Diaban, dữ liệu giữ nguyên · stop Diaban, the data stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.bootstrap.paths import Home
from cli.bootstrap.terminal import say, step
from cli.cluster import Cluster
from cli.server import Server

if TYPE_CHECKING:
    import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(_options: argparse.Namespace) -> int:
    """Stop the application, then the private cluster."""
    home = Home.current()
    server, cluster = Server(home), Cluster(home.root)
    with home.lock():
        if not server.exists() and not cluster.is_running():
            say("Diaban không chạy.", "Diaban is not running.")
            return 0
        with step("Dừng ứng dụng", "Stopping the application"):
            server.stop()
        with step("Dừng cơ sở dữ liệu", "Stopping the database"):
            cluster.stop()
    return 0
