"""The table of what a command may need, in the order in which it is prepared."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cli.bootstrap import chromium, postgres_packages, python_env, web_build

if TYPE_CHECKING:
    from collections.abc import Collection

STEPS = {
    "python": python_env.prepare,
    "postgres": postgres_packages.prepare,
    "web": web_build.prepare,
    "chromium": chromium.prepare,
}


def prepare(needs: Collection[str]) -> None:
    """Prepare what is needed; a database of the user's own makes PostgreSQL here unnecessary."""
    for name, run in STEPS.items():
        if name in needs and not (name == "postgres" and os.environ.get("DIABAN_DATABASE_URL")):
            run()
