"""Ladders in the database: every row counted, fresh at commit, nothing restricted in them."""

from __future__ import annotations

import json
import os
import re
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import psycopg
import pytest
from shapely import get_num_coordinates
from shapely.geometry import shape

from geo.database import Caller
from geo.features import CRS84, columns_for, parse_filter
from geo.types import TileId
from layers.registry import load
from tests.changes import pumped
from tiles.fields import labels_shown
from tiles.ground import Box, tiles_of
from tiles.ladder.build import build_stale
from tiles.ladder.plan import make_plan
from tiles.ladder.query import patched_query, rung_query
from tiles.query import tile_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings
    from tiles.query import TileQuery

DAY = date(2026, 7, 1)
LAND = load()["land_use"]
WARDS = load()["admin_units"]
LON, LAT, STEP = 105.60, 10.40, 0.0004
SIDE = 40
PARCELS = """
INSERT INTO core.land_use (geom, sheet_number, parcel_number, parcel, code, scheme, area_m2)
SELECT ST_Multi(ST_MakeEnvelope(%(lon)s + i * %(step)s, %(lat)s + j * %(step)s,
                                %(lon)s + (i + 0.9) * %(step)s, %(lat)s + (j + 0.9) * %(step)s, 4326)),
       1, i * 100 + j, '1/' || i * 100 + j,
       (ARRAY['LUC', 'CLN', 'ODT'])[1 + (i / 14 + j / 14) %% 3], 'TT08', 1600
  FROM generate_series(0, %(side)s - 1) AS i, generate_series(0, %(side)s - 1) AS j
"""
LUMP = """
INSERT INTO core.land_use (geom, sheet_number, parcel_number, parcel, code, scheme, area_m2, visibility)
VALUES (ST_Multi(ST_MakeEnvelope(105.602, 10.402, 105.608, 10.408, 4326)), 9, 9, '9/9', 'CQP', 'TT08', 1, %s)
"""


@pytest.fixture
def builder(settings: Settings) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with closing(psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True)) as connection:
        yield connection


@pytest.fixture
def planned(admin: psycopg.Connection, builder: psycopg.Connection, settings: Settings) -> None:
    admin.execute("TRUNCATE core.land_use CASCADE")
    admin.execute(PARCELS, {"lon": LON, "lat": LAT, "step": STEP, "side": SIDE})
    pumped(settings)
    make_plan(builder, LAND, DAY, lambda _: None)


def rung(connection: psycopg.Connection, zoom: int) -> list[list[dict[str, Any]]] | None:
    """The features of each tile of a zoom, or None where a tile has no fresh cell."""
    tiles = []
    for tile in tiles_of(Box(LON, LAT, LON + SIDE * STEP, LAT + SIDE * STEP), zoom):
        query = rung_query(LAND, "merged", tile, DAY, staff=False)
        row = connection.execute(query.statement, query.parameters, binary=True).fetchone()
        if row is None:
            return None
        decoded = mapbox_vector_tile.decode(row[0], default_options={"y_coord_down": True}) if row[0] else {}
        tiles.append(decoded.get("land_use", {}).get("features", []))
    return tiles


def decoded(connection: psycopg.Connection, query: TileQuery) -> list[dict[str, Any]]:
    row = connection.execute(query.statement, query.parameters, binary=True).fetchone()
    assert row is not None
    found = mapbox_vector_tile.decode(row[0], default_options={"y_coord_down": True}) if row[0] else {}
    return list(found.get("land_use", {}).get("features", []))


def patched(
    connection: psycopg.Connection, zoom: int, finest: int, *, staff: bool = False
) -> list[dict[str, Any]]:
    """The features of all tiles of a zoom, drawn from what is fresh below and from rows."""
    tiles = tiles_of(Box(LON, LAT, LON + SIDE * STEP, LAT + SIDE * STEP), zoom)
    queries = [patched_query(LAND, finest, tile, DAY, staff=staff) for tile in tiles]
    return [each for query in queries for each in decoded(connection, query)]


def rows_stood_for(features: list[dict[str, Any]]) -> int:
    return sum(
        each["properties"].get("feature_count", 1) + each["properties"].get("dropped_count", 0)
        for each in features
    )


