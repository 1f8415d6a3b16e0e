"""The stages of ``./diaban test``: each runs whatever became of the others; the last line counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.bootstrap import chromium, web_build
from cli.bootstrap.paths import REPO
from cli.bootstrap.process import clean_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What a test may be told from outside; the rest of DIABAN_* could point it at somebody's real database.
LET_THROUGH = {"DIABAN_TEST_DATABASE_URL", "DIABAN_PICTURES"}


@dataclass(frozen=True)
class Stage:
    """One program; ``report`` is the JUnit file that it is asked to write, absent for a mere check."""

    name: str
    command: list[str]
    cwd: Path = REPO
    report: str | None = None
    report_option: str = ""


@dataclass
class Count:
    """Tests by outcome."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)

    def line(self) -> str:
        """The closing line, in the form that machines read."""
        closing = f"{self.passed} passed, {self.failed} failed"
        return f"{closing}, {self.skipped} skipped" if self.skipped else closing


def everything() -> list[Stage]:
    """Every check and test of the repository."""
    here = [sys.executable, "-m"]
    stages = [
        Stage("ruff check", [*here, "ruff", "check", "."]),
        Stage("ruff format", [*here, "ruff", "format", "--check", "."]),
        Stage("mypy", [*here, "mypy"]),
        Stage("lint-imports", [str(_beside_python("lint-imports"))]),
    ]
    npm = shutil.which("npm")
    if npm is not None and (web_build.WEB / "package.json").exists():
        web_build.prepare_packages()
        vitest = [npm, "test", "--", "--reporter=default", "--reporter=junit"]
        stages += [
            Stage("svelte-check", [npm, "run", "--silent", "check"], web_build.WEB),
            Stage("vitest", vitest, web_build.WEB, "vitest.xml", "--outputFile.junit="),
        ]
    return [*stages, *only_pytest([])]


def only_pytest(arguments: Sequence[str]) -> list[Stage]:
    """The Python tests alone."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return [Stage("pytest", command, REPO, "pytest.xml", "--junitxml=")]


def run(stages: Sequence[Stage], reports: Path) -> int:
    """Run them; 0 when all went well."""
    reports.mkdir(parents=True, exist_ok=True)
    count = Count()
    results = []
    for stage in stages:
        print(f"\n── {stage.name}", flush=True)
        started = time.monotonic()
        good = _run_one(stage, reports, count)
        results.append(f"{'✓' if good else '✗'} {stage.name}  {time.monotonic() - started:.1f} s")
    print("\n" + "\n".join(results))
    print(count.line(), flush=True)
    return 1 if count.failed or count.broken else 0


def _run_one(stage: Stage, reports: Path, count: Count) -> bool:
    command = list(stage.command)
    report = reports / stage.report if stage.report else None
    if report is not None:
        report.unlink(missing_ok=True)
        command.append(f"{stage.report_option}{report}")
    code = subprocess.run(
        command, cwd=stage.cwd, env=_environment(), stdin=subprocess.DEVNULL, check=False
    ).returncode
    failed_before = count.failed
    if report is not None and report.exists():
        add(count, report)
    if code != 0:
        count.broken.append(stage.name)
        if count.failed == failed_before:
            # A check without tests, or a runner that did not come as far as a failing test, counts as one.
            count.failed += 1
    return code == 0


def add(count: Count, report: Path) -> None:
    """Add a JUnit report's outcomes."""
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 (our own test runner wrote it)
        if case.find("failure") is not None or case.find("error") is not None:
            count.failed += 1
        elif case.find("skipped") is not None:
            count.skipped += 1
        else:
            count.passed += 1


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith("DIABAN_") or name in LET_THROUGH
    }
    browser = chromium.find()
    more = {"CI": "true"} | ({"CHROMIUM": browser} if browser else {})
    return {**kept, **more}


def _beside_python(program: str) -> str:
    return os.path.join(os.path.dirname(sys.executable), program)
