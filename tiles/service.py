"""Tiles for callers: the cache in front, the database behind it, admission between them."""

from __future__ import annotations

import asyncio
import os
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from geo.features import read_extent
from tiles import metrics
from tiles.admission import Admission
from tiles.cache import TileCache, TileKey
from tiles.encoding import EMPTY, Coding, EncodedTile, encode, join
from tiles.filtered import filtered_row
from tiles.ground import Ground
from tiles.ladder.drawn import DrawnAhead
from tiles.ladder.gathered import ANY_DAY, MANY, Gathered
from tiles.ladder.query import patched_query, rung_query
from tiles.ladder.served import Ladders, Rung
from tiles.query import tile_query
from tiles.texts import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from geo.catalogue import Catalogue
    from geo.changes.moved import Moved
    from geo.database import Caller, Connection, Database
    from geo.features.cql2 import Predicate
    from geo.types import TileId
    from layers.description import Layer
    from tiles.ladder.replica import Replica
    from tiles.query import TileQuery

CACHE_BYTES = 256 * 1024 * 1024
# Filters are as many as people can think of: theirs must not push out the tiles that everyone looks at.
FILTERED_SHARE = 8
RENDERS_A_CORE = 2
# What 150 clients ask for at once, seven layers each. Who waits longer is told to come back: the client has
# mostly left.
QUEUE, WAIT_S = 1_024, 10.0
FILTERED_QUEUE = 32
# An extent reads every row of the layer.
BOUNDS_S = 60.0
# Above this size compressing takes long enough (over 1 ms) to leave the event loop for it.
COMPRESS_ASIDE_BYTES = 32_768
NO_FILTERS: Mapping[str, Predicate] = MappingProxyType({})