def merged_zooms(admin: psycopg.Connection) -> list[int]:
    rows = admin.execute(
        "SELECT zoom FROM ops.ladder WHERE layer = 'land_use' AND kind = 'merged' ORDER BY 1"
    )
    return [zoom for (zoom,) in rows]


@pytest.mark.usefixtures("planned")
def test_every_row_is_counted_once_at_every_zoom(admin: psycopg.Connection) -> None:
    zooms = merged_zooms(admin)
    assert zooms and zooms[0] == LAND.tiles.min_zoom
    # The first zooms that are drawn from rows are drawn ahead.
    ahead = admin.execute("SELECT array_agg(zoom ORDER BY zoom) FROM ops.ladder WHERE ahead").fetchone()
    lines = admin.execute("SELECT array_agg(DISTINCT zoom ORDER BY zoom) FROM ops.tile_ahead").fetchone()
    assert ahead == lines and ahead is not None and ahead[0][0] == zooms[-1] + 1
    for zoom in zooms:
        found = [each["properties"] for tile in rung(admin, zoom) or [] for each in tile]
        counted = sum(each["feature_count"] for each in found)
        dropped = admin.execute(
            "SELECT dropped, source_rows, features FROM ops.ladder WHERE layer = 'land_use' AND zoom = %s",
            [zoom],
        ).fetchone()
        assert dropped is not None
        assert counted + dropped[0] == dropped[1] == SIDE**2
        assert dropped[2] <= 40 and {each["code"] for each in found} <= {"LUC", "CLN", "ODT"}


