"""The stages of ``./diaban test``: each runs whatever became of the others; the last line counts.

The checks run side by side, as many as there are cores, and are shown one after another; the tests come after
them and have the machine to themselves.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
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
# Each process of pytest has a database cluster of its own; with more of them the browser's tests, which stay
# together, would be waited for. More than one a core is a little faster and makes every test wait longer.
TESTERS_MAX = 4


@dataclass(frozen=True)
class Stage:
    """One program; ``report`` is the JUnit file that it is asked to write, absent for a mere check.

    ``alone``: nothing else of ours runs meanwhile, and what it says is shown as it says it.
    """

    name: str
    command: list[str]
    cwd: Path = REPO
    report: str | None = None
    report_option: str = ""
    alone: bool = False


@dataclass(frozen=True)
class Ended:
    """How a stage ended; ``said`` is what was not shown yet."""

    code: int
    seconds: float
    said: str = ""


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
    # The longest first.
    stages = [Stage("mypy", [*here, "mypy"])]
    npm = shutil.which("npm")
    if npm is not None and (web_build.WEB / "package.json").exists():
        web_build.prepare_packages()
        vitest = [npm, "test", "--", "--reporter=default", "--reporter=junit"]
        stages += [
            Stage("svelte-check", [npm, "run", "--silent", "check"], web_build.WEB),
            Stage("vitest", vitest, web_build.WEB, "vitest.xml", "--outputFile.junit="),
        ]
    stages += [
        Stage("ruff check", [*here, "ruff", "check", "."]),
        Stage("ruff format", [*here, "ruff", "format", "--check", "."]),
        Stage("lint-imports", [str(_beside_python("lint-imports"))]),
    ]
    return [*stages, *only_pytest(_side_by_side(cores()))]


def only_pytest(arguments: Sequence[str]) -> list[Stage]:
    """The Python tests alone."""
    command = [sys.executable, "-m", "pytest", *arguments]
    return [Stage("pytest", command, REPO, "pytest.xml", "--junitxml=", alone=True)]


def _side_by_side(processors: int) -> list[str]:
    """Options for several processes; which of them takes which file says ``tests/conftest.py``."""
    return ["-n", str(min(processors, TESTERS_MAX)), "--no-loadscope-reorder"]


def cores() -> int:
    """The cores that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(stages: Sequence[Stage], reports: Path) -> int:
    """Run them; 0 when all went well."""
    reports.mkdir(parents=True, exist_ok=True)
    count = Count()
    results = []
    with ThreadPoolExecutor(max(cores(), 2)) as hands:
        beside = {stage.name: hands.submit(_run_one, stage, reports) for stage in stages if not stage.alone}
        for stage in sorted(stages, key=lambda stage: stage.alone):
            print(f"\n── {stage.name}", flush=True)
            ended = _run_one(stage, reports) if stage.alone else beside[stage.name].result()
            print(ended.said, end="", flush=True)
            good = _judge(stage, ended, reports, count)
            results.append(f"{'✓' if good else '✗'} {stage.name}  {ended.seconds:.1f} s")
    print("\n" + "\n".join(results))
    print(count.line(), flush=True)
    return 1 if count.failed or count.broken else 0


def _run_one(stage: Stage, reports: Path) -> Ended:
    command = list(stage.command)
    if stage.report is not None:
        report = reports / stage.report
        report.unlink(missing_ok=True)
        command.append(f"{stage.report_option}{report}")
    started = time.monotonic()
    ended = subprocess.run(
        command,
        cwd=stage.cwd,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=None if stage.alone else subprocess.PIPE,
        stderr=None if stage.alone else subprocess.STDOUT,
        check=False,
    )
    said = (ended.stdout or b"").decode("utf-8", errors="replace")
    return Ended(ended.returncode, time.monotonic() - started, said)


def _judge(stage: Stage, ended: Ended, reports: Path, count: Count) -> bool:
    report = reports / stage.report if stage.report else None
    failed_before = count.failed
    if report is not None and report.exists():
        add(count, report)
    if ended.code != 0:
        count.broken.append(stage.name)
        if count.failed == failed_before:
            # A check without tests, or a runner that did not come as far as a failing test, counts as one.
            count.failed += 1
    return ended.code == 0


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
