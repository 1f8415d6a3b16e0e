"""What an epoch touched: read from the pump's own record, so that a lost connection loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import AsyncConnection

    Box = tuple[float, float, float, float]

READ: LiteralString = """
SELECT layer, epoch, vis, up_to, west, south, east, north
  FROM ops.moved JOIN unnest(%s::text[], %s::bigint[]) AS known (layer, since) USING (layer)
 WHERE epoch > since
"""


@dataclass(frozen=True, slots=True)
class Touched:
    """Ground that changed: west, south, east, north in WGS 84 degrees, None for all of the layer.

    ``vis`` is the most visible class that the change concerns: 0 shows in public tiles. ``up_to`` is the
    finest zoom of tiles that it concerns, None for all: where rungs were built anew, no row has changed.
    """

    vis: int
    box: Box | None
    up_to: int | None = None


EVERYTHING = Touched(0, None)


@dataclass(frozen=True, slots=True)
class Moved:
    """A layer that moved, and where."""

    layer: str
    touched: tuple[Touched, ...]


async def read_moved(
    connection: AsyncConnection[tuple[Any, ...]], since: dict[str, int], until: dict[str, int]
) -> list[Moved]:
    """What happened to each layer of ``until`` after its epoch in ``since``, up to now.

    A layer that was not known, or whose record has a gap (it is kept for an hour), was touched everywhere; so
    was one whose epoch went back, as that of a database does that was restored.
    """
    names = sorted(until)
    rows = await (await connection.execute(READ, [names, [since.get(name, 0) for name in names]])).fetchall()
    return [
        _moved(name, since.get(name), until[name], [row for row in rows if row[0] == name]) for name in names
    ]


def _moved(layer: str, since: int | None, until: int, rows: Iterable[tuple[Any, ...]]) -> Moved:
    there = {row[1] for row in rows}
    if since is None or until < since or not set(range(since + 1, until + 1)) <= there:
        return Moved(layer, (EVERYTHING,))
    return Moved(layer, tuple(dict.fromkeys(_touched(row) for row in rows)))


def _touched(row: tuple[Any, ...]) -> Touched:
    _, _, vis, up_to, west, south, east, north = row
    return Touched(vis, None if west is None else (west, south, east, north), up_to)
