"""A worker's copy of what is drawn ahead, on its own disk: who asks for such a tile first asks no database.

``ops.tile_ahead`` (:mod:`tiles.ladder.ahead`) is copied in the background, whole, and forgotten as tiles in
memory are: the listener tells of an edit, what it touches is gone before the worker acknowledges it, and is
copied again when the keeper has drawn it anew. Nothing outlives the process, so nothing is old at a start.
What is not here is read from the database. What is here is served while the database is away, too.
"""

from __future__ import annotations

import asyncio
import errno
import time
from contextlib import asynccontextmanager, contextmanager
from itertools import batched
from typing import TYPE_CHECKING, NoReturn

import psycopg
import structlog

from geo.calendar import today_ict
from geo.database import Caller, Named
from geo.errors import DiabanError
from tiles import metrics
from tiles.ladder.ahead import basis
from tiles.ladder.blobs import LENGTH_MASK, Blobs
from tiles.ladder.gathered import ANY_DAY, MANY, Line, array_of, read
from tiles.ladder.shelf import ASKED, CODINGS, Shelf, held, pack

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from geo.catalogue import Catalogue
    from geo.database import Database
    from geo.database.connection import Bound
    from geo.types import TileId
    from tiles.encoding import EncodedTile
    from tiles.ground import Ground

ANONYMOUS = Caller.anonymous()
# Between two looks for what is missing; longer and longer where nothing new is found.
REST_S, LONG_REST_S = 5.0, 120.0
LOOKED_UP = 500
# Of the disk, from which on it is worth while to copy everything anew.
FORGOTTEN_SHARE = 4
TILES_READ = MANY // len(CODINGS)
TILES = "SELECT zoom, array_agg(x), array_agg(y) FROM ops.tile_ahead WHERE layer = %s GROUP BY zoom"
FRESH = Named(b"""
SELECT asked.number
  FROM unnest(%(zooms)s::int[], %(xs)s::int[], %(ys)s::int[]) WITH ORDINALITY AS asked (zoom, x, y, number)
  JOIN ops.tile_ahead AS tile ON tile.layer = %(layer)s AND tile.zoom = asked.zoom
                             AND tile.x = asked.x AND tile.y = asked.y
 WHERE NOT stale AND holds @> %(on)s::date AND basis = %(basis)s
 ORDER BY asked.number
""")

log = structlog.get_logger()


