"""Lines on the terminal: one a step, with the time it took."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


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


@contextmanager
def step(vi: str, en: str) -> Iterator[None]:
    """Announce a step, count its seconds where the output is a terminal, and close it with ✓ or ✗."""
    label = f"{vi} · {en}"
    started = time.monotonic()
    finished = threading.Event()
    ticker = threading.Thread(target=_tick, args=(label, started, finished), daemon=True)
    if sys.stdout.isatty():
        ticker.start()
    mark = "✗"
    try:
        yield
        mark = "✓"
    finally:
        finished.set()
        if ticker.is_alive():
            ticker.join()
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{clear}{mark} {label}  {time.monotonic() - started:.1f} s", flush=True)


def _tick(label: str, started: float, finished: threading.Event) -> None:
    while True:
        sys.stdout.write(f"\r\033[K… {label}  {time.monotonic() - started:.0f} s")
        sys.stdout.flush()
        if finished.wait(1.0):
            return
