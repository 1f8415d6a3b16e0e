"""Xóa toàn bộ dữ liệu của Diaban trong .diaban/ · delete all of Diaban's data in .diaban/.

Hỏi trước khi xóa. Công cụ đã cài được giữ lại, trừ khi có --all.
Asks first. Installed tools stay, unless --all is given. A database of your own is not touched.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cli.bootstrap.paths import TOOLS, Home
from cli.bootstrap.terminal import say, step
from cli.cluster import Cluster
from cli.server import Server

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

TOOL_NAMES = {"venv", "uv", "bytecode", "web.json"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--yes", action="store_true", help="không hỏi · do not ask")
    parser.add_argument("--all", action="store_true", help="xóa cả công cụ đã cài · installed tools too")


def run(options: argparse.Namespace) -> int:
    """Stop everything and delete the data, after a yes."""
    home = Home.current()
    if not home.root.exists():
        say("Không có gì để xóa.", "There is nothing to delete.")
        return 0
    if not options.yes and not _agreed(home):
        say("Không xóa gì.", "Nothing was deleted.")
        return 1
    with home.lock(), step(f"Xóa dữ liệu trong {home.root}", "Deleting the data"):
        Server(home).stop()
        Cluster(home.root).remove()
        kept = TOOL_NAMES if home.root == TOOLS and not options.all else set()
        for entry in home.root.iterdir():
            if entry.name not in kept:
                _delete(entry)
    return 0


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _agreed(home: Home) -> bool:
    try:
        answer = input(f"Xóa mọi dữ liệu trong {home.root}? · Delete all data there? [y/N] ")
    except EOFError:
        print()
        return False
    return answer.strip().lower() in {"y", "yes", "c", "có", "co"}
