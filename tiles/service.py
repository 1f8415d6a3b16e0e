"""Tiles for callers: the cache in front, the database behind it, admission between them."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from geo.errors import Unavailable
from geo.features import read_extent
from tiles import metrics
from tiles.cache import TileCache, TileKey
from tiles.encoding import EncodedTile, encode, join
from tiles.ground import Ground
from tiles.ladder.query import rung_query
from tiles.ladder.served import Ladders, Rung
from tiles.query import tile_query

if TYPE_CHECKING:
    from datetime import date

    from geo.catalogue import Catalogue
    from geo.changes.moved import Moved
    from geo.database import Caller, Database
    from geo.types import TileId
    from layers.description import Layer

CACHE_BYTES = 256 * 1024 * 1024
# 1,153 tiles a second with 2-4 renderings at once on two cores, 431 with 150 of them.
RENDERS_A_CORE = 2
# Who waits longer is told to come back: the client has mostly left by then.
ADMISSION_S = 10.0
# An extent reads every row of the layer.
BOUNDS_S = 60.0
# Above this size compressing takes long enough (over 1 ms) to leave the event loop for it.
COMPRESS_ASIDE_BYTES = 32_768


class TileService:
    """The tiles of one worker."""

    def __init__(self, db: Database, catalogue: Catalogue, cache_bytes: int = CACHE_BYTES) -> None:
        self._db = db
        self._catalogue = catalogue
        self._cache = TileCache(cache_bytes)
        self._ladders = Ladders(db, catalogue)
        self._bounds: dict[str, tuple[float, tuple[float, float, float, float] | None]] = {}
        self._admitted = asyncio.Semaphore(RENDERS_A_CORE * (os.cpu_count() or 1))

    async def tile(self, layers: list[Layer], tile: TileId, on: date, caller: Caller) -> EncodedTile:
        """One tile with all ``layers`` in their order, as ``caller`` may see them on the day ``on``.

        Empty where nothing is there or the zoom is below a layer's ``min_zoom``. Raises :mod:`geo.errors`.
        """
        drawn = [layer for layer in layers if tile.z >= layer.tiles.min_zoom]
        if len(drawn) == 1:
            return await self._layer_tile(drawn[0], tile, on, caller)
        return join(
            list(await asyncio.gather(*(self._layer_tile(layer, tile, on, caller) for layer in drawn)))
        )

    def purge(self, moved: Moved) -> None:
        """Forget the tiles that a change touches, and no others."""
        layer = self._catalogue.layers.get(moved.layer)
        # The public copy of a point may lie a step of its grid away from where the change was.
        margin_deg = (layer.public_grid_deg or 0.0) if layer is not None else 0.0
        for touched in moved.touched:
            ground = Ground.of(touched.box, margin_deg) if touched.box is not None else None
            self._cache.purge(moved.layer, ground, public=touched.vis == 0)

    async def bounds(self, layers: list[Layer]) -> tuple[float, float, float, float] | None:
        """West, south, east, north in degrees of all public rows; None where there are none.

        At most a minute old; clients ask for tiles, so a new row outside is drawn all the same.
        """
        boxes = [box for layer in layers if (box := await self._layer_bounds(layer)) is not None]
        if not boxes:
            return None
        west, south, east, north = zip(*boxes, strict=True)
        return min(west), min(south), max(east), max(north)

    async def _layer_bounds(self, layer: Layer) -> tuple[float, float, float, float] | None:
        read_at, box = self._bounds.get(layer.name, (-BOUNDS_S, None))
        if time.monotonic() - read_at > BOUNDS_S:
            box = (await read_extent(self._db, layer)).bbox
            self._bounds[layer.name] = (time.monotonic(), box)
        return box

    async def _layer_tile(self, layer: Layer, tile: TileId, on: date, caller: Caller) -> EncodedTile:
        key = TileKey(
            layer.name,
            caller.policy_class,
            self._catalogue.revision,
            on if layer.valid_time else None,
            tile,
        )
        return await self._cache.get(key, lambda: self._render(layer, tile, on, caller))

    async def _render(self, layer: Layer, tile: TileId, on: date, caller: Caller) -> EncodedTile:
        with metrics.RENDER_SECONDS.labels(layer.name).time():
            await self._admit()
            try:
                raw = await self._ask(layer, tile, on, caller)
            finally:
                self._admitted.release()
        if len(raw) > COMPRESS_ASIDE_BYTES:
            return await asyncio.to_thread(encode, raw)
        return encode(raw)

    async def _admit(self) -> None:
        with metrics.WAITING.track_inprogress():
            try:
                await asyncio.wait_for(self._admitted.acquire(), ADMISSION_S)
            except TimeoutError:
                raise Unavailable(
                    "Máy chủ đang vẽ quá nhiều mảnh bản đồ. Xin thử lại sau ít giây.",
                    "Too many tiles are being rendered. Try again in a few seconds.",
                ) from None

    async def _ask(self, layer: Layer, tile: TileId, on: date, caller: Caller) -> bytes:
        rung = (await self._ladders.of(layer.name)).get(tile.z)
        exact = tile_query(layer, caller.schema, tile, on, staff=caller.staff)
        async with self._db.read(caller) as connection:
            cursor = connection.cursor(binary=True)
            row = None
            if rung is not None and rung.kind != "exact":
                stored = rung_query(layer, rung.kind, tile, on, staff=caller.staff)
                row = await (await cursor.execute(stored.statement, stored.parameters)).fetchone()
            if row is None:  # no rung, or not a fresh one: an edit has just been committed here
                row = await (await cursor.execute(exact.statement, exact.parameters)).fetchone()
        return bytes(row[0]) if row and row[0] else b""

    async def ladders(self, layers: list[Layer]) -> dict[str, dict[int, Rung]]:
        """The rungs of each layer by zoom."""
        return {layer.name: await self._ladders.of(layer.name) for layer in layers}
