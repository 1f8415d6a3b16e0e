"""A worker's copy of what is drawn ahead: the same bytes, purged as memory is, within its bound of disk."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.catalogue import Catalogue
from geo.changes.listener import Broadcast, run_listener
from geo.changes.moved import EVERYTHING, Moved, Touched
from geo.changes.pump import run_pump
from geo.database import Caller, Claims, Database
from geo.types import TileId
from tests.changes import pumped
from tests.tiles.test_ahead import DAY, GROUND, LAND, LATER, drawn, holder, live
from tests.tiles.test_ladder import LAT, LON, STEP, builder
from tiles.encoding import EMPTY, encode
from tiles.ground import Box, Ground, tiles_of
from tiles.ladder.ahead import basis, draw_ahead
from tiles.ladder.blobs import Blobs
from tiles.ladder.gathered import ANY_DAY, Line, read
from tiles.ladder.replica import Replica
from tiles.ladder.shelf import ABSENT, ASKED, CODINGS, HEAD_BYTES, WANTED, Shelf, held, pack
from tiles.service import TileService

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from geo.settings import Settings
    from tiles.encoding import Coding, EncodedTile

__all__ = ["builder", "drawn"]

PUBLIC = Caller.anonymous()
ROOM = 2**30
VERSION, EDITS = re.compile(rb"v(\d{6})"), 30


@asynccontextmanager
async def replica_of(settings: Settings, folder: Path, room: int = ROOM) -> AsyncIterator[Replica]:
    """A worker's replica that was told of the plots once."""
    db = Database(settings)
    await db.open()
    catalogue = Catalogue(db)
    await catalogue.refresh()
    replica = Replica(db, catalogue, folder, room)
    replica.purge("land_use", None)
    try:
        yield replica
    finally:
        replica.close()
        await db.close()


def with_replica(settings: Settings, folder: Path, ask: Callable[[Replica], Awaitable[None]]) -> None:
    """Do it with a replica that was told of the plots."""

    async def run() -> None:
        async with replica_of(settings, folder) as replica:
            await ask(replica)

    asyncio.run(run())


def line(tile: TileId, coding: Coding = "gzip", of: str = "") -> Line:
    return Line("land_use", tile, ANY_DAY, of or basis(LAND), coding)


def test_bytes_are_found_by_their_place(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "made")
    texts = [bytes([number]) * number for number in range(1, 200)]
    places = [blobs.put(text) for text in texts]
    assert [blobs.get(place) for place in places] == texts
    assert blobs.size_bytes == sum(map(len, texts)) and list((tmp_path / "made").iterdir()) == []
    with pytest.raises(ValueError, match="bytes"):
        blobs.put(b"x" * 2**24)


