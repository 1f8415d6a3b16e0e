"""Counts out of the database into memory under the caller's clearance, kept up with what is committed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import Unavailable
from geo.hotspots.facts import Facts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg import AsyncConnection

    from geo.database import Caller, Database

    Connection = AsyncConnection[tuple[Any, ...]]

# As PostgreSQL's binary COPY writes a row of fixed width: the count of fields, then each with its length.
ROW = np.dtype(
    [("fields", ">i2")]
    + [
        item
        for name, kind in (
            ("cell", ">i8"),
            ("category", ">i2"),
            ("channel", ">i2"),
            ("ward", ">i4"),
            ("day", ">i4"),
            ("hour", ">i2"),
            ("incidents", ">i4"),
            ("contacts", ">i4"),
        )
        for item in ((f"_{name}", ">i4"), (name, kind))
    ]
)
_STATE = "SELECT pg_current_snapshot()::text, generation FROM hot.state"
# Only what the snapshot shows: the next reading takes up exactly there.
# Lines with xid 0 are of every snapshot of their generation.
_LINES = """
COPY (SELECT cell, coalesce(array_position(%(categories)s::text[], category), 0)::int2,
             coalesce(array_position(%(channels)s::text[], channel), 0)::int2,
             CASE WHEN ward ~ '^[0-9]{5}$' THEN ward::int4 ELSE 0 END,
             day - DATE '2000-01-01', hour, incidents, contacts
        FROM hot.fact WHERE vis <= %(vis)s AND ({which})) TO STDOUT (FORMAT binary)
"""
_ALL = "xid = '0'::xid8 OR pg_visible_in_snapshot(xid, %(now)s::pg_snapshot)"
_NEW = """
xid <> '0'::xid8 AND xid >= pg_snapshot_xmin(%(then)s::pg_snapshot)
 AND NOT pg_visible_in_snapshot(xid, %(then)s::pg_snapshot)
 AND pg_visible_in_snapshot(xid, %(now)s::pg_snapshot)
"""
_HEAD = 19  # signature, flags, length of the extension
_TAIL = 2
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """Lines up to a snapshot; ``whole``: all of them, else those that came since another reading."""

    rows: NDArray[np.void]
    snapshot: str
    generation: int
    whole: bool


async def read(
    connection: Connection, codes: dict[str, list[str]], known: Reading | None = None, *, vis: int = 2
) -> Reading:
    """All lines that the connection's role and claims show; after ``known``, only what came since is fetched.

    ``codes``: the ``categories`` and ``channels`` that lines are numbered by. ``vis``: the highest class
    read,
    for a role that no policy limits.
    """
    for _ in range(_TRIES):
        snapshot, generation = await _state(connection)
        since = known if known is not None and known.generation == generation else None
        values: dict[str, Any] = {
            **codes,
            "vis": vis,
            "now": snapshot,
            "then": since.snapshot if since else "",
        }
        rows = await _copy(connection, _LINES.replace("{which}", _NEW if since else _ALL), values)
        # Lines folded between the two statements would have been missed.
        if (await _state(connection))[1] == generation:
            return Reading(rows, snapshot, generation, since is None)
    raise Unavailable("Số liệu đang được gộp. Xin thử lại.", "Counts are being folded. Try again.")


async def _state(connection: Connection) -> tuple[str, int]:
    row = await (await connection.execute(_STATE)).fetchone()
    assert row is not None  # noqa: S101 - made with the table
    return row[0], row[1]


async def _copy(connection: Connection, statement: str, values: dict[str, Any]) -> NDArray[np.void]:
    chunks: list[bytes] = []
    async with connection.cursor().copy(statement.encode(), values) as copy:
        async for chunk in copy:
            chunks.append(bytes(chunk))
    return np.frombuffer(b"".join(chunks)[_HEAD:-_TAIL], dtype=ROW)


class Kept:
    """One worker's facts by clearance, each as new as the version that it was asked for."""

    def __init__(self) -> None:
        self._facts: dict[int, tuple[int, Reading, Facts]] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def facts(
        self, db: Database, who: Caller, version: int, categories: tuple[str, ...], channels: tuple[str, ...]
    ) -> Facts:
        """The facts of ``version`` or a newer one. ``who`` is a member of staff."""
        clearance = who.claims.clearance if who.claims else 0
        async with self._locks.setdefault(clearance, asyncio.Lock()):
            kept = self._facts.get(clearance)
            same_codes = kept and (kept[2].categories, kept[2].channels) == (categories, channels)
            if kept and same_codes and kept[0] >= version:
                return kept[2]
            codes = {"categories": list(categories), "channels": list(channels)}
            async with db.read(who) as connection:
                reading = await read(connection, codes, kept[1] if kept and same_codes else None)
            if kept is None or reading.whole:
                facts = await asyncio.to_thread(Facts.of, reading.rows, categories, channels)
            else:
                facts = kept[2].with_rows(reading.rows) if len(reading.rows) else kept[2]
            reading = Reading(reading.rows[:0], reading.snapshot, reading.generation, whole=True)
            self._facts[clearance] = (version, reading, facts)
            return facts
