"""Lines on the terminal: one a step, with the time it took."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR_WIDTH = 24


def say(vi: str, en: str) -> None:
    """Print one remark, Vietnamese first."""
    print(f"  {vi} · {en}", flush=True)


def complain(vi: str, en: str) -> None:
    """Print the reason for giving up on standard error, a line a language."""
    print(f"✗ {vi}\n  {en}", file=sys.stderr, flush=True)


def tolerant_output() -> None:
    """Let a terminal without Vietnamese letters show `?` in their place instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


class Progress:
    """What a running step shows of how far it is: call it with the share done and, if it helps, a word."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.share: float | None = None
        self.remark = ""

    def __call__(self, share: float, remark: str = "") -> None:
        """Set the share done (0 to 1)."""
        self.share = min(max(share, 0.0), 1.0)
        self.remark = remark

    def line(self, seconds: float) -> str:
        """The line for the terminal now."""
        if self.share is None:
            return f"… {self.label}  {seconds:.0f} s"
        filled = round(self.share * BAR_WIDTH)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        return f"… {self.label}  {bar} {self.share:4.0%}  {self.remark}  {seconds:.0f} s"


@contextmanager
def step(vi: str, en: str) -> Iterator[Progress]:
    """Announce a step, show how far it is where the output is a terminal, and close it with ✓ or ✗."""
    progress = Progress(f"{vi} · {en}")
    started = time.monotonic()
    finished = threading.Event()
    ticker = threading.Thread(target=_tick, args=(progress, started, finished), daemon=True)
    if sys.stdout.isatty():
        ticker.start()
    mark = "✗"
    try:
        yield progress
        mark = "✓"
    finally:
        finished.set()
        if ticker.is_alive():
            ticker.join()
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{clear}{mark} {progress.label}  {time.monotonic() - started:.1f} s", flush=True)


def _tick(progress: Progress, started: float, finished: threading.Event) -> None:
    while True:
        line = progress.line(time.monotonic() - started)[: shutil.get_terminal_size().columns - 1]
        sys.stdout.write(f"\r\033[K{line}")
        sys.stdout.flush()
        if finished.wait(0.3):
            return
