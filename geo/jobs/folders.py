"""Where files of results lie: ``<home>/jobs/<job>.<attempt>``; never served by their path."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from uuid import UUID

    from geo.settings import Settings


def root(settings: Settings) -> Path:
    """The folder of all of them."""
    return settings.home.resolve() / "jobs"


def folder(settings: Settings, job_id: UUID, attempt: int) -> Path:
    """The folder of one attempt."""
    return root(settings) / f"{job_id}.{attempt}"


def forget(settings: Settings, job_id: UUID, attempt: int) -> None:
    """Remove the folder of one attempt, if it is there."""
    shutil.rmtree(folder(settings, job_id, attempt), ignore_errors=True)


def sweep(settings: Settings, live: Iterable[tuple[UUID, int]]) -> None:
    """Remove all folders but those of ``live``."""
    keep = {folder(settings, job_id, attempt).name for job_id, attempt in live}
    for found in root(settings).glob("*.*"):
        if found.is_dir() and found.name not in keep:
            shutil.rmtree(found, ignore_errors=True)
