"""Telling the public: each month once, when it is over, parted into atoms; and reading what was told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.hotspots.atoms import FINEST, Atom, K, Lines, atoms
from geo.hotspots.cells import parents
from geo.hotspots.groups import group_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from psycopg import AsyncConnection

    Connection = AsyncConnection[tuple[Any, ...]]

# The catalogue's pump role reads; months before the first report and the month that runs are not told.
_DUE = """
SELECT series.month::date
  FROM (SELECT min(day) AS first FROM hot.fact WHERE vis = 0) AS known,
       generate_series(date_trunc('month', known.first),
                       date_trunc('month', %(today)s::date) - interval '1 month', interval '1 month')
       AS series (month)
 WHERE NOT EXISTS (SELECT FROM hot.release WHERE release.month = series.month::date) ORDER BY 1
"""
_COUNTED = """
SELECT cell, category, sum(incidents)::int, sum(contacts)::int FROM hot.fact
 WHERE vis = 0 AND day >= %(month)s AND day < %(month)s + interval '1 month' AND cell <> 0
 GROUP BY cell, category HAVING sum(incidents) <> 0 OR sum(contacts) <> 0
"""
_TELL = """
INSERT INTO hot.release (month, k, incidents, contacts, withheld, reason) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING RETURNING month
"""
_ATOM = """
INSERT INTO hot.atom (month, number, grp, resolution, cells, incidents, contacts)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_TOLD = "SELECT min(month), max(month), count(*) FROM hot.release"
_READ = """
SELECT atom.grp, atom.resolution, atom.cells, atom.incidents, atom.contacts FROM hot.atom
 WHERE atom.month >= %(start)s AND atom.month < %(end)s AND (%(grp)s::text IS NULL OR atom.grp = %(grp)s)
 ORDER BY atom.month, atom.number
"""


async def due(connection: Connection, today: date) -> list[date]:
    """Months that are over on ``today`` and were not told."""
    return [row[0] for row in await (await connection.execute(_DUE, {"today": today})).fetchall()]


async def tell(
    connection: Connection, month: date, ground: Iterable[int], reason: str | None = None
) -> list[Atom] | None:
    """Tell a month, in a transaction of its own; what was told, None where it was withheld.

    ``ground``: cells of resolution 5 of the province. A month that was told stays as it is.
    """
    rows = await (await connection.execute(_COUNTED, {"month": month})).fetchall()
    # Outside the transaction: it takes as long as the month is busy.
    found = await asyncio.to_thread(lambda: atoms(_lines(rows), ground))
    async with connection.transaction():
        await _keep(connection, month, found, reason)
    return found


async def _keep(connection: Connection, month: date, found: list[Atom] | None, reason: str | None) -> None:
    sums = [sum(getattr(atom, name) for atom in found or ()) for name in ("incidents", "contacts")]
    told = await (await connection.execute(_TELL, [month, K, *sums, found is None, reason])).fetchone()
    if told is not None and found:
        async with connection.cursor() as cursor:
            await cursor.executemany(
                _ATOM,
                [
                    (month, number, a.group, a.resolution, list(a.cells), a.incidents, a.contacts)
                    for number, a in enumerate(found)
                ],
            )


def _lines(rows: list[tuple[Any, ...]]) -> Lines:
    sums: dict[tuple[str, int], list[int]] = {}
    cells = parents(np.array([row[0] for row in rows], dtype=np.int64), FINEST).tolist() if rows else []
    for cell, (_, category, incidents, contacts) in zip(cells, rows, strict=True):
        group = group_of(category)
        if group is not None:
            entry = sums.setdefault((group, cell), [0, 0])
            entry[0] += incidents
            entry[1] += contacts
    # A place to which only further reports of an incident elsewhere came counts with that incident's month at
    # most; alone it would be told with less than k behind it.
    keys = sorted(key for key in sums if sums[key][0] > 0)
    return Lines(
        tuple(group for group, _ in keys),
        tuple(cell for _, cell in keys),
        tuple(sums[key][0] for key in keys),
        tuple(sums[key][1] for key in keys),
    )


async def told_months(connection: Connection) -> tuple[date, date, int] | None:
    """The first and the last month that was told, and how many; None before the first."""
    row = await (await connection.execute(_TOLD)).fetchone()
    return (row[0], row[1], row[2]) if row and row[0] else None


async def read_told(connection: Connection, start: date, end: date, group: str | None) -> list[Atom]:
    """The atoms of the months of ``[start, end)``, of one group or of all."""
    cursor = await connection.execute(_READ, {"start": start, "end": end, "grp": group})
    return [Atom(row[0], row[1], tuple(row[2]), row[3], row[4]) for row in await cursor.fetchall()]
