"""Counts out of the database, under the caller's own rights: ``pub`` for the public, ``core`` for staff."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from geo.calendar import date_of, start_of, today_ict
from geo.hotspots.counts import Count

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import AsyncConnection

    from geo.hotspots.counts import Window

    Connection = AsyncConnection[tuple[Any, ...]]

DEFAULT_DAYS = 365

# The search_path of the connection says which table this is. One pass and one sort: an incident counts where
# its earliest report of the window lies. COLLATE "C": codes are ASCII, and another collation of the database
# would take several times as long to sort them.
_COUNTS = """
SELECT h3_9, count(*) FILTER (WHERE turn = 1), count(*)
  FROM (SELECT h3_9, row_number() OVER (PARTITION BY coalesce(incident_code, code) COLLATE "C"
                                        ORDER BY received_at, code COLLATE "C") AS turn
          FROM reports
         WHERE received_at >= %(start)s AND received_at < %(end)s
           AND (%(any)s OR category = ANY (%(categories)s))) AS chosen
 GROUP BY h3_9
"""


async def counts(connection: Connection, window: Window) -> list[Count]:
    """Counts by cell of resolution 9, in no order."""
    cursor = await connection.execute(
        _COUNTS,
        {
            "start": window.start,
            "end": window.end,
            "any": not window.categories,
            "categories": list(window.categories),
        },
    )
    return [Count(*row) for row in await cursor.fetchall()]


async def last_year_of_data(connection: Connection) -> tuple[datetime, datetime]:
    """The 365 days that end with the day of the newest report (with today where there is none)."""
    cursor = await connection.execute("SELECT max(received_at) FROM reports")
    row = await cursor.fetchone()
    last = date_of(row[0]) if row and row[0] else today_ict()
    end = start_of(last + timedelta(days=1))
    return end - timedelta(days=DEFAULT_DAYS), end
