"""Chuẩn bị mọi thứ và chạy Diaban · prepare everything and run Diaban.

Lần đầu mất vài phút: cài gói, dựng bản đồ, tạo cơ sở dữ liệu riêng trong .diaban/, nạp dữ liệu minh họa.
The first time takes minutes: packages, the browser application, a private database in .diaban/, demonstration
data. With DIABAN_DATABASE_URL set, that database is used and none is started here.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import say, step
from cli.cluster import Cluster
from cli.server import Server, refuse_used_port

if TYPE_CHECKING:
    import argparse
    import subprocess

NEEDS = ("python", "postgres", "web")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--port", type=int, default=8000, help="cổng · port (8000)")
    parser.add_argument("--host", default="127.0.0.1", help="địa chỉ lắng nghe · address (127.0.0.1)")
    workers = min(os.cpu_count() or 1, 2)
    parser.add_argument("--workers", type=int, default=workers, help=f"số tiến trình · processes ({workers})")
    parser.add_argument("--foreground", action="store_true", help="không chạy nền · stay in the foreground")
    parser.add_argument(
        "--no-demo", action="store_true", help="không có dữ liệu minh họa · no demonstration data"
    )
    parser.add_argument("--wards", type=Path, metavar="FILE", help="ranh giới thật · real ward boundaries")
    parser.add_argument("--province", metavar="CODE", help="mã tỉnh trong FILE · province code in FILE")


def check(options: argparse.Namespace) -> None:
    """What can be told to be wrong before anything long begins."""
    if not 1 <= options.port <= 65535 or options.workers < 1:
        raise Stop("--port từ 1 đến 65535, --workers từ 1.", "--port is 1 to 65535, --workers at least 1.")
    if (options.wards is None) != (options.province is None):
        raise Stop("--wards FILE đi cùng --province CODE.", "--wards FILE and --province CODE go together.")
    if options.wards is not None:
        # The work is done from the checkout's folder, wherever the command was typed.
        options.wards = options.wards.resolve()
        if not options.wards.is_file():
            raise Stop(f"Không có tệp {options.wards}.", f"There is no file {options.wards}.")
    if not Server(Home.current()).exists():
        refuse_used_port(options.host, options.port)


def run(options: argparse.Namespace) -> int:
    """Bring it up."""
    check(options)
    home = Home.current()
    server = Server(home)
    cluster = None if connection.external() else Cluster(home.root)
    with home.lock():
        if options.wards is None and _is_up(cluster, server):
            say(f"Diaban đang chạy tại {server.url}", f"Diaban is running at {server.url}")
            return 0
        if cluster is not None:
            with step("Khởi động cơ sở dữ liệu riêng", "Starting the private database"):
                cluster.start()
        connection.enter(home)
        _fill(home, options)
        with step("Khởi động ứng dụng", "Starting the application"):
            started = server.start(
                options.host, options.port, options.workers, background=not options.foreground
            )
    if options.foreground:
        return _stay(home, cluster, server, started)
    _tell(server.url)
    return 0


def _is_up(cluster: Cluster | None, server: Server) -> bool:
    database = cluster is None or cluster.is_running()
    return database and server.is_running() and server.is_ready()


def _fill(home: Home, options: argparse.Namespace) -> None:
    from cli import data

    with step("Cập nhật cấu trúc dữ liệu", "Migrating the database"):
        data.migrate()
    # A demonstration cut short (a kill, a power cut) is completed at the next start.
    wanted = not options.no_demo and (data.is_empty() or "demonstration" in home.state())
    if options.wards is not None:
        name = data.load_wards(options.wards, options.province)
        home.remember(province={"code": options.province, "name": name})
        connection.enter(home)
    if wanted:
        home.remember(demonstration="loading")
        data.load_demonstration()
        home.forget("demonstration")


def _tell(url: str) -> None:
    say(f"Bản đồ:  {url}/", "the map")
    say(f"OGC API: {url}/ogc", "for QGIS, ArcGIS, GDAL")
    say(f"API:     {url}/api/docs", "documentation for programmers")
    say("Dừng lại: ./diaban down", "to stop")


def _stay(home: Home, cluster: Cluster | None, server: Server, started: subprocess.Popen[bytes]) -> int:
    """Hold the terminal (or the container) until told to stop, then stop in order."""

    def asked(_number: int, _frame: object) -> None:
        started.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    _tell(server.url)
    code = started.wait()
    with home.lock():
        server.stop()
        if cluster is not None:
            cluster.stop()
    return max(code, 0)
