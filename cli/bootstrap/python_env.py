"""The virtual environment: a Python ≥ 3.12 found or installed, and the locked packages in it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from cli.bootstrap import apt, uv
from cli.bootstrap.paths import REPO, VENV, VENV_PYTHON
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import run_quietly
from cli.bootstrap.terminal import step

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK = REPO / "requirements.lock"
STAMP = VENV / "diaban.lock.sha256"
# The packages have wheels for these; the first one found serves.
WANTED = ((3, 12), (3, 13), (3, 14))
ASK = "import sys, sysconfig; print(*sys.version_info[:2], bool(sysconfig.get_config_var('Py_GIL_DISABLED')))"


def prepare() -> None:
    """Make the environment what the lock file says; a glance when it already is."""
    if not is_current():
        program = uv.find_or_install()
        if version_of(VENV_PYTHON) is None:
            _create(program)
        with step("Cài các gói Python", "Installing the Python packages"):
            # Half an installation must not pass for a whole one.
            STAMP.unlink(missing_ok=True)
            environment = {**os.environ, "VIRTUAL_ENV": str(VENV)}
            run_quietly([program, "pip", "sync", "-q", "--require-hashes", LOCK], apt.LOG, REPO, environment)
            STAMP.write_text(fingerprint(), "ascii")


def is_current() -> bool:
    """Whether the environment holds what the lock file says and its Python still starts."""
    try:
        current = STAMP.read_text("ascii") == fingerprint()
    except FileNotFoundError:
        return False
    return current and version_of(VENV_PYTHON) is not None


def fingerprint() -> str:
    """SHA-256 of the lock file."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _create(program: Path) -> None:
    with step("Tạo môi trường Python ≥ 3.12", "Making a Python ≥ 3.12 environment"):
        python = find_python(program) or _install_python(program)
        run_quietly([program, "venv", "-q", "--clear", "--python", python, VENV], apt.LOG)


def find_python(program: Path) -> str | None:
    """The machine's best Python: in the order of WANTED, whoever installed it."""
    found: dict[tuple[int, int], str] = {}
    for candidate in candidates(program):
        version = version_of(Path(candidate))
        if version in WANTED:
            found.setdefault(version, candidate)
            if version == WANTED[0]:
                break
    return next((found[version] for version in WANTED if version in found), None)


def candidates(program: Path | None) -> Iterator[str]:
    """Every Python that may be on this machine: the path's, pyenv's, uv's."""
    for name in ("python3.12", "python3", "python3.13", "python3.14"):
        on_path = shutil.which(name)
        if on_path:
            yield on_path
    for root in dict.fromkeys((os.environ.get("PYENV_ROOT"), str(Path.home() / ".pyenv"))):
        if root:
            yield from map(str, sorted(Path(root).glob("versions/3.1[2-9]*/bin/python3")))
    if program is not None:
        asked = [str(program), "python", "find", "--no-python-downloads", "--no-project", ">=3.12"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            yield answer.stdout.strip()


def version_of(python: Path) -> tuple[int, int] | None:
    """(major, minor) of an interpreter; None when it does not start or runs without the GIL (no wheels)."""
    try:
        answer = subprocess.run([str(python), "-c", ASK], capture_output=True, text=True, check=False)
    except OSError:
        return None
    match = re.match(r"^(\d+) (\d+) False$", answer.stdout.strip())
    return (int(match[1]), int(match[2])) if match else None


def _install_python(program: Path) -> str:
    try:
        run_quietly([program, "python", "install", "3.12"], apt.LOG)
    except Stop:
        offered = [f"python{major}.{minor}" for major, minor in WANTED]
        package = next(filter(apt.offers, offered), None)
        command = f"sudo apt-get install -y {package}" if package else f"{program} python install 3.12"
        raise Stop(
            f"Không có Python ≥ 3.12 và chưa tải được (không có mạng?), hãy gõ: {command}",
            f"No Python ≥ 3.12 here and none could be downloaded (no network?), type: {command}",
        ) from None
    return "3.12"
