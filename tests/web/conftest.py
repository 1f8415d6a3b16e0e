"""The product started as a user starts it, and a real browser to look at it."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, TimeoutError, expect, sync_playwright

from cli.bootstrap import chromium
from tests.conftest import STATEMENT_MS, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, Request

ROOT = Path(__file__).parent.parent.parent
FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    # Where the machine is a container, its shared memory is too small for a canvas of this size.
    "--disable-dev-shm-usage",
    "--no-first-run",
]
# What is waited for comes in a moment, but for a busy machine.
PATIENCE_MS = 180_000
REFUSED = re.compile(r"status of (400|409)")


@dataclass(frozen=True)
class Product:
    """``./diaban`` in a home of its own."""

    home: Path
    port: int
    first_up_cpu_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(self, *command: str, timeout: float = 800) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("DIABAN_")}
        return subprocess.run(
            [sys.executable, str(ROOT / "diaban"), *command],
            env=environment
            | {"DIABAN_HOME": str(self.home), "DIABAN_STATEMENT_TIMEOUT_MS": str(STATEMENT_MS)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def up(self) -> float:
        """Bring it up; the seconds of the processor that it took, servers left aside."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = self.run("up", "--port", str(self.port))
        assert done.returncode == 0, done.stdout + done.stderr
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def kill_everything(self) -> int:
        """``kill -9`` of every process of this home: application, workers, database; how many."""
        marks = (str(self.home), f"--port {self.port}")
        killed = 0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                parent_home = (entry / "environ").read_bytes()
            except OSError:
                continue
            named = any(mark in line for mark in marks) or f"DIABAN_HOME={self.home}".encode() in parent_home
            if named:
                with suppress(ProcessLookupError):  # one for a moment has ended by itself
                    os.kill(int(entry.name), signal.SIGKILL)
                    killed += 1
        return killed


@pytest.fixture(scope="package")
def product() -> Iterator[Product]:
    """The demonstration province, up and serving."""
    # pytest's own folders are closed to the user that the database runs as when root calls.
    home = Path(tempfile.mkdtemp(prefix="diaban-web-"))
    home.chmod(0o711)
    found = Product(home, free_port())
    try:
        yield replace(found, first_up_cpu_s=found.up())
    finally:
        found.run("reset", "--yes")
        shutil.rmtree(home)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium from the machine, with software WebGL.

    Gone with the last test of this folder: its driver keeps an event loop at work in the main thread, beside
    which no other test could run one.
    """
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium.find(), args=FLAGS)
        yield found
        found.close()


@contextmanager
def opened(
    browser: Browser, width: int = 1280, height: int = 800, *, refused: bool = False
) -> Iterator[Page]:
    """A page that fails the test on any console error or any request to another origin.

    ``refused``: the server may say no (400, 409), which the browser writes to the console too.
    """
    # Without a graphics card every frame of a movement is drawn by the processor that serves the page too.
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="vi-VN", reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    asked: dict[Request, str] = {}
    page.on("request", lambda request: asked.setdefault(request, request.url))
    page.on("requestfinished", lambda request: asked.pop(request, None))
    page.on("requestfailed", lambda request: asked.pop(request, None))
    page.on("crash", lambda _: complaints.append("the page crashed"))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda r: None if _own(r.url) else complaints.append(f"foreign request: {r.url}"))
    try:
        yield page
    except TimeoutError as error:
        told = f"On the page: {_words(page)}\nComplaints: {complaints}\nAsked for: {list(asked.values())}"
        raise AssertionError(f"{error}\n{told}") from error
    else:
        if refused:
            complaints = [each for each in complaints if not REFUSED.search(each)]
        assert complaints == []
    finally:
        context.close()


def _words(page: Page) -> str:
    try:
        return page.inner_text("body")
    except Error as error:  # a page that crashed has none
        return str(error)


def _own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "blob:", "data:"))
