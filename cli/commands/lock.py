"""Khóa lại phiên bản các gói Python · lock the Python packages' versions anew (requirements.lock)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.bootstrap import python_env, uv
from cli.bootstrap.apt import LOG
from cli.bootstrap.paths import REPO
from cli.bootstrap.process import run_quietly
from cli.bootstrap.terminal import step

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--upgrade", action="store_true", help="lấy bản mới nhất · take the newest")


def run(options: argparse.Namespace) -> int:
    """Resolve pyproject.toml, with every extra, for every platform."""
    program = uv.find_or_install()
    command: list[str | Path] = [
        program,
        "pip",
        "compile",
        "pyproject.toml",
        "--all-extras",
        "--universal",
        "-q",
    ]
    command += ["--python-version", "3.12", "--generate-hashes", "--no-emit-index-url"]
    command += ["--custom-compile-command", "./diaban lock", "-o", python_env.LOCK.name]
    if options.upgrade:
        command.append("--upgrade")
    with step("Khóa phiên bản các gói", "Locking the packages"):
        run_quietly(command, LOG, REPO)
    return 0
