"""Mending of rings that cross or touch themselves, in a process that dies of hostile ones instead of us."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import shapely

from geo.vintages.repair_worker import LENGTH
from geo.vintages.topology import multi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

WORKER = Path(__file__).with_name("repair_worker.py")


def repair(shapes: Sequence[BaseGeometry]) -> list[shapely.MultiPolygon | None]:
    """Each shape mended, or None where that took too much time or memory, or left nothing."""
    results: list[shapely.MultiPolygon | None] = []
    while len(results) < len(shapes):
        answered = _run(shapes[len(results) :])
        results += answered
        if len(results) < len(shapes):
            results.append(None)  # the one that the process died of
    return results


def changed_share(before: BaseGeometry, after: BaseGeometry) -> float:
    """How much of the area the mending changed (0 to 1), by the shoelace of the rings before."""
    area = abs(before.area)
    return 1.0 if area == 0 else min(1.0, abs(after.area - area) / area)


def _run(shapes: Sequence[BaseGeometry]) -> list[shapely.MultiPolygon | None]:
    """What one process answered before it ended."""
    sent = b"".join(LENGTH.pack(len(wkb)) + wkb for wkb in map(shapely.to_wkb, shapes))
    ended = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", str(WORKER)], input=sent, capture_output=True, env={}, cwd="/", check=False
    )
    answers: list[shapely.MultiPolygon | None] = []
    out, at = ended.stdout, 0
    while at + LENGTH.size <= len(out):
        (size,) = LENGTH.unpack_from(out, at)
        body = out[at + LENGTH.size : at + LENGTH.size + size]
        if len(body) < size:
            break
        answers.append(multi(shapely.from_wkb(body)) if size else None)
        at += LENGTH.size + size
    return answers
