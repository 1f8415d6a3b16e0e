"""How many features a whole layer has: counted once for each state of it, so that it may be told exactly.

Programs show it (QGIS's layer tree, a progress bar) and ask for it with every page. A filter's matches are
counted only up to a bound (:mod:`geo.features.crowds`): no state to keep them by.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.errors import TooCostly
from geo.features.sql import total_statement

if TYPE_CHECKING:
    from geo.database import Caller, Database
    from layers.description import Layer

# A layer whose rows take longer to count is counted no more often than this, however often it changes.
DEAR_S = 0.25
REST_S = 60.0


@dataclass(frozen=True, slots=True)
class _Count:
    epoch: int
    rows: int | None
    rests_until: float


class Totals:
    """A worker's memory of counts, by layer and rights."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Count] = {}

    async def read(self, database: Database, caller: Caller, layer: Layer, epoch: int) -> int | None:
        """The number of rows that the caller may see in the layer's state ``epoch``.

        None where it is not known and counting is too dear at the moment. ``Unavailable``, ``Left``.
        """
        key = (layer.name, caller.policy_class)
        known = self._known.get(key)
        if known is not None and known.epoch == epoch and known.rows is not None:
            return known.rows
        if known is not None and time.monotonic() < known.rests_until:
            return None
        begun = time.monotonic()
        rows = await _count(database, caller, layer)
        now = time.monotonic()
        rests = now + REST_S if rows is None or now - begun > DEAR_S else 0.0
        # Kept by the state from before: rows that came in between make a new one.
        self._known[key] = _Count(epoch, rows, rests)
        return rows


async def _count(database: Database, caller: Caller, layer: Layer) -> int | None:
    try:
        async with database.read(caller) as connection:
            cursor = await connection.execute(total_statement(caller.schema, layer.name))
            row = await cursor.fetchone()
    except TooCostly:
        return None
    return int(row[0]) if row else None
