"""Finding or installing uv, which installs the Python packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from cli.bootstrap import apt
from cli.bootstrap.paths import TOOLS
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import run_quietly
from cli.bootstrap.terminal import step

OWN = TOOLS / "uv"


def find_or_install() -> Path:
    """The uv of the machine, else one in a virtual environment of its own."""
    found = find()
    if found is not None:
        return found
    with step("Cài uv", "Installing uv"):
        python = _python_with_venv()
        run_quietly([python, "-m", "venv", "--clear", OWN], apt.LOG)
        run_quietly([OWN / "bin" / "python", "-m", "pip", "install", "-q", "uv"], apt.LOG)
    return OWN / "bin" / "uv"


def find() -> Path | None:
    """A uv that starts; a shim of pyenv without a version behind it does not."""
    for candidate in (shutil.which("uv"), str(OWN / "bin" / "uv")):
        if candidate and _starts(candidate):
            return Path(candidate)
    return None


def _starts(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _python_with_venv() -> str:
    """A Python whose venv can install pip: Debian ships both apart, as python3-venv."""
    own = [sys.executable, shutil.which("python3") or "", "/usr/bin/python3"]
    for python in dict.fromkeys(own):
        if python and os.path.exists(python) and _can_make_venv(python):
            return python
    if apt.available():
        apt.install(["python3-venv"], "mô-đun venv của Python", "Python's venv module")
        return "/usr/bin/python3"
    raise Stop(
        "Thiếu mô-đun venv của Python, hãy gõ: python3 -m pip install --user uv",
        "Python's venv module is missing, type: python3 -m pip install --user uv",
    )


def _can_make_venv(python: str) -> bool:
    probe = "import venv, ensurepip"
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0
