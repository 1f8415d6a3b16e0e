"""Outlines drawn ahead: the rung's own tiles, anew when the rung is, and never from a rung that is behind."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from geo.changes.moved import read_moved
from geo.database import Connection
from tests.changes import as_pump, pumped
from tests.tiles.test_ladder import DAY, WARD, WARDS, builder
from tiles.encoding import encode
from tiles.ground import Box, tiles_of
from tiles.ladder.ahead import basis, draw_ahead
from tiles.ladder.build import build_stale
from tiles.ladder.gathered import Line, read
from tiles.ladder.plan import make_plan
from tiles.ladder.query import rung_query

if TYPE_CHECKING:
    import psycopg

    from geo.settings import Settings
    from geo.types import TileId
    from tiles.encoding import EncodedTile

__all__ = ["builder"]

QUIET = "UPDATE ops.tile_ahead SET marked_at = marked_at - interval '1 minute'"
RENAMED = "UPDATE core.admin_units SET name = 'Xã Mới' WHERE code = '10001'"
OUTLINES = "SELECT zoom FROM ops.ladder WHERE layer = 'admin_units' AND kind = 'outline' AND ahead"
PLACE = Box(105.615, 10.405, 105.615, 10.405)


@pytest.fixture
def zoom(settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection) -> int:
    """Three wards of many vertices, planned and drawn ahead; the finest zoom of their outlines."""
    admin.execute("TRUNCATE core.admin_units CASCADE")
    admin.execute(WARD)
    pumped(settings)
    make_plan(builder, WARDS, DAY, lambda _: None)
    pumped(settings)
    admin.execute(QUIET)
    while draw_ahead(builder, WARDS, DAY):
        pass
    return int(max(found for (found,) in admin.execute(OUTLINES)))


def ahead_of(settings: Settings, tile: TileId, day: date = DAY) -> EncodedTile | None:
    async def ask() -> EncodedTile | None:
        dsn = settings.role_dsn("diaban_public")
        async with await Connection.connect(dsn, autocommit=True) as connection:
            (found,) = await read(connection, [Line("admin_units", tile, day, basis(WARDS), "gzip")])
            return found

    return asyncio.run(ask())


def from_rung(admin: psycopg.Connection, tile: TileId) -> bytes:
    query = rung_query(WARDS, "outline", tile, DAY, staff=False)
    row: Any = admin.execute(query.statement, query.parameters, binary=True).fetchone()
    return bytes(row[0])


def test_they_are_the_rungs_tiles_on_days_on_which_nothing_turns(
    settings: Settings, admin: psycopg.Connection, zoom: int
) -> None:
    for z in range(WARDS.tiles.min_zoom, zoom + 1):
        tile = next(tiles_of(PLACE, z))
        assert ahead_of(settings, tile) == encode(from_rung(admin, tile))
    # The third ward's period ends at the new year.
    tile = next(tiles_of(PLACE, 7))
    assert ahead_of(settings, tile, date(2026, 1, 1)) and ahead_of(settings, tile, date(2025, 12, 31)) is None


def test_a_rung_that_is_behind_draws_nothing_and_one_built_anew_has_all_its_tiles_drawn(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection, zoom: int
) -> None:
    near, far = next(tiles_of(PLACE, zoom)), next(tiles_of(Box(105.605, 10.405, 105.605, 10.405), zoom))
    admin.execute(RENAMED)
    pumped(settings)
    assert ahead_of(settings, near) is None
    admin.execute(QUIET)
    draw_ahead(builder, WARDS, DAY)  # of zooms drawn from rows
    assert ahead_of(settings, near) is None
    row = admin.execute("SELECT epoch FROM ops.layer_state WHERE layer = 'admin_units'").fetchone()
    assert row is not None and build_stale(builder, WARDS, DAY)
    pumped(settings)
    (moved,) = as_pump(
        settings, lambda c: read_moved(c, {"admin_units": row[0]}, {"admin_units": row[0] + 1})
    )
    assert {touched.up_to for touched in moved.touched} == {zoom}
    # Borders hang together: what lies elsewhere follows from the same rung.
    assert ahead_of(settings, far) is None
    admin.execute(QUIET)
    while draw_ahead(builder, WARDS, DAY):
        pass
    for tile in (near, far):
        assert ahead_of(settings, tile) == encode(from_rung(admin, tile))
    assert "Xã Mới".encode() in from_rung(admin, near)