@pytest.mark.usefixtures("planned")
def test_an_edit_is_never_hidden_by_a_rung(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    zoom = merged_zooms(admin)[-1]
    assert rung(admin, zoom) is not None
    admin.execute(LUMP, [0])
    pumped(settings)
    assert rung(admin, zoom) is None  # drawn from the rows until the cell is built
    assert build_stale(builder, LAND, DAY) > 0
    assert all(rung(admin, each) is not None for each in merged_zooms(admin))
    found = [each["properties"] for tile in rung(admin, zoom) or [] for each in tile]
    assert sum(each["feature_count"] for each in found) == SIDE**2 + 1
    assert sum(each["feature_count"] for each in found if each["code"] == "CQP") == 1
    assert build_stale(builder, LAND, DAY) == 0


@pytest.mark.usefixtures("planned")
def test_until_a_cell_is_built_its_tile_is_patched_and_loses_nothing(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    zooms = merged_zooms(admin)
    for statement in (LUMP, "DELETE FROM core.land_use WHERE parcel_number < 20 AND code <> 'CQP'"):
        admin.execute(statement, [0] if "%s" in statement else [])
        pumped(settings)
        expected = dict(admin.execute("SELECT code, count(*) FROM pub.land_use GROUP BY 1").fetchall())
        for zoom in zooms:
            assert rung(admin, zoom) is None
            found = patched(admin, zoom, zooms[-1])
            assert rows_stood_for(found) == sum(expected.values())
            assert {each["properties"]["code"] for each in found} == set(expected)
            for each in found:
                assert shape(each["geometry"]).is_valid and not shape(each["geometry"]).is_empty
        build_stale(builder, LAND, DAY)


@pytest.mark.usefixtures("planned")
def test_a_patched_tile_reads_the_rows_of_the_stale_cell_only(
    settings: Settings, admin: psycopg.Connection
) -> None:
    zooms = merged_zooms(admin)
    lon, lat = LON + 35 * STEP, LAT + 35 * STEP
    admin.execute(
        "UPDATE core.land_use SET code = 'CQP' WHERE geom && ST_SetSRID(ST_MakePoint(%s, %s), 4326)",
        [lon + STEP / 2, lat + STEP / 2],
    )
    pumped(settings)
    tile = next(tiles_of(Box(lon, lat, lon, lat), zooms[0]))
    query = patched_query(LAND, zooms[-1], tile, DAY, staff=False)
    explained = "\n".join(
        row[0]
        for row in admin.execute(
            b"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) " + query.statement, query.parameters
        )
    )
    read = re.search(r"Scan (?:using \w+ )?on land_use \(actual rows=(\d+)", explained)
    assert read is not None and int(read[1]) < SIDE**2 / 2, explained


@pytest.mark.usefixtures("planned")
def test_staff_get_restricted_rows_beside_a_patched_tile_and_the_public_does_not(
    settings: Settings, admin: psycopg.Connection
) -> None:
    zooms = merged_zooms(admin)
    admin.execute(LUMP, [0])
    admin.execute("UPDATE core.land_use SET visibility = 1 WHERE code = 'CQP'")
    admin.execute("UPDATE core.land_use SET code = 'ODT' WHERE parcel_number = 505")
    pumped(settings)
    with closing(psycopg.connect(settings.role_dsn("diaban_public"))) as public:
        assert "CQP" not in str(patched(public, zooms[0], zooms[-1]))
    with closing(psycopg.connect(settings.role_dsn("diaban_reader"))) as reader:
        reader.execute(
            "SELECT set_config('diaban.claims', %s, true)", ['{"sub": "x", "clearance": 1, "units": []}']
        )
        found = patched(reader, zooms[0], zooms[-1], staff=True)
    assert sum(each["properties"]["code"] == "CQP" for each in found) == 1


@pytest.mark.parametrize("zoom", [8, 10, 12, 14, 16])
def test_what_is_too_small_to_be_seen_is_counted(
    admin: psycopg.Connection, builder: psycopg.Connection, zoom: int
) -> None:
    """Without a ladder, and with a filter: a tile of rows stands for every one of them."""
    admin.execute("TRUNCATE core.land_use CASCADE")
    admin.execute(PARCELS, {"lon": LON, "lat": LAT, "step": STEP / 8, "side": SIDE})
    tiles = tiles_of(Box(LON, LAT, LON + SIDE * STEP / 8, LAT + SIDE * STEP / 8), zoom)
    columns = columns_for(LAND, Caller.anonymous())
    for predicate in (None, parse_filter("code = 'LUC'", "cql2-text", columns, CRS84)):
        found = [
            each
            for tile in tiles
            for each in decoded(builder, tile_query(LAND, "pub", tile, DAY, staff=False, predicate=predicate))
        ]
        singles = {each["id"] for each in found if "feature_count" not in each["properties"]}
        counted = sum(each["properties"].get("feature_count", 0) for each in found)
        wanted = "SELECT count(*) FROM pub.land_use WHERE code = 'LUC' OR %s"
        assert admin.execute(wanted, [predicate is None]).fetchone() == (len(singles) + counted,)
        tiles = tiles_of(Box(LON, LAT, LON + SIDE * STEP / 8, LAT + SIDE * STEP / 8), zoom)


STAR = """
SELECT ST_Multi(ST_MakePolygon(ST_MakeLine(ARRAY(
  SELECT ST_SetSRID(ST_MakePoint(105.7 + r * cos(a), 10.5 + r * sin(a)), 4326)
    FROM (SELECT i, CASE WHEN i % 2 = 0 THEN 0.25 ELSE 0.02 END AS r, i % %(n)s * 2 * pi() / %(n)s AS a
            FROM generate_series(0, %(n)s) AS i) AS corner ORDER BY i))))
""".replace("i % ", "i %% ")
ZONE = "INSERT INTO core.zoning (geom, plot_code, function_code, status, valid_from) {}"


def processor_s(pid: int) -> float:
    """What a process of this machine has taken; without such a process nothing is measured."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("zoom", [8, 9])
def test_a_valid_star_of_20000_corners_holds_nobody_up(admin: psycopg.Connection, zoom: int) -> None:
    admin.execute("TRUNCATE core.zoning CASCADE")
    values = f"SELECT shape, 'A', 'Yte', 'in_force', date '2020-01-01' FROM ({STAR}) AS star (shape)"
    admin.execute(ZONE.format(values), {"n": 20_000})
    tile = next(tiles_of(Box(105.7, 10.5, 105.7, 10.5), zoom))
    query = tile_query(load()["zoning"], "pub", tile, DAY, staff=False)
    before = processor_s(admin.info.backend_pid)
    row = admin.execute(query.statement, query.parameters, binary=True).fetchone()
    # Of the processor, for the machine is shared; the corners tell the rest.
    assert processor_s(admin.info.backend_pid) - before < 30
    assert row is not None
    (drawn,) = mapbox_vector_tile.decode(row[0])["zoning"]["features"]
    found = shape(drawn["geometry"])
    assert found.area > 10_000 and get_num_coordinates(found) < 5_000


BOW_TIE = "ST_GeomFromText('POLYGON((105 10, 105.2 10.2, 105.2 10, 105 10.2, 105 10))', 4326)"


def test_what_is_invalid_is_never_stored_and_so_never_drawn(admin: psycopg.Connection) -> None:
    values = f"SELECT ST_Multi({BOW_TIE}), 'A', 'Yte', 'in_force', date '2020-01-01'"
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(ZONE.format(values))
    random_walk = (
        "(SELECT ST_MakeLine(ST_Point(105 + random(), 10 + random(), 4326)) FROM generate_series(1, 500))"
    )
    closed = (
        f"ST_Multi(ST_MakePolygon(ST_AddPoint(line, ST_StartPoint(line)))) FROM {random_walk} AS walk (line)"
    )
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(
            "INSERT INTO core.zoning (plot_code, function_code, status, valid_from, geom)"
            f" SELECT 'A', 'Yte', 'in_force', date '2020-01-01', {closed}"
        )
    with pytest.raises(psycopg.errors.CheckViolation):
        values = f"SELECT shape, 'A', 'Yte', 'in_force', date '2020-01-01' FROM ({STAR}) AS star (shape)"
        admin.execute(ZONE.format(values), {"n": 200_002})


@pytest.mark.usefixtures("planned")
def test_an_edit_while_a_cell_is_built_leaves_it_stale(
    settings: Settings,
    admin: psycopg.Connection,
    builder: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tiles.ladder import build

    whole = build.merged

    def slow(*arguments: Any) -> Any:
        monkeypatch.setattr(build, "merged", whole)
        admin.execute("DELETE FROM core.land_use WHERE code = 'CQP'")
        pumped(settings)
        return whole(*arguments)

    admin.execute(LUMP, [0])
    pumped(settings)
    monkeypatch.setattr(build, "merged", slow)
    build_stale(builder, LAND, DAY)
    zoom = merged_zooms(admin)[-1]
    assert rung(admin, zoom) is None
    build_stale(builder, LAND, DAY)
    assert b"CQP" not in json.dumps(rung(admin, zoom)).encode()


@pytest.mark.usefixtures("planned")
def test_nothing_restricted_is_in_a_rung_and_staff_get_it_beside(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    admin.execute(LUMP, [1])
    pumped(settings)
    build_stale(builder, LAND, DAY)
    row = admin.execute("SELECT count(*) FROM ops.rung WHERE properties::text LIKE '%CQP%'").fetchone()
    assert row == (0,)
    zoom = merged_zooms(admin)[-1]
    tile = next(tiles_of(Box(105.605, 10.405, 105.605, 10.405), zoom))
    query = rung_query(LAND, "merged", tile, DAY, staff=True)
    claims = '{"sub": "x", "clearance": %d, "units": []}'
    for clearance, seen in ((1, True), (0, False)):
        with psycopg.connect(settings.role_dsn("diaban_reader")) as reader:
            reader.execute("SELECT set_config('diaban.claims', %s, true)", [claims % clearance])
            found = reader.execute(query.statement, query.parameters, binary=True).fetchone()
            assert found is not None and (b"CQP" in found[0]) is seen


def test_a_public_caller_cannot_write_a_rung(settings: Settings) -> None:
    with (
        psycopg.connect(settings.role_dsn("diaban_public"), autocommit=True) as connection,
        pytest.raises(psycopg.Error),
    ):
        connection.execute("INSERT INTO ops.rung (layer) VALUES ('x')")


def test_a_small_layer_has_no_rung(admin: psycopg.Connection, builder: psycopg.Connection) -> None:
    admin.execute("TRUNCATE core.land_use CASCADE")
    admin.execute(PARCELS, {"lon": LON, "lat": LAT, "step": STEP, "side": 5})
    make_plan(builder, LAND, DAY, lambda _: None)
    assert merged_zooms(admin) == []


WARD = """
INSERT INTO core.admin_units (geom, unit_id, code, name, kind, level, province_code, valid_from, valid_to)
SELECT ST_Multi(ST_Segmentize(
         ST_MakeEnvelope(105.6 + i * 0.01, 10.4, 105.61 + i * 0.01, 10.41, 4326), 0.0000014)),
       'u' || i, '1000' || i, 'Xã ' || i, 'xa', 3, '82', '2025-07-01',
       CASE WHEN i = 2 THEN date '2026-01-01' END
  FROM generate_series(0, 2) AS i
"""


def test_wards_keep_their_names_and_periods(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    admin.execute("TRUNCATE core.admin_units CASCADE")
    admin.execute(WARD)
    pumped(settings)
    make_plan(builder, WARDS, DAY, lambda _: None)
    tile = next(tiles_of(Box(105.61, 10.405, 105.61, 10.405), 9))
    assert isinstance(tile, TileId)
    for day, names in ((DAY, {"Xã 0", "Xã 1"}), (date(2025, 12, 31), {"Xã 0", "Xã 1", "Xã 2"})):
        query = rung_query(WARDS, "outline", tile, day, staff=False)
        row = admin.execute(query.statement, query.parameters, binary=True).fetchone()
        assert row is not None
        found = mapbox_vector_tile.decode(row[0])["admin_units"]["features"]
        assert {each["properties"]["name"] for each in found} == names
        assert all(each["id"] and each["properties"]["code"] for each in found)
    afar = next(tiles_of(Box(105.61, 10.405, 105.61, 10.405), 7))
    for query in (
        rung_query(WARDS, "outline", afar, DAY, staff=False),
        tile_query(WARDS, "pub", afar, DAY, staff=False),
    ):
        row = admin.execute(query.statement, query.parameters, binary=True).fetchone()
        assert row is not None
        for each in mapbox_vector_tile.decode(row[0])["admin_units"]["features"]:
            assert set(each["properties"]) <= {"name", "kind", "feature_count"}


def test_staff_read_the_names_of_restricted_areas_on_an_outline(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    admin.execute("TRUNCATE core.admin_units CASCADE")
    admin.execute(WARD)
    admin.execute("UPDATE core.admin_units SET visibility = 1 WHERE code = '10001'")
    pumped(settings)
    make_plan(builder, WARDS, DAY, lambda _: None)
    zoom = next(z for z in range(20) if labels_shown(WARDS, z))
    tile = next(tiles_of(Box(105.615, 10.405, 105.615, 10.405), zoom))
    for clearance, names in ((1, {"Xã 0", "Xã 1"}), (0, {"Xã 0"})):
        query = rung_query(WARDS, "outline", tile, DAY, staff=clearance > 0)
        with closing(psycopg.connect(settings.role_dsn("diaban_reader"))) as reader:
            claims = f'{{"sub": "x", "clearance": {clearance}, "units": []}}'
            reader.execute("SELECT set_config('diaban.claims', %s, true)", [claims])
            row = reader.execute(query.statement, query.parameters, binary=True).fetchone()
        assert row is not None
        labels = mapbox_vector_tile.decode(row[0])["admin_units_label"]["features"]
        assert {each["properties"]["name"] for each in labels} == names


@pytest.mark.usefixtures("planned")
def test_every_ring_of_the_pyramid_is_valid_wound_and_within_the_buffer(admin: psycopg.Connection) -> None:
    """After rounding to the tile's grid: rungs and rows alike, at every zoom from the first to the last."""
    merged, seen = merged_zooms(admin), 0
    for zoom in range(LAND.tiles.min_zoom, LAND.tiles.max_zoom + 1):
        for tile in list(tiles_of(Box(LON, LAT, LON + SIDE * STEP, LAT + SIDE * STEP), zoom))[:40]:
            stored = rung_query(LAND, "merged", tile, DAY, staff=False)
            query = stored if zoom in merged else tile_query(LAND, "pub", tile, DAY, staff=False)
            row = admin.execute(query.statement, query.parameters, binary=True).fetchone()
            assert row is not None
            options = {"y_coord_down": True}
            decoded = mapbox_vector_tile.decode(row[0], default_options=options) if row[0] else {}
            for each in decoded.get("land_use", {"features": []})["features"]:
                drawn = shape(each["geometry"])
                assert drawn.is_valid and not drawn.is_empty
                west, south, east, north = drawn.bounds
                assert min(west, south) >= -64 and max(east, north) <= 4096 + 64
                for polygon in getattr(drawn, "geoms", [drawn]):
                    # y runs down: counterclockwise in numbers is clockwise on the screen.
                    assert polygon.exterior.is_ccw and not any(ring.is_ccw for ring in polygon.interiors)
                seen += 1
    assert seen > SIDE**2
