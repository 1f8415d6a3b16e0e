"""Tiles drawn ahead: the live tile's bytes, as fresh, for the public only, of today's description only."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from geo.catalogue import Catalogue
from geo.database import Caller, Claims, Connection, Database
from layers.registry import load
from tests.changes import pumped
from tests.tiles.test_ladder import LAT, LON, LUMP, PARCELS, SIDE, STEP, builder
from tiles.encoding import EMPTY, EncodedTile, encode
from tiles.ground import Box, tiles_of
from tiles.ladder import ahead
from tiles.ladder.ahead import basis, draw_ahead
from tiles.ladder.gathered import Line, read
from tiles.ladder.places import PLACE, places, tiles_ahead
from tiles.query import tile_query
from tiles.service import TileService

if TYPE_CHECKING:
    import psycopg

    from geo.settings import Settings
    from geo.types import TileId
    from tiles.encoding import Coding

__all__ = ["builder"]

DAY = date(2026, 7, 1)
LAND = load()["land_use"]
GROUND = Box(LON, LAT, LON + SIDE * STEP, LAT + SIDE * STEP)
ZOOMS = (13, 14)
# The half minute for which edited ground is left to the rows: it is over, and it is not, on any machine.
LATER = "UPDATE ops.tile_ahead SET marked_at = marked_at - interval '1 minute'"
JUST_NOW = "UPDATE ops.tile_ahead SET marked_at = marked_at + interval '10 minutes' WHERE stale"


@pytest.fixture
def drawn(admin: psycopg.Connection, builder: psycopg.Connection, settings: Settings) -> list[TileId]:
    """Plots of which a tile holds some hundreds; their tiles at two zooms, drawn ahead."""
    for table in ("core.land_use", "ops.ladder", "ops.tile_ahead"):
        admin.execute(f"TRUNCATE {table} CASCADE")
    admin.execute(PARCELS, {"lon": LON, "lat": LAT, "step": STEP, "side": SIDE})
    pumped(settings)
    for zoom in ZOOMS:
        line = (
            "INSERT INTO ops.ladder (layer, zoom, kind, source_rows, ahead) VALUES (%s, %s, 'exact', 1, true)"
        )
        admin.execute(line, ["land_use", zoom])
        builder.cursor().executemany(PLACE, list(places(LAND, tiles_of(GROUND, zoom))))
    tiles = [tile for zoom in ZOOMS for tile in tiles_of(GROUND, zoom)]
    assert draw_ahead(builder, LAND, DAY) == len(tiles)
    assert draw_ahead(builder, LAND, DAY) == 0
    return tiles


def ahead_of(settings: Settings, tiles: list[TileId], of: str = "", coding: Coding = "gzip") -> list[Any]:
    """What is drawn ahead and fresh, as the public reads it."""

    async def ask() -> list[EncodedTile | None]:
        dsn = settings.role_dsn("diaban_public")
        async with await Connection.connect(dsn, autocommit=True) as connection:
            lines = [Line("land_use", tile, DAY, of or basis(LAND), coding) for tile in tiles]
            return await read(connection, lines)

    return asyncio.run(ask())


def live(admin: psycopg.Connection, tile: TileId) -> bytes:
    query = tile_query(LAND, "pub", tile, DAY, staff=False)
    row = admin.execute(query.statement, query.parameters, binary=True).fetchone()
    assert row is not None
    return bytes(row[0])


def holder(tiles: list[TileId], lon: float, lat: float) -> set[TileId]:
    return {tile for zoom in {tile.z for tile in tiles} for tile in tiles_of(Box(lon, lat, lon, lat), zoom)}


def test_what_is_drawn_ahead_is_the_live_tile_in_each_coding(
    settings: Settings, admin: psycopg.Connection, drawn: list[TileId]
) -> None:
    raw = [live(admin, tile) for tile in drawn]
    assert any(raw) and ahead_of(settings, drawn) == [encode(each) if each else EMPTY for each in raw]
    assert ahead_of(settings, drawn, coding="zstd") == [encode(each, "zstd") for each in raw]
    # Drawn by another description, or by another day's rows of a layer whose rows have periods: not served.
    assert set(ahead_of(settings, drawn, "another")) == {None}
    other = LAND.model_copy(update={"label": "code"})
    assert basis(other) != basis(LAND) == basis(load()["land_use"])


def test_an_edit_is_never_hidden_and_quiet_ground_is_drawn_anew(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection, drawn: list[TileId]
) -> None:
    lon, lat = LON + 35.5 * STEP, LAT + 35.5 * STEP
    admin.execute("UPDATE core.land_use SET code = 'CQP' WHERE geom && ST_Point(%s, %s, 4326)", [lon, lat])
    pumped(settings)
    gone = {tile for tile, found in zip(drawn, ahead_of(settings, drawn), strict=True) if found is None}
    assert holder(drawn, lon, lat) <= gone < set(drawn)
    admin.execute(JUST_NOW)
    assert draw_ahead(builder, LAND, DAY) == 0  # where one edits, another edit comes
    admin.execute(LATER.replace("1 minute", "11 minutes"))
    assert draw_ahead(builder, LAND, DAY) == len(gone)
    assert all(b"CQP" in found.identity() for found in ahead_of(settings, list(holder(drawn, lon, lat))))
    admin.execute("TRUNCATE core.land_use CASCADE")
    pumped(settings)
    assert set(ahead_of(settings, drawn)) == {None}


def test_an_edit_while_a_tile_is_drawn_leaves_it_to_the_rows(
    settings: Settings,
    admin: psycopg.Connection,
    builder: psycopg.Connection,
    drawn: list[TileId],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def edited(raw: bytes, coding: Coding = "gzip") -> EncodedTile:
        monkeypatch.setattr(ahead, "encode", encode)
        admin.execute("UPDATE core.land_use SET code = 'ODT'")
        pumped(settings)
        return encode(raw, coding)

    admin.execute("UPDATE core.land_use SET code = 'CQP'")
    pumped(settings)
    admin.execute(LATER)
    monkeypatch.setattr(ahead, "encode", edited)
    assert draw_ahead(builder, LAND, DAY) == len(drawn)
    # The first was read before the edit came, the others after it.
    found = ahead_of(settings, drawn)
    assert found[0] is None
    assert all(each is None or b"CQP" not in each.identity() for each in found)


def test_staff_have_their_own_tile_and_the_public_finds_nothing_restricted(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection, drawn: list[TileId]
) -> None:
    admin.execute(LUMP, [1])
    admin.execute("UPDATE ops.tile_ahead SET stale = true, marked_at = '-infinity'")
    pumped(settings)
    draw_ahead(builder, LAND, DAY)
    tile = next(iter(holder(drawn, 105.605, 10.405)))

    async def ask() -> tuple[bytes, bytes]:
        db = Database(settings)
        await db.open()
        with closing(admin):
            catalogue = Catalogue(db)
            await catalogue.refresh()
            service = TileService(db, catalogue)
            staff = Caller(Claims("x", 1))
            found = [await service.tile([LAND], tile, DAY, who) for who in (staff, Caller.anonymous())]
            await db.close()
        return found[0].identity(), found[1].identity()

    for_staff, public = asyncio.run(ask())
    assert b"CQP" in for_staff and b"CQP" not in public and public


# Two places far from one another, one of them a tile's corner; around them nothing.
FEW = """
INSERT INTO core.land_use (geom, sheet_number, parcel_number, parcel, code, scheme, area_m2)
SELECT ST_Multi(ST_MakeEnvelope(lon, 10.4, lon + 0.02, 10.42, 4326)), 1, lon::int, lon::text, 'LUC', 'TT08', 1
  FROM (VALUES (105.2::float8), (106.0)) AS place (lon)