class TileService:
    """The tiles of one worker."""

    def __init__(
        self,
        db: Database,
        catalogue: Catalogue,
        cache_bytes: int = CACHE_BYTES,
        replica: Replica | None = None,
    ) -> None:
        self._db = db
        self._catalogue = catalogue
        self._cache = TileCache(cache_bytes)
        self._filtered = TileCache(cache_bytes // FILTERED_SHARE, "filtered")
        self._ladders = Ladders(db, catalogue)
        self._bounds: dict[str, tuple[float, tuple[float, float, float, float] | None]] = {}
        cores = os.cpu_count() or 1
        self._admission = Admission(RENDERS_A_CORE * cores, QUEUE, WAIT_S)
        self._few = Admission(max(1, cores // 2), FILTERED_QUEUE, WAIT_S)
        gathered = Gathered(db, Admission(1, QUEUE // MANY, WAIT_S))
        self._ahead = DrawnAhead(gathered, replica)

    async def tile(
        self,
        layers: list[Layer],
        tile: TileId,
        on: date,
        caller: Caller,
        *,
        coding: Coding = "gzip",
        filters: Mapping[str, Predicate] = NO_FILTERS,
    ) -> EncodedTile:
        """One tile with all ``layers`` in their order, as ``caller`` may see them on the day ``on``.

        Empty where nothing is there or the zoom is below a layer's ``min_zoom``. ``filters``: by layer, rows
        for which it holds; compiled with the caller's own queryables. Raises :mod:`geo.errors`.
        """
        keys = self._keys(layers, tile, on, caller, coding=coding, filters=filters)
        if len(keys) == 1:
            return await self._layer_tile(*keys[0], caller)
        return join(list(await asyncio.gather(*(self._layer_tile(*pair, caller) for pair in keys))))

    def held(
        self, layers: list[Layer], tile: TileId, on: date, caller: Caller, *, coding: Coding
    ) -> EncodedTile | None:
        """The same without a filter if this worker has all of it: no waiting, and nothing to cancel."""
        there: list[EncodedTile] = []
        hits: list[tuple[str, str]] = []
        for layer, key in self._keys(layers, tile, on, caller, coding=coding):
            found, hit = self._cache.held(key), "hit"
            if found is None:
                found, hit = self._ahead.held(layer, key), "replica"
            if found is None:
                return None
            there.append(found)
            hits.append((layer.name, hit))
        for labels in hits:
            metrics.requests(*labels).inc()
        return there[0] if len(there) == 1 else join(there)

    def purge(self, moved: Moved) -> None:
        """Forget the tiles that a change touches, and no others."""
        layer = self._catalogue.layers.get(moved.layer)
        # The public copy of a point may lie a step of its grid away from where the change was.
        margin_deg = (layer.public_grid_deg or 0.0) if layer is not None else 0.0
        for touched in moved.touched:
            ground = Ground.of(touched.box, margin_deg) if touched.box is not None else None
            for cache in (self._cache, self._filtered):
                cache.purge(moved.layer, ground, public=touched.vis == 0, up_to=touched.up_to)
            self._ahead.purge(moved.layer, touched, ground)

    async def bounds(self, layers: list[Layer]) -> tuple[float, float, float, float] | None:
        """West, south, east, north in degrees of all public rows; None where there are none.

        At most a minute old; clients ask for tiles, so a new row outside is drawn all the same.
        """
        boxes = [box for layer in layers if (box := await self._layer_bounds(layer)) is not None]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    async def ladders(self, layers: list[Layer]) -> dict[str, dict[int, Rung]]:
        """The rungs of each layer by zoom."""
        return {layer.name: await self._ladders.of(layer.name) for layer in layers}

    async def _layer_bounds(self, layer: Layer) -> tuple[float, float, float, float] | None:
        read_at, box = self._bounds.get(layer.name, (-BOUNDS_S, None))
        if time.monotonic() - read_at > BOUNDS_S:
            box = (await read_extent(self._db, layer)).bbox
            self._bounds[layer.name] = (time.monotonic(), box)
        return box

    def _keys(
        self,
        layers: list[Layer],
        tile: TileId,
        on: date,
        caller: Caller,
        *,
        coding: Coding,
        filters: Mapping[str, Predicate] = NO_FILTERS,
    ) -> list[tuple[Layer, TileKey]]:
        """What of the request each layer's tile depends on, of the layers that are drawn at this zoom."""
        rights, revision = caller.policy_class, self._catalogue.revision

        def key(layer: Layer) -> TileKey:
            day, predicate = on if layer.valid_time else None, filters.get(layer.name)
            return TileKey(layer.name, rights, revision, day, tile, coding, predicate)

        return [(layer, key(layer)) for layer in layers if tile.z >= layer.tiles.min_zoom]

    async def _layer_tile(self, layer: Layer, key: TileKey, caller: Caller) -> EncodedTile:
        cache = self._cache if key.predicate is None else self._filtered
        return await cache.get(key, lambda: self._render(layer, key, caller, cache))

    async def _render(self, layer: Layer, key: TileKey, caller: Caller, cache: TileCache) -> EncodedTile:
        copied = self._ahead.held(layer, key)
        if copied is not None:
            return copied
        other = cache.held(key._replace(coding="zstd" if key.coding == "gzip" else "gzip"))
        if other is not None:
            return await _encoded(other.identity(), key.coding) if other.raw_length else EMPTY
        with metrics.RENDER_SECONDS.labels(layer.name).time():
            raw = await self._ask(layer, key, caller)
        return raw if isinstance(raw, EncodedTile) else await _encoded(raw, key.coding)

    async def _ask(self, layer: Layer, key: TileKey, caller: Caller) -> bytes | EncodedTile:
        """The tile, encoded already where it was drawn ahead."""
        if key.predicate is not None:
            async with self._few.admitted(), self._admission.admitted(), self._db.read(caller) as connection:
                return await filtered_row(connection, self._exact(layer, key, caller))
        rungs = await self._ladders.of(layer.name)
        rung = rungs.get(key.tile.z)
        if rung is not None and rung.ahead and (drawn := await self._ahead.read(layer, key)) is not None:
            return drawn
        async with self._admission.admitted(), self._db.read(caller) as connection:
            return await self._drawn(connection, self._ways(layer, key, caller, rungs))

    async def _drawn(self, connection: Connection, ways: Iterator[TileQuery]) -> bytes:
        for query in ways:
            if query.plain:
                answer = await connection.ask(named(query.statement), query.parameters)
                return answer.get_value(0, 0) or b""
            # Prepared by psycopg when it comes again: there are more of them than a connection keeps.
            cursor = connection.cursor(binary=True)
            row = await (await cursor.execute(query.statement, query.parameters)).fetchone()
            if row is not None:
                return bytes(row[0] or b"")
        return b""

    def _ways(
        self, layer: Layer, key: TileKey, caller: Caller, rungs: Mapping[int, Rung]
    ) -> Iterator[TileQuery]:
        """How the tile may be drawn, the cheapest first: a rung that is not fresh answers no row."""
        rung, day, staff = rungs.get(key.tile.z), key.on or ANY_DAY, caller.staff
        if rung is not None and rung.kind != "exact":
            yield rung_query(layer, rung.kind, key.tile, day, staff=staff)
            if rung.kind == "merged":
                finest = max(zoom for zoom, each in rungs.items() if each.kind == "merged")
                yield patched_query(layer, finest, key.tile, day, staff=staff)
        yield self._exact(layer, key, caller, counted=rung is not None and rung.kind == "counted")

    def _exact(self, layer: Layer, key: TileKey, caller: Caller, *, counted: bool = False) -> TileQuery:
        day, staff = key.on or ANY_DAY, caller.staff
        return tile_query(
            layer, caller.schema, key.tile, day, staff=staff, predicate=key.predicate, counted=counted
        )


async def _encoded(raw: bytes, coding: Coding) -> EncodedTile:
    if len(raw) > COMPRESS_ASIDE_BYTES:
        return await asyncio.to_thread(encode, raw, coding)
    return encode(raw, coding)
