"""Rendered tiles in memory: bounded in bytes, least recently used out first, one rendering a missing tile."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from tiles import metrics

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from geo.types import TileId
    from tiles.encoding import EncodedTile

# What an entry takes beside its bytes: key, tile object and the two places in the table (measured: 0.6 kB).
ENTRY_OVERHEAD_BYTES = 640


class TileKey(NamedTuple):
    """Everything that a tile's bytes depend on.

    ``policy_class``: callers of another class never meet this entry. ``revision`` and ``epoch``: the versions
    of the description and of the data, so that an entry is left behind, never stale.
    """

    layer: str
    policy_class: str
    revision: int
    epoch: int
    on: date | None
    tile: TileId


class TileCache:
    """One worker's cache. Not thread-safe: it lives in one event loop."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._tiles: OrderedDict[TileKey, EncodedTile] = OrderedDict()
        self._flights: dict[TileKey, asyncio.Task[EncodedTile]] = {}

    @property
    def size_bytes(self) -> int:
        """The bytes held, entries' overhead included; never above ``max_bytes``."""
        return self._bytes

    async def get(self, key: TileKey, render: Callable[[], Awaitable[EncodedTile]]) -> EncodedTile:
        """The tile of ``key``; ``render`` runs at most once at a time for a key, whoever waits for it.

        A failed rendering is handed to all who waited for it and is not kept.
        """
        found = self._tiles.get(key)
        if found is not None:
            self._tiles.move_to_end(key)
            metrics.REQUESTS.labels(key.layer, "hit").inc()
            return found
        flight = self._flights.get(key)
        metrics.REQUESTS.labels(key.layer, "miss" if flight is None else "joined").inc()
        if flight is None:
            flight = asyncio.ensure_future(self._render(key, render))
            self._flights[key] = flight
        # A caller who leaves must not take the tile away from the others.
        return await asyncio.shield(flight)

    async def _render(self, key: TileKey, render: Callable[[], Awaitable[EncodedTile]]) -> EncodedTile:
        try:
            tile = await render()
            self._keep(key, tile)
            return tile
        finally:
            del self._flights[key]

    def _keep(self, key: TileKey, tile: EncodedTile) -> None:
        size = _size(tile)
        if size > self._max_bytes // 8:  # one giant must not empty the cache
            return
        self._tiles[key] = tile
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._tiles.popitem(last=False)
            self._bytes -= _size(oldest)
        metrics.CACHE_BYTES.set(self._bytes)


def _size(tile: EncodedTile) -> int:
    return len(tile.blocks) + ENTRY_OVERHEAD_BYTES
