"""What is dear to know of a whole layer, worked out once for each state of it (:mod:`geo.features.whole`)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.errors import TooCostly

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from psycopg import AsyncConnection

    from geo.database import Caller, Database
    from layers.description import Layer

    type Connection = AsyncConnection[tuple[Any, ...]]

# What takes longer to work out is worked out no more often than this, however often the layer changes.
DEAR_S = 0.25
REST_S = 60.0


@dataclass(frozen=True, slots=True)
class _Fact[T]:
    epoch: int
    value: T | None
    rests_until: float


class Known[T]:
    """A worker's memory of one such thing, by layer and rights; ``ask`` works it out as the caller."""

    def __init__(self, ask: Callable[[Connection, Caller, Layer], Awaitable[T]]) -> None:
        self._ask = ask
        self._known: dict[tuple[str, str], _Fact[T]] = {}

    async def read(self, database: Database, caller: Caller, layer: Layer, epoch: int) -> T | None:
        """Of the rows that the caller may see in the layer's state ``epoch``.

        None where it is not known and too dear at the moment. ``Unavailable``, ``Left``.
        """
        key = (layer.name, caller.policy_class)
        known = self._known.get(key)
        if known is not None and known.epoch == epoch and known.value is not None:
            return known.value
        if known is not None and time.monotonic() < known.rests_until:
            return None
        value, took_s = await self._worked_out(database, caller, layer)
        rests = time.monotonic() + REST_S if value is None or took_s > DEAR_S else 0.0
        # Kept by the state from before: rows that came in between make a new one.
        self._known[key] = _Fact(epoch, value, rests)
        return value

    async def _worked_out(self, database: Database, caller: Caller, layer: Layer) -> tuple[T | None, float]:
        """The answer and the seconds that the question took, without the waiting for a connection."""
        try:
            async with database.read(caller) as connection:
                begun = time.monotonic()
                return await self._ask(connection, caller, layer), time.monotonic() - begun
        except TooCostly:
            return None, 0.0
