"""Mending of rings that cross or touch themselves, in a process that dies of hostile ones instead of us.

PostGIS' and GEOS' mending of 500 random vertices may take a minute and of 200,000 all memory, deaf to
timeouts; so it runs where the only thing lost is a process.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import shapely

from geo.geometry.worker import CHECK, LENGTH, MEND

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

WORKER = Path(__file__).with_name("worker.py")
SECONDS_A_SHAPE = 10.0
MEMORY_BYTES = 2 * 1024**3
# Asking about fewer vertices than this is quicker than sending them to another process.
QUICK_VERTICES = 20_000


@dataclass(frozen=True, slots=True)
class Mended:
    """``shape`` is None where ``why`` says what stood in the way: too long, too much memory, nothing left."""

    shape: shapely.MultiPolygon | None
    why: Literal["", "time", "memory", "nothing"] = ""


class Mender:
    """A process that checks and mends polygons; started at the first question, anew after a death."""

    def __init__(self, seconds: float = SECONDS_A_SHAPE, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limits = (seconds, memory_bytes)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def mend(self, shape: BaseGeometry) -> Mended:
        """Its polygons made valid, or the reason why not."""
        answer = self._ask(MEND, shape)
        if not isinstance(answer, bytes):
            return Mended(None, answer)
        return Mended(multi(shapely.from_wkb(answer))) if answer else Mended(None, "nothing")

    def is_valid(self, shape: BaseGeometry) -> bool | None:
        """Whether it is valid; None where finding out took too much time or memory."""
        if int(shapely.get_num_coordinates(shape)) <= QUICK_VERTICES:
            return bool(shapely.is_valid(shape))
        answer = self._ask(CHECK, shape)
        return answer == b"\x01" if isinstance(answer, bytes) else None

    def _ask(self, task: bytes, shape: BaseGeometry) -> bytes | Literal["time", "memory"]:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - opened as pipes
        wkb = shapely.to_wkb(shape)
        try:
            process.stdin.write(task + LENGTH.pack(len(wkb)) + wkb)
            process.stdin.flush()
            head = process.stdout.read(LENGTH.size)
            size = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else None
            body = process.stdout.read(size) if size is not None else b""
        except BrokenPipeError:
            size, body = None, b""
        if size is not None and len(body) == size:
            return body
        ended = process.wait()
        self.close()
        return "time" if ended == -signal.SIGALRM else "memory"

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", str(WORKER), *map(str, self._limits)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        return self._process


def mended(
    shapes: Sequence[BaseGeometry], seconds: float = SECONDS_A_SHAPE
) -> list[shapely.MultiPolygon | None]:
    """Each shape mended, or None where that took too much time or memory, or left nothing."""
    with Mender(seconds) as mender:
        return [mender.mend(shape).shape for shape in shapes]


def changed_share(before: BaseGeometry, after: BaseGeometry) -> float:
    """How much of the area the mending changed (0 to 1), by the shoelace of the rings before."""
    area = abs(before.area)
    return 1.0 if area == 0 else min(1.0, abs(after.area - area) / area)


def multi(shape: BaseGeometry) -> shapely.MultiPolygon:
    """The polygons of a shape, points and lines left out."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
