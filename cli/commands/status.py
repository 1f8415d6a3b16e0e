"""Cho biết cái gì đang chạy, ở đâu, có bao nhiêu dữ liệu · what runs, where, with how much data.

Mã trả về 0 khi mọi thứ đang chạy, 3 khi không · exit code 0 when everything runs, 3 when not.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import REPO, VENV_PYTHON, Home
from cli.cluster import Cluster
from cli.server import Server

if TYPE_CHECKING:
    import argparse

NOT_RUNNING = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(_options: argparse.Namespace) -> int:
    """Print the state; the exit code says it in short."""
    home = Home.current()
    server, cluster = Server(home), Cluster(home.root)
    application = server.is_running() and server.is_ready()
    database = connection.external() or cluster.is_running()
    _line("Ứng dụng · application", f"chạy · running  {server.url}" if application else "dừng · stopped")
    _line("Cơ sở dữ liệu · database", _database(cluster))
    if database and VENV_PYTHON.exists():
        asked = [str(VENV_PYTHON), "-m", "cli.inventory"]
        subprocess.run(asked, cwd=REPO, env=connection.environment(home), check=False)
    return 0 if application and database else NOT_RUNNING


def _database(cluster: Cluster) -> str:
    if connection.external():
        return "theo · given by DIABAN_DATABASE_URL"
    if cluster.is_running():
        return f"chạy · running  127.0.0.1:{cluster.port}  pid {cluster.pid()}"
    return "dừng · stopped" if cluster.exists else "chưa tạo · not made yet"


def _line(name: str, value: str) -> None:
    print(f"{name:<28} {value}", flush=True)
