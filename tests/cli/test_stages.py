"""The closing line of ``./diaban test`` counts what was reported; a broken stage is never green."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cli import stages
from cli.stages import Count, Stage, add, run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

REPORT = """<?xml version="1.0"?><testsuites><testsuite>
<testcase name="a"/><testcase name="b"><failure/></testcase><testcase name="c"><error/></testcase>
<testcase name="d"><skipped/></testcase><testcase name="e"/></testsuite></testsuites>"""


def python(code: str) -> list[str]:
    """A stage's command that runs one line."""
    return [sys.executable, "-c", code]


def test_outcomes_are_counted(tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_text(REPORT)
    count = Count()
    add(count, tmp_path / "r.xml")
    assert count.line() == "2 passed, 2 failed, 1 skipped"


def test_every_stage_runs_and_the_last_line_is_plain(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = "import sys; open(sys.argv[1], 'w').write('<testsuite><testcase/><testcase/></testsuite>')"
    chosen = [
        Stage("lint", python("raise SystemExit(1)")),
        Stage("tests", python(good), report="good.xml"),
    ]
    assert run(chosen, tmp_path) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[-1] == "2 passed, 1 failed"
    assert any(line.startswith("✗ lint") for line in lines)
    assert any(line.startswith("✓ tests") for line in lines)


def test_a_runner_that_dies_without_a_report_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text(REPORT)
    assert run([Stage("tests", python("import os; os.abort()"), report="old.xml")], tmp_path) == 1


def test_all_green(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = "import sys; open(sys.argv[1], 'w').write('<testsuite><testcase/></testsuite>')"
    assert run([Stage("tests", python(good), report="good.xml")], tmp_path) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "1 passed, 0 failed"


def test_the_machines_own_database_is_hidden_from_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIABAN_DATABASE_URL", "postgresql://production/")
    monkeypatch.setenv("PGHOST", "production")
    environment = stages._environment()
    assert "DIABAN_DATABASE_URL" not in environment
    assert "PGHOST" not in environment


def test_checks_run_side_by_side_and_tests_after_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each check waits for the other; what they say is shown whole, in their order, before the tests'."""
    meet = (
        "import pathlib, sys, time; mine, other = map(pathlib.Path, sys.argv[1:]); mine.touch()\n"
        "for _ in range(1200): other.exists() or time.sleep(.05)\n"
        "print(mine.name, 'met', other.exists())"
    )
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    both = f"import os; print('tests', os.path.exists({a!r}), os.path.exists({b!r}))"
    chosen = [
        Stage("tests", python(both), alone=True),
        Stage("first", [*python(meet), a, b]),
        Stage("second", [*python(meet), b, a]),
    ]
    assert run(chosen, tmp_path) == 0
    lines = [
        line for line in capfd.readouterr().out.splitlines() if line and not line.startswith(("──", "✓"))
    ]
    assert lines[:-1] == ["a met True", "b met True", "tests True True"]


def test_pytest_has_a_process_for_each_core() -> None:
    assert stages._side_by_side(2)[:2] == ["-n", "2"]
    assert stages._side_by_side(64)[:2] == ["-n", str(stages.TESTERS_MAX)]
