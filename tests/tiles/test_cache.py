"""The tile cache: bounded in bytes, one rendering a tile, nothing shared between policy classes."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.database.visit import Visit, present
from geo.errors import Left
from geo.types import TileId
from tiles.cache import ENTRY_OVERHEAD_BYTES, TileCache, TileKey
from tiles.encoding import EncodedTile, encode
from tiles.ground import Box, Ground, degrees, mercator_box, tiles_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def key(x: int = 0, policy_class: str = "public", revision: int = 1, z: int = 14) -> TileKey:
    return TileKey("farms", policy_class, revision, None, TileId(z, x, 0))


async def turns() -> None:
    """All that needs no more than its turn has had it: a time, however long, might pass without one."""
    for _ in range(50):
        await asyncio.sleep(0)


def renders(raw: bytes, calls: list[bytes] | None = None) -> Callable[[], Awaitable[EncodedTile]]:
    async def render() -> EncodedTile:
        if calls is not None:
            calls.append(raw)
        await asyncio.sleep(0)
        return encode(raw)

    return render


def test_a_tile_is_rendered_once() -> None:
    async def run() -> None:
        cache, calls = TileCache(10_000), list[bytes]()
        tiles = await asyncio.gather(*(cache.get(key(), renders(b"x", calls)) for _ in range(50)))
        assert calls == [b"x"] and all(tile.identity() == b"x" for tile in tiles)
        assert (await cache.get(key(), renders(b"y", calls))).identity() == b"x"

    asyncio.run(run())


def test_a_rendering_ends_when_the_last_who_waits_has_left() -> None:
    async def run() -> None:
        cache, ended = TileCache(10_000), list[str]()

        async def endless() -> EncodedTile:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise
            return encode(b"late")

        first, second = (asyncio.create_task(cache.get(key(), endless)) for _ in range(2))
        await turns()
        first.cancel()
        await turns()
        assert not ended and not second.done()
        second.cancel()
        await turns()
        assert ended == ["cancelled"]
        assert (await cache.get(key(), renders(b"anew"))).identity() == b"anew"

    asyncio.run(run())


def test_a_client_who_leaves_waits_no_more_and_takes_nothing_from_the_others() -> None:
    async def run() -> None:
        cache, ended, ready = TileCache(10_000), list[str](), asyncio.Event()

        async def slow() -> EncodedTile:
            assert present() is None
            try:
                await ready.wait()
            except asyncio.CancelledError:
                ended.append("cancelled")
                raise
            return encode(b"x")

        async def ask(visit: Visit) -> EncodedTile:
            with visit:
                return await cache.get(key(), slow)

        visits = Visit(), Visit()
        first, second = (asyncio.create_task(ask(visit)) for visit in visits)
        await turns()
        await visits[0].leave()
        with pytest.raises(Left):
            await first
        assert not ended
        ready.set()
        assert (await second).identity() == b"x"
        ready.clear()
        cache.purge("farms", None, public=True)
        visits = Visit(), Visit()
        tasks = [asyncio.create_task(ask(visit)) for visit in visits]
        await turns()
        for visit in visits:
            await visit.leave()
        assert [type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)] == [Left, Left]
        await turns()
        assert ended == ["cancelled"]

    asyncio.run(run())


def test_classes_and_versions_never_meet() -> None:
    async def run() -> None:
        cache = TileCache(10_000)
        await cache.get(key(policy_class="staff"), renders(b"secret"))
        assert (await cache.get(key(), renders(b"open"))).identity() == b"open"
        assert (await cache.get(key(revision=2), renders(b"newer"))).identity() == b"newer"

    asyncio.run(run())


def test_memory_is_bounded_and_the_least_used_goes_first() -> None:
    async def run() -> None:
        one = len(encode(os.urandom(1_000)).blocks) + ENTRY_OVERHEAD_BYTES
        cache = TileCache(10 * one)
        for x in range(10):
            await cache.get(key(x), renders(os.urandom(1_000)))
        kept = await cache.get(key(0), renders(b"lost"))
        for x in range(10, 15):
            await cache.get(key(x), renders(os.urandom(1_000)))
        assert cache.size_bytes <= 10 * one
        assert await cache.get(key(0), renders(b"lost")) is kept
        assert (await cache.get(key(1), renders(b"again"))).identity() == b"again"

    asyncio.run(run())


def test_a_giant_is_served_and_not_kept() -> None:
    async def run() -> None:
        cache = TileCache(20_000)
        await cache.get(key(1), renders(b"small"))
        before = cache.size_bytes
        assert len((await cache.get(key(2), renders(os.urandom(50_000)))).identity()) == 50_000
        assert cache.size_bytes == before

    asyncio.run(run())


def test_empty_tiles_take_room_too() -> None:
    async def run() -> None:
        cache = TileCache(100 * ENTRY_OVERHEAD_BYTES)
        for x in range(1_000):
            await cache.get(key(x), renders(b""))
        assert cache.size_bytes <= 100 * ENTRY_OVERHEAD_BYTES

    asyncio.run(run())


def test_a_failure_is_told_to_all_and_kept_for_nobody() -> None:
    async def fails() -> EncodedTile:
        await asyncio.sleep(0)
        raise RuntimeError("the database is away")

    async def run() -> None:
        cache = TileCache(10_000)
        answers = await asyncio.gather(*(cache.get(key(), fails) for _ in range(3)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [RuntimeError] * 3
        assert (await cache.get(key(), renders(b"back"))).identity() == b"back"

    asyncio.run(run())


def test_who_leaves_takes_the_tile_from_nobody() -> None:
    async def run() -> None:
        cache, gate = TileCache(10_000), asyncio.Event()

        async def slow() -> EncodedTile:
            await gate.wait()
            return encode(b"x")

        first = asyncio.create_task(cache.get(key(), slow))
        second = asyncio.create_task(cache.get(key(), slow))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        assert (await second).identity() == b"x"
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(run())


HERE = (-179.97, 85.04, -179.96, 85.05)  # in column 1 of zoom 14, row 0


def test_a_purge_takes_the_touched_tiles_and_no_others() -> None:
    async def run() -> None:
        cache = TileCache(1_000_000)
        for x in range(40):
            await cache.get(key(x), renders(b"old"))
        await cache.get(key(0, z=3), renders(b"old"))
        await cache.get(key(5, z=3), renders(b"old"))
        before = cache.size_bytes
        assert cache.purge("cameras", None, public=True) == 0
        assert cache.purge("farms", Ground.of(HERE), public=True) == 2
        assert cache.size_bytes < before
        for x, z, expected in (
            (1, 14, b"new"),
            (0, 3, b"new"),
            (0, 14, b"old"),
            (2, 14, b"old"),
            (5, 3, b"old"),
        ):
            assert (await cache.get(key(x, z=z), renders(b"new"))).identity() == expected
        # Rungs that were built anew: the finer zooms do not follow from them.
        assert cache.purge("farms", Ground.of(HERE), public=True, up_to=13) == 1
        assert (await cache.get(key(1), renders(b"newer"))).identity() == b"new"
        assert cache.purge("farms", None, public=True) == 41
        assert cache.size_bytes == 0

    asyncio.run(run())


def test_an_edit_that_the_public_does_not_see_leaves_its_tiles() -> None:
    async def run() -> None:
        cache = TileCache(1_000_000)
        await cache.get(key(1), renders(b"open"))
        await cache.get(key(1, policy_class="staff"), renders(b"more"))
        assert cache.purge("farms", Ground.of(HERE), public=False) == 1
        assert (await cache.get(key(1), renders(b"new"))).identity() == b"open"

    asyncio.run(run())


def test_a_rendering_begun_before_the_edit_is_not_kept_and_not_joined() -> None:
    async def run() -> None:
        cache, gate = TileCache(1_000_000), asyncio.Event()

        async def slow() -> EncodedTile:
            await gate.wait()
            return encode(b"old")

        first = asyncio.create_task(cache.get(key(1), slow))
        await asyncio.sleep(0)
        assert cache.purge("farms", Ground.of(HERE), public=True) == 1
        assert (await cache.get(key(1), renders(b"new"))).identity() == b"new"
        gate.set()
        assert (await first).identity() == b"old"
        assert (await cache.get(key(1), renders(b"newest"))).identity() == b"new"

    asyncio.run(run())


@given(st.floats(-179, 179), st.floats(-85, 85), st.integers(0, 22))
def test_the_ground_of_a_tile_touches_it(lon: float, lat: float, zoom: int) -> None:
    (tile, *_) = tiles_of(Box(lon, lat, lon, lat), zoom)
    west, south, east, north = degrees(mercator_box(tile, 1 / 64))
    assert west <= lon <= east and south <= lat <= north
    columns, rows = Ground.of((lon, lat, lon, lat)).at(zoom)
    assert tile.x in columns and tile.y in rows and len(columns) <= 2 and len(rows) <= 2
