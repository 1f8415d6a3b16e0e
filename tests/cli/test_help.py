"""The script answers before anything is installed: on any Python, with the standard library alone."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import from_here, parser

ROOT = Path(__file__).parents[2]
COMMANDS = sorted(file.stem.rstrip("_") for file in (ROOT / "cli/commands").glob("[a-z]*.py"))
BEFORE_INSTALLATION = [
    ROOT / "diaban",
    *(ROOT / "cli/bootstrap").glob("*.py"),
    *(ROOT / "cli/commands").glob("*.py"),
    *(ROOT / "cli" / f"{name}.py" for name in ("main", "cluster", "connection", "server")),
]


def interpreters() -> list[str]:
    """This Python, and an old one where the machine has it."""
    old = [*map(str, Path.home().glob(".pyenv/versions/3.9.*/bin/python")), shutil.which("python3.9") or ""]
    return [sys.executable, *filter(None, old[:1])]


def ask(python: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script without any installed package in sight."""
    command = [python, "-I", "-S", "-B", str(ROOT / "diaban"), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")


@pytest.mark.parametrize("python", interpreters())
@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command(command: str, python: str) -> None:
    answer = ask(python, command, "--help")
    assert answer.returncode == 0, answer.stderr
    assert "·" in answer.stdout, "Vietnamese first, English beside it"


def test_help_names_every_command() -> None:
    listed = ask(sys.executable, "--help").stdout
    assert {"up", "down", "status", "reset", "test", "bench", "lock"} <= set(COMMANDS)
    assert all(f"\n    {command}" in listed for command in COMMANDS)


@pytest.mark.parametrize("words", [(), ("fly",), ("up", "--prot", "1"), ("up", "--port", "x")])
def test_wrong_words_are_explained(words: tuple[str, ...]) -> None:
    answer = ask(sys.executable, *words)
    assert answer.returncode == 2
    assert "usage" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("file", BEFORE_INSTALLATION, ids=lambda file: file.name)
def test_python_39_reads_what_runs_before_installation(file: Path) -> None:
    ast.parse(file.read_text("utf-8"), feature_version=(3, 9))


def test_files_are_those_of_the_folder_in_which_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = ["import", "thửa.zip", "--into", "land_use", "--report", "r.html", "--quarantine", "/q.gpkg"]
    arguments = parser().parse_args(line)
    from_here(arguments)
    assert arguments.file == tmp_path / "thửa.zip" and arguments.report == [tmp_path / "r.html"]
    assert arguments.quarantine == Path("/q.gpkg") and arguments.into == "land_use"
