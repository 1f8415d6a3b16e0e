"""Tests of OGC's abstract test suites, by conformance class."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.bootstrap.paths import REPO
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import clean_environment
from cli.stages import LET_THROUGH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SPEC = "http://www.opengis.net/spec/"
FUZZ = "DIABAN_FUZZ_REQUESTS"


@dataclass
class Row:
    """One conformance class, or one suite."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def said(self) -> str:
        """The outcome in a word."""
        if self.failed:
            return "FAIL"
        return "pass" if self.passed else "-"


def run(arguments: Sequence[str], report: Path) -> dict[str, Row]:
    """Run the tests and read what became of each class. ``Stop`` where none could be run."""
    report.unlink(missing_ok=True)
    pytest(arguments, report)
    if not report.exists():
        raise Stop("Không chạy được kiểm thử nào.", "No test could be run.")
    return read(report)


def pytest(arguments: Sequence[str], report: Path) -> int:
    """Run pytest; its exit code."""
    report.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *arguments]
    kept = {name: os.environ[name] for name in (*LET_THROUGH, FUZZ) if name in os.environ}
    environment = {
        name: value for name, value in clean_environment().items() if not name.startswith("DIABAN_")
    }
    return subprocess.run(command, cwd=REPO, env=environment | kept, check=False).returncode


def read(report: Path) -> dict[str, Row]:
    """Rows by class, in the report's order; tests that name no class are not counted."""
    rows: dict[str, Row] = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 (our own test runner wrote it)
        name = next((p.get("value") for p in case.iter("property") if p.get("name") == "class"), None)
        if name is None:
            continue
        row = rows.setdefault(name.removeprefix(SPEC), Row())
        if case.find("failure") is not None or case.find("error") is not None:
            row.failed += 1
        elif case.find("skipped") is not None:
            row.skipped += 1
        else:
            row.passed += 1
    return rows


def show(rows: Mapping[str, Row]) -> int:
    """Print the table; 1 where a test failed or none passed."""
    width = max((len(name) for name in rows), default=0)
    print(f"\n{'':<{width}}  pass  fail  skip")
    for name, row in rows.items():
        print(f"{name:<{width}}  {row.passed:>4}  {row.failed:>4}  {row.skipped:>4}  {row.said}")
    whole = [sum(getattr(row, part) for row in rows.values()) for part in ("passed", "failed", "skipped")]
    print(f"{'':<{width}}  {whole[0]:>4}  {whole[1]:>4}  {whole[2]:>4}", flush=True)
    return 1 if whole[1] or not whole[0] else 0