"""


REPORT = """
INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)
VALUES (ST_Point(106.00749, 10.4, 4326), 'B-1', 'MT', 'received', 'app', now(), 'x')
"""


@pytest.fixture
def few(admin: psycopg.Connection) -> Box:
    admin.execute("TRUNCATE core.land_use CASCADE")
    admin.execute(FEW)
    return Box(105.2, 10.4, 106.02, 10.42)


def test_tiles_that_hold_rows_are_drawn_ahead_and_no_others(
    admin: psycopg.Connection, builder: psycopg.Connection, few: Box
) -> None:
    found = tiles_ahead(builder, LAND, [14, 10, 11], few)
    assert sorted(found) == [10, 11, 14]
    for zoom, tiles in found.items():
        everywhere = set(tiles_of(few, zoom))
        assert set(tiles) == {tile for tile in everywhere if live(admin, tile)} and len(tiles) < len(
            everywhere
        )


@pytest.mark.parametrize(("most", "zooms"), [(0, []), (2, [10]), (200, [10, 11, 12])])
def test_as_many_zooms_as_there_is_room_for(
    builder: psycopg.Connection, few: Box, most: int, zooms: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiles.ladder.places.TILES_MAX", most)
    found = tiles_ahead(builder, LAND, [10, 11, 12, 20], few)
    assert list(found) == zooms and sum(map(len, found.values())) <= most


def test_a_public_point_goes_from_the_tile_in_which_it_stands(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    """Public points stand on a grid: this one across a tile's border (106.00708) from where the row is."""
    row, public = (next(tiles_of(Box(lon, 10.4, lon, 10.4), 15)) for lon in (106.00749, 106.007))
    assert row != public
    for table in ("core.reports", "ops.ladder", "ops.tile_ahead"):
        admin.execute(f"TRUNCATE {table} CASCADE")
    admin.execute(REPORT)
    pumped(settings)
    line = "INSERT INTO ops.ladder (layer, zoom, kind, source_rows, ahead) VALUES (%s, 15, 'exact', 1, true)"
    admin.execute(line, ["reports"])
    builder.cursor().executemany(PLACE, list(places(load()["reports"], [row, public])))
    admin.execute("UPDATE ops.tile_ahead SET stale = false")
    admin.execute("DELETE FROM core.reports")
    pumped(settings)
    assert admin.execute("SELECT bool_and(stale) FROM ops.tile_ahead").fetchone() == (True,)
