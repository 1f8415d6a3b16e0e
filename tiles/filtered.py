"""Filtered tiles: what a filter costs is asked before it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from geo.errors import TooCostly

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from tiles.query import TileQuery

# In the planner's units: 60,000 to 100,000 rows read, a few hundred milliseconds.
MAX_COST = 60_000.0
# The planner guesses; this is what bounds it where it guesses wrong.
TIMEOUT: LiteralString = "SET LOCAL statement_timeout = '2s'"


async def filtered_row(connection: AsyncConnection[tuple[Any, ...]], query: TileQuery) -> bytes:
    """The tile of ``query``; :class:`geo.errors.TooCostly` where it would read a large part of its layer."""
    async with connection.transaction():
        await connection.execute(TIMEOUT)
        explain = b"EXPLAIN (FORMAT JSON) " + query.statement
        plan = await (await connection.execute(explain, query.parameters)).fetchone()
        if plan is None or float(plan[0][0]["Plan"]["Total Cost"]) > MAX_COST:
            raise TooCostly(
                "Bộ lọc phải đọc quá nhiều đối tượng ở mức thu phóng này. Xin phóng to hoặc bỏ bộ lọc.",
                "The filter would read too many features at this zoom. Zoom in, or leave it out.",
            )
        cursor = connection.cursor(binary=True)
        row = await (await cursor.execute(query.statement, query.parameters)).fetchone()
    return bytes(row[0]) if row and row[0] else b""
