"""A whole layer, without any filter: how many features it has, and where its far pages begin.

Programs show the number (QGIS's layer tree, a progress bar) and ask for it with every page. A filter's
matches are counted only up to a bound (:mod:`geo.features.crowds`): no state to keep them by.

To pass over half a million rows takes a hundred times as long as to read a page, and clients that page by
offset (ArcGIS Pro) do so again and again. Milestones are the ids at every thousandth place, in the order of
ids: a far page begins at the one before it.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING

from geo.features.cursor import Cursor
from geo.features.sql import milestones_statement, total_statement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geo.database import Caller
    from geo.features.known import Connection
    from geo.features.query import FeatureQuery
    from layers.description import Layer

# Rows from one milestone to the next: passing over them takes a fraction of a millisecond.
MILE = 1_000
# A nearer page is found as fast without them.
FAR = 5_000


async def count_rows(connection: Connection, caller: Caller, layer: Layer) -> int:
    """How many rows the caller may see."""
    cursor = await connection.execute(total_statement(caller.schema, layer.name))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def read_milestones(connection: Connection, caller: Caller, layer: Layer) -> Sequence[int]:
    """The ids of the caller's rows at every :data:`MILE`-th place."""
    cursor = await connection.execute(milestones_statement(caller.schema, layer.name), {"mile": MILE})
    return array("q", [identifier async for (identifier,) in cursor])


def is_far(query: FeatureQuery) -> bool:
    """Whether milestones would help: a far page of all rows in the order of their ids."""
    return query.offset >= FAR and query.filter.empty and not query.sort and not query.count_only


def from_milestone(query: FeatureQuery, milestones: Sequence[int]) -> FeatureQuery:
    """The same page, begun at the last milestone before it."""
    passed = min(query.offset // MILE, len(milestones))
    if not passed:
        return query
    cursor = Cursor((), milestones[passed - 1])
    return replace(query, cursor=cursor, offset=query.offset - passed * MILE)
