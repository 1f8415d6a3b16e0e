"""Finding a Python, and knowing when the environment is what the lock file says."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from cli.bootstrap import python_env

if TYPE_CHECKING:
    from pathlib import Path

import pytest


def interpreter(folder: Path, name: str, answer: str) -> Path:
    """A program that answers like a Python of some version."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{answer}\n")
    file.chmod(0o755)
    return file


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on it but a shell."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    return tmp_path


def no_uv(machine: Path) -> Path:
    """A uv that knows no Python."""
    return interpreter(machine, "uv", "exit 2")


def test_a_bare_machine_has_none(machine: Path) -> None:
    assert python_env.find_python(no_uv(machine)) is None


def test_too_old_shims_and_broken_ones_are_passed_over(machine: Path) -> None:
    interpreter(machine / "bin", "python3", "echo 3 11 False")
    interpreter(machine / "bin", "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")
    interpreter(machine / "bin", "python3.13", "echo 3 13 True")  # free-threaded: no wheels
    good = interpreter(machine / "bin", "python3.14", "echo 3 14 False")
    assert python_env.find_python(no_uv(machine)) == str(good)


def test_every_version_under_pyenv_is_seen_and_312_preferred(machine: Path) -> None:
    versions = machine / "home/.pyenv/versions"
    interpreter(versions / "3.13.0/bin", "python3", "echo 3 13 False")
    wanted = interpreter(versions / "3.12.1/bin", "python3", "echo 3 12 False")
    interpreter(versions / "3.9.18/bin", "python3", "echo 3 9 False")
    assert python_env.find_python(no_uv(machine)) == str(wanted)


def test_a_python_of_uv_is_the_last_resort(machine: Path) -> None:
    managed = interpreter(machine / "managed", "python3", "echo 3 12 False")
    assert python_env.find_python(interpreter(machine, "uv", f"echo {managed}")) == str(managed)


def test_the_environment_is_current_until_the_lock_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    shutil.copy(python_env.LOCK, lock)
    monkeypatch.setattr(python_env, "LOCK", lock)
    monkeypatch.setattr(python_env, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(python_env, "VENV_PYTHON", interpreter(tmp_path, "python", "echo 3 12 False"))
    assert not python_env.is_current()
    python_env.STAMP.write_text(python_env.fingerprint())
    assert python_env.is_current()
    with lock.open("a") as file:
        file.write("# one more\n")
    assert not python_env.is_current()


def test_a_removed_base_python_makes_the_environment_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(python_env, "STAMP", tmp_path / "stamp")
    monkeypatch.setattr(python_env, "VENV_PYTHON", tmp_path / "gone")
    python_env.STAMP.write_text(python_env.fingerprint())
    assert not python_env.is_current()
