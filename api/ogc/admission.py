"""Questions whose cost nobody knows before (a filter, an order, a far offset) get half of the connections.

Each is bounded by the statement timeout; together they could still hold every connection for so long. So the
map, single features and plain pages always find one, whatever filters are asked.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from geo.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from geo.features import FeatureQuery

# How long a question waits for its turn before it is told to come back.
TURN_S = 3.0
# Passing over rows costs as much as reading them; a page of this many is given too. A far page of all rows
# begins at a milestone (geo.features.whole), but the milestones of each state of a layer take every row once.
FAR_OFFSET = 10_000
FREE = nullcontext()


class Admission:
    """A worker's turns for costly questions."""

    def __init__(self, connections: int) -> None:
        self._turns = asyncio.Semaphore(max(1, connections // 2))

    def turn(self, query: FeatureQuery) -> AbstractAsyncContextManager[None]:
        """While a question is asked; ``Unavailable`` where no turn came in time."""
        return self._turn() if costly(query) else FREE

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            # A timer costs more than a turn that is free.
            async with asyncio.timeout(TURN_S) if self._turns.locked() else nullcontext():
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable(
                "Đang có nhiều câu hỏi nặng. Xin thử lại sau ít giây.",
                "Many costly questions are being answered. Try again in a few seconds.",
            ) from None
        try:
            yield
        finally:
            self._turns.release()


def costly(query: FeatureQuery) -> bool:
    """Whether the database may have to look at every row for it."""
    return query.filter.predicate is not None or bool(query.sort) or query.offset > FAR_OFFSET
