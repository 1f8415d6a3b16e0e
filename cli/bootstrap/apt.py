"""Packages of the distribution: installed where we may, else the exact command to type."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from cli.bootstrap.paths import TOOLS
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import clean_environment, run_quietly

if TYPE_CHECKING:
    from collections.abc import Sequence

LOG = TOOLS / "log" / "bootstrap.log"


def available() -> bool:
    """Whether this is Debian or one of its children."""
    return shutil.which("apt-get") is not None


def permitted() -> bool:
    """Whether packages may be installed without asking anyone."""
    return available() and os.geteuid() == 0


def offers(package: str) -> bool:
    """Whether the distribution has a package of this name."""
    if not available():
        return False
    shown = subprocess.run(["apt-cache", "show", package], capture_output=True, check=False)
    return shown.returncode == 0


def update() -> None:
    """Read the distribution's list of packages anew."""
    run_quietly(["apt-get", "update", "-q"], LOG, env=environment())


def install(packages: Sequence[str], what_vi: str, what_en: str) -> None:
    """Install packages as root, or stop with the sentence that says what to type."""
    if not permitted():
        raise missing(packages, what_vi, what_en)
    update()
    fetch(packages)


def fetch(packages: Sequence[str]) -> None:
    """Install packages from the list that ``update`` read."""
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    run_quietly(command, LOG, env=environment())


def missing(packages: Sequence[str], what_vi: str, what_en: str) -> Stop:
    """The sentence for a person who may type ``sudo``."""
    names = " ".join(packages)
    command = f"sudo apt-get update && sudo apt-get install -y {names}"
    if not available():
        return Stop(
            f"Thiếu {what_vi}: hãy cài gói tương đương {names} của hệ điều hành rồi gõ lại.",
            f"{what_en} is missing: install what this system calls {names}, then type this again.",
        )
    return Stop(
        f"Thiếu {what_vi}, hãy gõ: {command}",
        f"{what_en} is missing, type: {command}",
    )


def environment() -> dict[str, str]:
    """Environment of an apt that asks nothing and speaks English, for the log."""
    return clean_environment(DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
