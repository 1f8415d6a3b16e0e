"""Reading what was drawn ahead (:mod:`tiles.ladder.ahead`): who asks at the same time shares a statement.

A map asks for a screen of tiles at once, and reading a line costs less than the way to the database and back:
a line alone costs the worker six times what one of eight costs, and the database as much. Nobody waits for
others to come; who comes while a statement is under way shares the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from geo.database import Caller, Named
from geo.database.visit import unvisited
from tiles.encoding import EMPTY, EncodedTile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.database import Connection, Database
    from geo.types import TileId
    from tiles.admission import Admission
    from tiles.encoding import Coding

ANONYMOUS = Caller.anonymous()
# Of layers without valid time, which are the same every day.
ANY_DAY = date(2000, 1, 1)
# Of one statement: what is read of it is in memory at once, some hundred kilobytes.
MANY = 32
# The columns of what is asked as texts of arrays. OFFSET 0 holds the planner to one look into the primary key
# for each.
FETCH = Named(
    b"""
SELECT asked.number, line.*
  FROM unnest(%(layers)s::text[], %(zooms)s::int[], %(xs)s::int[], %(ys)s::int[], %(days)s::date[],
              %(bases)s::text[], %(zstd)s::bool[])
       WITH ORDINALITY AS asked (layer, zoom, x, y, day, basis, zstd, number)
 CROSS JOIN LATERAL (
  SELECT raw_length, crc, CASE WHEN asked.zstd THEN zstd ELSE gzip END,
         CASE WHEN asked.zstd THEN zstd_digest ELSE gzip_digest END
    FROM ops.tile_ahead AS tile
   WHERE tile.layer = asked.layer AND tile.zoom = asked.zoom AND tile.x = asked.x AND tile.y = asked.y
     AND NOT stale AND holds @> asked.day AND tile.basis = asked.basis OFFSET 0) AS line
""",
    binary=True,
)


class Line(NamedTuple):
    """A public tile of a layer in force on a day, and what its drawing must follow from beside the rows."""

    layer: str
    tile: TileId
    on: date
    basis: str
    coding: Coding


@dataclass(slots=True)
class _Batch:
    """Lines that are read together."""

    lines: list[Line] = field(default_factory=list)
    task: asyncio.Task[list[EncodedTile | None]] | None = None


class Gathered:
    """One worker's reader. Not thread-safe: it lives in one event loop."""

    def __init__(self, db: Database, turn: Admission) -> None:
        """``turn``: how many statements at once, and how many wait."""
        self._db = db
        self._turn = turn
        self._open: _Batch | None = None

    async def tile(self, line: Line) -> EncodedTile | None:
        """The tile as it was drawn ahead; None where it was not, or is not fresh. Raises :mod:`geo.errors`.

        The statement that reads it begins after this call: so it sees what was committed before.
        """
        batch = self._open
        if batch is None or len(batch.lines) >= MANY:
            batch = self._open = _Batch()
            task = self._read(batch)
            batch.task = asyncio.get_running_loop().create_task(task, context=unvisited())
        number = len(batch.lines)
        batch.lines.append(line)
        assert batch.task is not None  # noqa: S101 - set where the batch was made
        # Who leaves takes nobody else's tile along.
        return (await asyncio.shield(batch.task))[number]

    async def _read(self, batch: _Batch) -> list[EncodedTile | None]:
        try:
            async with self._turn.admitted(), self._db.read(ANONYMOUS) as connection:
                self._close(batch)
                return await read(connection, batch.lines)
        finally:
            self._close(batch)

    def _close(self, batch: _Batch) -> None:
        """Whoever comes from now on gets the next one."""
        if self._open is batch:
            self._open = None


async def read(connection: Connection, lines: list[Line]) -> list[EncodedTile | None]:
    """Each line's tile; None where none is fresh, of its day and of its basis."""
    names, tiles, days, bases, codings = zip(*lines, strict=True)
    asked = {
        "layers": array_of(names),
        "zooms": array_of(tile.z for tile in tiles),
        "xs": array_of(tile.x for tile in tiles),
        "ys": array_of(tile.y for tile in tiles),
        "days": array_of(days),
        "bases": array_of(bases),
        "zstd": array_of(coding == "zstd" for coding in codings),
    }
    found: list[EncodedTile | None] = [None] * len(lines)
    answer = await connection.ask(FETCH, asked)
    for row in range(answer.ntuples):
        number, raw_length, crc, blocks, digest = (answer.get_value(row, i) or b"" for i in range(5))
        place = int.from_bytes(number) - 1
        length, coding = int.from_bytes(raw_length), codings[place]
        sum_ = int.from_bytes(crc) if coding == "gzip" else 0
        found[place] = EncodedTile(blocks, sum_, length, digest.decode(), coding) if length else EMPTY
    return found


def array_of(values: Iterable[object]) -> str:
    """As PostgreSQL writes an array of names, numbers, days or truths: nothing in them needs quotes."""
    return f"{{{','.join(map(str, values))}}}"