@pytest.mark.parametrize("tile", [encode(b"a tile" * 50), encode(b"a tile" * 50, "zstd"), EMPTY])
def test_a_tile_comes_back_as_it_was(tile: EncodedTile, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    blobs.put(b"something before it")
    assert held(blobs, blobs.put(pack(tile)), tile.coding) == tile


@given(
    st.tuples(st.floats(105.0, 106.3), st.floats(9.9, 10.9)),
    st.tuples(st.floats(0, 0.4), st.floats(0, 0.4)),
)
def test_a_purge_takes_the_tiles_that_the_ground_touches_and_no_others(
    corner: tuple[float, float], size: tuple[float, float]
) -> None:
    box = Box(*corner, corner[0] + size[0], corner[1] + size[1])
    tiles = [TileId(12, x, y) for x in range(3245, 3255) for y in range(1925, 1935)]
    absent = TileId(12, 3250, 1930)
    tiles.remove(absent)
    shelf = Shelf("b", DAY, {12: ([tile.x for tile in tiles], [tile.y for tile in tiles])})
    for number, tile in enumerate(tiles):
        shelf.ask(tile)
        shelf.put(tile, [(number + 1) << 24 | HEAD_BYTES] * 2)
    shelf.purge(Ground.of(box), 11)  # concerns coarser tiles
    assert shelf.missing == 0
    shelf.purge(Ground.of(box), 12)
    touched = set(tiles_of(box, 12))
    assert {tile for tile in tiles if shelf.place(tile, "zstd") == WANTED} == touched & set(tiles)
    assert shelf.missing == len(touched & set(tiles))
    assert shelf.live_bytes == (len(tiles) - shelf.missing) * 2 * HEAD_BYTES
    assert {tile for some in shelf.wanted(7) for tile in some} == touched & set(tiles)
    assert shelf.place(absent, "gzip") == ABSENT


def test_a_file_that_lost_its_end_gives_nothing_back(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    place = blobs.put(b"x" * 100)
    os.ftruncate(blobs._file.fileno(), 50)
    with pytest.raises(OSError, match="short"):
        blobs.get(place)


def test_few_tiles_far_from_one_another_take_no_memory() -> None:
    shelf = Shelf("b", DAY, {17: ([0, 131_071], [0, 131_071]), 3: ([1], [2])})
    assert shelf.missing == 1 and shelf.place(TileId(17, 0, 0), "gzip") == ABSENT
    shelf.purge(Ground(0, 0, 1, 1))


def test_what_was_purged_while_it_was_read_is_not_kept() -> None:
    tile, other = TileId(12, 3250, 1930), TileId(12, 3251, 1930)
    shelf = Shelf("b", DAY, {12: ([3250, 3251], [1930, 1930])})
    for each in (tile, other):
        shelf.ask(each)
    assert list(shelf.wanted(9)) == [] and shelf.place(tile, "gzip") == ASKED
    west = Ground(3250.5 / 4096, 1930.5 / 4096, 3250.5 / 4096, 1930.5 / 4096)
    shelf.purge(west)
    for each in (tile, other):
        shelf.put(each, [1 << 24 | 50, 2 << 24 | 50])
    assert (shelf.place(tile, "gzip"), shelf.place(other, "gzip")) == (WANTED, 1 << 24 | 50)
    assert shelf.live_bytes == 100
    assert {shelf.place(TileId(z, 3252, 1930), "gzip") for z in (11, 12)} == {ABSENT}


def test_the_copy_has_the_live_tiles_in_each_coding(
    settings: Settings, admin: psycopg.Connection, drawn: list[TileId], tmp_path: Path
) -> None:
    async def ask(replica: Replica) -> None:
        assert replica.held(line(drawn[0])) is None
        assert await replica.copy_missing() == len(drawn)
        assert await replica.copy_missing() == 0
        for tile in drawn:
            raw = live(admin, tile)
            for coding in CODINGS:
                assert replica.held(line(tile, coding)) == (encode(raw, coding) if raw else EMPTY)
        # Of another description, of another day, of a zoom that is not drawn ahead.
        assert replica.held(line(drawn[0], of="another")) is None
        assert replica.held(line(drawn[0])._replace(on=DAY)) is None
        assert replica.held(line(TileId(12, 3250, 1930))) is None
        replica.purge("land_use", None)
        assert {replica.held(line(tile)) for tile in drawn} == {None} and replica.live_bytes == 0
        assert await replica.copy_missing() == len(drawn)

    with_replica(settings, tmp_path, ask)


def test_a_layer_of_which_nothing_was_told_is_not_copied(
    settings: Settings, drawn: list[TileId], tmp_path: Path
) -> None:
    async def ask(replica: Replica) -> None:
        fresh = Replica(replica._db, replica._catalogue, tmp_path, ROOM)
        assert await fresh.copy_missing() == 0 and fresh.held(line(drawn[0])) is None

    with_replica(settings, tmp_path, ask)


def test_edited_ground_is_forgotten_and_copied_again_once_it_is_drawn(
    settings: Settings,
    admin: psycopg.Connection,
    builder: psycopg.Connection,
    drawn: list[TileId],
    tmp_path: Path,
) -> None:
    lon, lat = LON + 35.5 * STEP, LAT + 35.5 * STEP
    there = Box(lon - STEP, lat - STEP, lon + STEP, lat + STEP)

    async def ask(replica: Replica) -> None:
        await replica.copy_missing()
        admin.execute("UPDATE core.land_use SET code='CQP' WHERE geom && ST_Point(%s, %s, 4326)", [lon, lat])
        await asyncio.to_thread(pumped, settings)
        replica.purge("land_use", Ground.of(there))
        gone = [tile for tile in drawn if replica.held(line(tile)) is None]
        assert holder(drawn, lon, lat) <= set(gone) < set(drawn)
        assert await replica.copy_missing() == 0  # not drawn yet
        admin.execute(LATER)
        assert draw_ahead(builder, LAND, DAY)
        assert await replica.copy_missing() == len(gone)
        for tile in holder(drawn, lon, lat):
            found = replica.held(line(tile))
            assert found is not None and b"CQP" in found.identity()

    with_replica(settings, tmp_path, ask)


def test_an_edit_while_the_copy_is_read_leaves_nothing_old(
    settings: Settings, drawn: list[TileId], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(replica: Replica) -> None:
        async def overtaken(connection: object, lines: list[Line]) -> object:
            found = await read(connection, lines)  # type: ignore[arg-type]
            replica.purge("land_use", Ground.of(GROUND))
            return found

        monkeypatch.setattr("tiles.ladder.replica.read", overtaken)
        await replica.copy_missing()
        assert {replica.held(line(tile)) for tile in drawn} == {None}
        monkeypatch.undo()
        assert await replica.copy_missing() == len(drawn)

    with_replica(settings, tmp_path, ask)


def test_the_disk_is_bounded_and_what_was_forgotten_makes_room(
    settings: Settings, drawn: list[TileId], tmp_path: Path
) -> None:
    async def ask() -> None:
        async with replica_of(settings, tmp_path) as replica:
            await replica.copy_missing()
            whole = replica.live_bytes
        async with replica_of(settings, tmp_path, room=whole // 2) as replica:
            copied = await replica.copy_missing()
            assert copied < len(drawn) and 0 < replica.live_bytes <= whole // 2
            assert any(replica.held(line(tile)) for tile in drawn)
        async with replica_of(settings, tmp_path, room=whole + 100) as replica:
            await replica.copy_missing()
            replica.purge("land_use", None)
            assert await replica.copy_missing() == 0 and replica.live_bytes == 0
            assert await replica.copy_missing() == len(drawn) and replica.live_bytes == whole

    asyncio.run(ask())


def test_staff_and_filters_never_meet_it_and_the_public_needs_no_database(
    settings: Settings, drawn: list[TileId], tmp_path: Path
) -> None:
    tile = next(iter(holder(drawn, LON + 35.5 * STEP, LAT + 35.5 * STEP)))

    async def ask(replica: Replica) -> None:
        await replica.copy_missing()
        service = TileService(replica._db, replica._catalogue, replica=replica)
        found = service.held([LAND], tile, DAY, PUBLIC, coding="gzip")
        assert found is not None and found.raw_length
        assert service.held([LAND], tile, DAY, Caller(Claims("x", 1)), coding="gzip") is None
        await replica._db.close()
        assert await service.tile([LAND], tile, DAY, PUBLIC) == found
        # What does not concern the public's rows: staff's own, and a rung of other zooms.
        service.purge(Moved("land_use", (Touched(1, None), Touched(0, GROUND, up_to=12))))
        assert service.held([LAND], tile, DAY, PUBLIC, coding="zstd") is not None
        service.purge(Moved("land_use", (EVERYTHING,)))
        assert service.held([LAND], tile, DAY, PUBLIC, coding="gzip") is None
        # The database is away: nothing is lost but time.
        assert await replica.copy_missing() == 0
        replica._db = Database(settings)
        await replica._db.open()
        assert await replica.copy_missing() == len(drawn)
        await replica._db.close()

    with_replica(settings, tmp_path, ask)


def test_the_copy_is_never_older_than_what_the_worker_has_acknowledged(
    settings: Settings,
    admin: psycopg.Connection,
    builder: psycopg.Connection,
    drawn: list[TileId],
    tmp_path: Path,
) -> None:
    """The pump and the listener, a keeper who draws and a replica that copies, at work beside the edits."""
    lon, lat = LON + 35.5 * STEP, LAT + 35.5 * STEP
    there = sorted(holder(drawn, lon, lat), key=lambda tile: tile.z)
    edit = "UPDATE core.land_use SET parcel = %s WHERE geom && ST_Point(%s, %s, 4326)"
    ended = threading.Event()

    def draw() -> None:
        while not ended.is_set():
            with suppress(psycopg.errors.DeadlockDetected):  # with the pump: it goes on
                builder.execute(LATER)
            draw_ahead(builder, LAND, DAY)

    def shown(replica: Replica) -> set[int]:
        found = [replica.held(line(tile)) for tile in there]
        return {int(VERSION.findall(each.identity())[0]) for each in found if each is not None}

    async def run() -> None:
        async with replica_of(settings, tmp_path) as replica:
            catalogue, broadcast = replica._catalogue, Broadcast()
            service = TileService(replica._db, catalogue, replica=replica)
            broadcast.attach(service.purge)

            async def copy() -> None:
                while True:
                    await replica.copy_missing()
                    await asyncio.sleep(0)

            work = (run_pump(settings), run_listener(settings, catalogue, broadcast), copy())
            tasks = [asyncio.create_task(each) for each in (*work, asyncio.to_thread(draw))]
            try:
                for version in range(1, EDITS + 1):
                    before = catalogue.epoch("land_use", PUBLIC)
                    admin.execute(edit, [f"v{version:06}", lon, lat])
                    while catalogue.epoch("land_use", PUBLIC) == before:  # noqa: ASYNC110
                        await asyncio.sleep(0)
                    # The next edit comes before the copy, with it, or after it.
                    waits = 0
                    while waits < version % 5 * 20 or (version % 10 == 0 and not shown(replica)):
                        assert shown(replica) <= {version}
                        waits += 1
                        await asyncio.sleep(0.001)
                assert shown(replica) == {EDITS}
            finally:
                ended.set()
                for task in tasks[:-1]:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
