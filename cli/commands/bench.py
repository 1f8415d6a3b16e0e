"""Đo tốc độ: chạy một tệp trong benchmarks/ · measure speed: run a file of benchmarks/.

Không có NAME: liệt kê. Tham số sau NAME được chuyển cho tệp đó.
Without NAME: the list. What follows NAME is passed on. A running Diaban's database is named to the benchmark.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

from cli import connection
from cli.bootstrap.paths import REPO, Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import clean_environment
from cli.cluster import Cluster

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

NEEDS = ("python",)
PASSES_ON = True
FOLDER = REPO / "benchmarks"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="tên phép đo · which benchmark")


def run(options: argparse.Namespace) -> int:
    """Run one benchmark, or list them."""
    names = {file.stem: file for file in sorted(FOLDER.glob("*.py")) if not file.name.startswith("_")}
    if options.name is None:
        for name, file in names.items():
            print(f"  {name:<20} {_purpose(file)}")
        return 0
    if options.name not in names:
        known = ", ".join(names) or "-"
        raise Stop(
            f"Không có phép đo {options.name}. Hiện có: {known}.",
            f"There is no benchmark {options.name}. There are: {known}.",
        )
    home = Home.current()
    running = connection.external() or Cluster(home.root).is_running()
    environment = connection.environment(home) if running else clean_environment(PYTHONPATH=str(REPO))
    # -P: a benchmark named like a room must not stand in its way.
    command = [sys.executable, "-P", str(names[options.name]), *options.rest]
    return subprocess.run(command, cwd=REPO, env=environment, check=False).returncode


def _purpose(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return text.partition("\n")[0]
