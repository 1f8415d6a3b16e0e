"""Rendered tiles in memory: bounded in bytes, least recently used out first, one rendering a missing tile."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from geo.database.visit import LEFT, present, unvisited
from geo.errors import Left
from geo.types import TileId
from tiles import metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from geo.features.cql2 import Predicate
    from tiles.encoding import Coding, EncodedTile
    from tiles.ground import Ground

# What an entry takes beside its bytes: key, tile object and its places in the tables.
ENTRY_OVERHEAD_BYTES = 900
PUBLIC = "public"


class TileKey(NamedTuple):
    """What a tile's bytes depend on, beside the data: those purge what they touch.

    ``policy_class``: callers of another class never meet this entry. ``revision``: the version of the
    description.
    """

    layer: str
    policy_class: str
    revision: int
    on: date | None
    tile: TileId
    coding: Coding = "gzip"
    predicate: Predicate | None = None


@dataclass(slots=True)
class _Flight:
    """A rendering under way, and how many wait for it."""

    task: asyncio.Task[EncodedTile] = field(init=False)
    waiting: int = 0


class TileCache:
    """One worker's cache. Not thread-safe: it lives in one event loop."""

    def __init__(self, max_bytes: int, name: str = "tiles") -> None:
        self._max_bytes = max_bytes
        self._name = name
        self._bytes = 0
        self._tiles: OrderedDict[TileKey, EncodedTile] = OrderedDict()
        self._flights: dict[TileKey, _Flight] = {}
        # The keys at each place, stored or being rendered.
        self._places: dict[tuple[str, int], dict[TileId, set[TileKey]]] = {}

    @property
    def size_bytes(self) -> int:
        """The bytes held, entries' overhead included; never above ``max_bytes``."""
        return self._bytes

    def held(self, key: TileKey) -> EncodedTile | None:
        """The tile of ``key`` if it is there."""
        found = self._tiles.get(key)
        if found is not None:
            self._tiles.move_to_end(key)
        return found

    async def get(self, key: TileKey, render: Callable[[], Awaitable[EncodedTile]]) -> EncodedTile:
        """The tile of ``key``; ``render`` runs at most once at a time for a key, whoever waits for it.

        A failed rendering is handed to all who waited for it and is not kept. One that nobody waits for any
        more is cancelled.
        """
        found = self.held(key)
        if found is not None:
            metrics.requests(key.layer, "hit").inc()
            return found
        flight = self._flights.get(key)
        metrics.requests(key.layer, "miss" if flight is None else "joined").inc()
        if flight is None:
            flight = self._begin(key, render)
        flight.waiting += 1
        try:
            return await _landed(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._abandon(key, flight)

    def purge(self, layer: str, ground: Ground | None, *, public: bool, up_to: int | None = None) -> int:
        """Forget the tiles of ``layer`` that ``ground`` touches (None: all); how many there were.

        ``up_to``: of zooms that are no finer.

        A rendering under way may have read the database before the change: who waits for it gets it, but it
        is not kept, and who comes from now on has the tile rendered anew. Where the change is not ``public``,
        tiles of the public stay.
        """
        found = [
            key
            for (name, zoom), tiles in self._places.items()
            if name == layer and (up_to is None or zoom <= up_to)
            for tile in _touched(tiles, zoom, ground)
            for key in tiles[tile]
            if public or key.policy_class != PUBLIC
        ]
        for key in found:
            self._flights.pop(key, None)
            tile = self._tiles.pop(key, None)
            self._bytes -= _size(tile) if tile is not None else 0
            self._leave(key)
        metrics.CACHE_BYTES.labels(self._name).set(self._bytes)
        metrics.PURGED.labels(layer).inc(len(found))
        return len(found)

    def _begin(self, key: TileKey, render: Callable[[], Awaitable[EncodedTile]]) -> _Flight:
        flight = self._flights[key] = _Flight()
        self._places.setdefault((key.layer, key.tile.z), {}).setdefault(key.tile, set()).add(key)
        # Whoever asked first may leave; the others must get their tile all the same. It begins here and now:
        # a turn of the loop later costs as much as a small tile.
        work = self._render(key, flight, render)
        loop = asyncio.get_running_loop()
        flight.task = asyncio.Task(work, loop=loop, context=unvisited(), eager_start=True)
        return flight

    def _abandon(self, key: TileKey, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
            self._leave(key)
        # What goes wrong while it is cancelled is nobody's concern any more.
        flight.task.add_done_callback(lambda task: task.cancelled() or task.exception())
        flight.task.cancel()
        metrics.ABANDONED.inc()

    async def _render(
        self, key: TileKey, flight: _Flight, render: Callable[[], Awaitable[EncodedTile]]
    ) -> EncodedTile:
        try:
            tile = await render()
            if self._flights.get(key) is flight:
                self._keep(key, tile)
            return tile
        finally:
            if self._flights.get(key) is flight:
                del self._flights[key]
                if key not in self._tiles:
                    self._leave(key)

    def _keep(self, key: TileKey, tile: EncodedTile) -> None:
        size = _size(tile)
        if size > self._max_bytes // 8:  # one giant must not empty the cache
            return
        self._tiles[key] = tile
        self._bytes += size
        while self._bytes > self._max_bytes:
            old, oldest = self._tiles.popitem(last=False)
            self._bytes -= _size(oldest)
            self._leave(old)
        metrics.CACHE_BYTES.labels(self._name).set(self._bytes)

    def _leave(self, key: TileKey) -> None:
        tiles = self._places.get((key.layer, key.tile.z), {})
        keys = tiles.get(key.tile, set())
        keys.discard(key)
        if not keys:
            tiles.pop(key.tile, None)


async def _landed(task: asyncio.Task[EncodedTile]) -> EncodedTile:
    """What ``task`` gives, which goes on without us; ``Left`` where our client leaves before."""
    if not task.done():
        # Of ``asyncio.wait`` only what is needed here.
        ended = asyncio.get_running_loop().create_future()

        def end(*_: object) -> None:
            if not ended.done():
                ended.set_result(None)

        task.add_done_callback(end)
        if (visit := present()) is not None:
            visit.when_left(end)
        try:
            await ended
        finally:
            task.remove_done_callback(end)
        if not task.done():
            raise Left(*LEFT)
    return task.result()


def _touched(tiles: dict[TileId, set[TileKey]], zoom: int, ground: Ground | None) -> list[TileId]:
    """Those of ``tiles`` that the ground touches, found from the shorter side."""
    if ground is None:
        return list(tiles)
    columns, rows = ground.at(zoom)
    if len(columns) * len(rows) <= len(tiles):
        return [tile for x in columns for y in rows if (tile := TileId(zoom, x, y)) in tiles]
    return [tile for tile in tiles if tile.x in columns and tile.y in rows]


def _size(tile: EncodedTile) -> int:
    return len(tile.blocks) + ENTRY_OVERHEAD_BYTES
