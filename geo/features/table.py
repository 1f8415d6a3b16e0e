"""Features as rows of values, batch after batch: what files are written from, in bounded memory.

Each batch is a question of its own that goes on where the last one ended: no transaction stays open while a
slow client reads, and the statement timeout counts for a batch, not for the layer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from geo.features.columns import columns_for
from geo.features.cursor import Cursor
from geo.features.read import worked_out
from geo.features.sql import cursor_values, filter_values, page_statement, shape_of

if TYPE_CHECKING:
    from geo.database import Caller, Database
    from geo.features.query import FeatureQuery
    from layers.description import Layer

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class Batch:
    """``rows``: id, the properties in the query's order, WKB in the query's CRS. ``rest`` None: the end."""

    rows: list[tuple[Any, ...]]
    rest: FeatureQuery | None


async def read_batch(
    database: Database, caller: Caller, layer: Layer, query: FeatureQuery, most: int = BATCH
) -> Batch:
    """At most ``most`` rows and the question for those behind them."""
    properties = query.properties if query.properties is not None else tuple(columns_for(layer, caller))
    query = replace(query, properties=properties)
    shape = replace(shape_of(caller.schema, layer.name, properties, query), table_form=True)
    values = {
        **filter_values(query.filter),
        **cursor_values(query.cursor),
        "limit": most,
        "offset": query.offset,
    }
    with worked_out(query.filter):
        async with database.read(caller) as connection:
            cursor = await connection.execute(page_statement(shape), values)
            found = await cursor.fetchall()
    width = len(properties) + 1
    rows = [(row[width], *row[:width]) for row in found]
    if len(found) < most:
        return Batch(rows, None)
    end = Cursor(found[-1][width + 1 :], found[-1][width])
    return Batch(rows, replace(query, cursor=end, offset=0))
