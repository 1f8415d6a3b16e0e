"""Cập nhật cấu trúc dữ liệu và các lớp · bring the database's structure and the layers up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.terminal import step

if TYPE_CHECKING:
    import argparse

NEEDS = ("python",)


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(_options: argparse.Namespace) -> int:
    """Migrate, then publish the layers' folders."""
    from cli import data

    connection.enter(Home.current())
    with step("Cập nhật cấu trúc dữ liệu", "Migrating the database"):
        data.migrate()
    return 0