class Replica:
    """One worker's. Not thread-safe: it lives in one event loop."""

    def __init__(self, db: Database, catalogue: Catalogue, folder: Path, max_bytes: int) -> None:
        """``max_bytes``: of disk in ``folder``; 0 for no copy at all."""
        self._db = db
        self._catalogue = catalogue
        self._folder = folder
        self._max_bytes = max_bytes
        self._blobs: Blobs | None = None
        # Of layers of which the listener has told: from then on it tells of every change.
        self._shelves: dict[str, Shelf | None] = {}

    def held(self, line: Line) -> EncodedTile | None:
        """The tile if it is here: no waiting but for the disk."""
        shelf = self._shelves.get(line.layer)
        if shelf is None or self._blobs is None or shelf.basis != line.basis or shelf.on != line.on:
            return None
        place = shelf.place(line.tile, line.coding)
        try:
            return held(self._blobs, place, line.coding) if place > ASKED else None
        except OSError as error:
            log.warning("tile_replica_unreadable", reason=str(error))
            return None

    def purge(self, layer: str, ground: Ground | None, up_to: int | None = None) -> None:
        """Forget the layer's tiles that ``ground`` touches (None: all), also those that are being read.

        ``up_to``: of zooms that are no finer.
        """
        shelf = self._shelves.get(layer)
        if ground is None or shelf is None:
            self._shelves[layer] = None
        else:
            shelf.purge(ground, up_to)

    async def follow(self) -> NoReturn:
        """Copy what is missing, until cancelled."""
        rest = REST_S
        while True:
            await asyncio.sleep(rest)
            copied = await self.copy_missing() if self._max_bytes else 0
            rest = REST_S if copied else min(2 * rest, LONG_REST_S)

    async def copy_missing(self) -> int:
        """Look once for what is missing and has been drawn; how many tiles were copied."""
        copied = 0
        for name in list(self._shelves):
            with _told(name):
                await self._prepare(name)
        self._tell()
        for name in list(self._shelves):
            with _told(name):
                copied += await self._fill(name)
        self._tell()
        return copied

    @property
    def live_bytes(self) -> int:
        """Of the tiles that are here; the file has those that were forgotten beside them."""
        return sum(shelf.live_bytes for shelf in self._shelves.values() if shelf is not None)

    def close(self) -> None:
        """Forget everything and give the disk back."""
        self._shelves = dict.fromkeys(self._shelves)
        if self._blobs is not None:
            self._blobs.close()
            self._blobs = None

    async def _prepare(self, name: str) -> None:
        """A shelf for the layer as it is drawn today."""
        layer, shelf = self._catalogue.layers.get(name), self._shelves[name]
        if layer is None:
            self._shelves[name] = None
            return
        drawing, on = basis(layer), today_ict() if layer.valid_time else ANY_DAY
        if shelf is None or shelf.basis != drawing or shelf.on != on:
            # Of no description: where the reading fails, it is done again.
            empty = self._shelves[name] = Shelf("", on, {})
            async with self._db.read(ANONYMOUS) as connection:
                rows = await (await connection.execute(TILES, [name])).fetchall()
            if self._shelves[name] is empty:  # else it was told of a new plan meanwhile
                self._shelves[name] = Shelf(drawing, on, {zoom: (xs, ys) for zoom, xs, ys in rows})

    async def _fill(self, name: str) -> int:
        copied, shelf = 0, self._shelves[name]
        if shelf is None:
            return copied
        for looked_up in shelf.wanted(LOOKED_UP):
            for tiles in batched(await self._fresh(name, shelf, looked_up), TILES_READ):
                if self._shelves[name] is not shelf:  # forgotten as a whole
                    return copied
                copied += await self._copy(name, shelf, tiles)
        return copied

    def _tell(self) -> None:
        metrics.REPLICA_BYTES.set(self.live_bytes)
        missing = (shelf.missing for shelf in self._shelves.values() if shelf is not None)
        metrics.REPLICA_MISSING.set(sum(missing))

    async def _fresh(self, name: str, shelf: Shelf, tiles: list[TileId]) -> list[TileId]:
        """Those of ``tiles`` that the keeper has drawn."""
        asked: dict[str, Bound] = {
            "layer": name,
            "zooms": array_of(tile.z for tile in tiles),
            "xs": array_of(tile.x for tile in tiles),
            "ys": array_of(tile.y for tile in tiles),
            "on": shelf.on,
            "basis": shelf.basis,
        }
        async with _rested(), self._db.read(ANONYMOUS) as connection:
            answer = await connection.ask(FRESH, asked)
        return [tiles[int(answer.get_value(row, 0) or b"0") - 1] for row in range(answer.ntuples)]

    async def _copy(self, name: str, shelf: Shelf, tiles: tuple[TileId, ...]) -> int:
        """Read and keep ``tiles``; how many there were."""
        lines = [Line(name, tile, shelf.on, shelf.basis, coding) for tile in tiles for coding in CODINGS]
        copied = 0
        for tile in tiles:
            shelf.ask(tile)
        try:
            async with _rested(), self._db.read(ANONYMOUS) as connection:
                found = await read(connection, lines)
            for tile, codings in zip(tiles, batched(found, len(CODINGS)), strict=True):
                packed = [pack(each) for each in codings if each is not None]
                if len(packed) == len(CODINGS) and max(map(len, packed)) <= LENGTH_MASK:
                    shelf.put(tile, [self._put(data) for data in packed])
                    copied += 1
        finally:
            for tile in tiles:
                shelf.put(tile, [])
        return copied

    def _put(self, data: bytes) -> int:
        if self._blobs is None:
            self._blobs = Blobs(self._folder)
        if self._blobs.size_bytes + len(data) > self._max_bytes:
            if self._blobs.size_bytes - self.live_bytes >= self._max_bytes // FORGOTTEN_SHARE:
                # What was forgotten takes room: begun anew, there is some.
                self.close()
            raise OSError(errno.ENOSPC, f"no room for more than {self._max_bytes} bytes of tiles")
        return self._blobs.put(data)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """What goes wrong with a layer is logged: what is not here is read from the database, or drawn."""
    try:
        yield
    except (DiabanError, psycopg.Error, OSError) as error:
        log.warning("tile_replica_behind", layer=name, reason=str(error))


@asynccontextmanager
async def _rested() -> AsyncIterator[None]:
    """Rest as long as the work took: what people ask for comes first."""
    begun = time.monotonic()
    yield
    await asyncio.sleep(time.monotonic() - begun)
