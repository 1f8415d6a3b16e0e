"""A Chromium for the browser tests: found on the machine, else installed from the distribution."""

from __future__ import annotations

import os
import shutil

from cli.bootstrap import apt
from cli.bootstrap.terminal import step

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def prepare() -> None:
    """Have a browser on the machine."""
    if find() is None:
        with step("Cài Chromium", "Installing Chromium"):
            apt.install(["chromium"], "Chromium (để chạy kiểm thử)", "Chromium, for the tests,")


def find() -> str | None:
    """The browser that CHROMIUM names, else the first one on the path."""
    return next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM") or "", *NAMES))), None)
