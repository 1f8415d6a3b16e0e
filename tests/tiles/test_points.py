"""Points from afar: what is stored counts what the rows are, after any edits, for public and staff."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import psycopg
import pytest

from layers.registry import load
from tiles.ground import Box, tiles_of
from tiles.ladder import keeper
from tiles.ladder.plan import make_plan
from tiles.ladder.points import merge
from tiles.query import counted_query, tile_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings
    from geo.types import TileId
    from tiles.query import TileQuery

DAY = date(2026, 7, 1)
CAMERAS = load()["cameras"]
CODES = [code.code for code in CAMERAS.codes["kinds"][:4]]
BOX = Box(105.5, 10.3, 105.9, 10.6)
COUNTED = range(CAMERAS.tiles.min_zoom, 12)
ADD = """
INSERT INTO core.cameras (geom, name, kind, status)
SELECT ST_SetSRID(ST_MakePoint(105.5 + 0.4 * random(), 10.3 + 0.3 * random()), 4326), 'C' || g,
       (%(codes)s::text[])[1 + floor(random() * 4)::int], 'online'
  FROM generate_series(1, %(rows)s) AS g
"""
EDITS = (
    ADD.replace("%(rows)s", "3"),
    "UPDATE core.cameras SET geom = ST_Translate(geom, 0.01, 0.003) WHERE id IN {some}",
    "UPDATE core.cameras SET kind = (%(codes)s::text[])[2] WHERE id IN {some}",
    "UPDATE core.cameras SET visibility = (visibility + 1) %% 3 WHERE id IN {some}",
    "UPDATE core.cameras SET status = 'offline' WHERE id IN {some}",
    "DELETE FROM core.cameras WHERE id IN {some}",
)
SOME = "(SELECT id FROM core.cameras ORDER BY random() LIMIT 4)"


@pytest.fixture
def builder(settings: Settings) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    with closing(psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True)) as connection:
        yield connection


@pytest.fixture
def planned(admin: psycopg.Connection, builder: psycopg.Connection) -> None:
    admin.execute("TRUNCATE core.cameras CASCADE")
    admin.execute(ADD, {"codes": CODES, "rows": 1500})
    make_plan(builder, CAMERAS, DAY, lambda _: None)


def tiles() -> list[TileId]:
    return [tile for zoom in COUNTED for tile in tiles_of(BOX, zoom)]


def drawn(connection: psycopg.Connection, query: TileQuery) -> list[tuple[Any, ...]] | None:
    row = connection.execute(query.statement, query.parameters, binary=True).fetchone()
    if row is None:
        return None
    decoded = mapbox_vector_tile.decode(row[0], default_options={"y_coord_down": True}) if row[0] else {}
    found = [each for part in decoded.values() for each in part["features"]]
    return sorted(
        (each["geometry"]["coordinates"], each.get("id") or 0, sorted(each["properties"].items()))
        for each in found
    )


def stored(
    connection: psycopg.Connection, tile: TileId, *, staff: bool = False
) -> list[tuple[Any, ...]] | None:
    return drawn(connection, counted_query(CAMERAS, tile, DAY, staff=staff))


def merged(settings: Settings, layer: str = "cameras") -> None:
    async def run() -> None:
        dsn = settings.role_dsn("diaban_pump")
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await merge(connection, layer, DAY)

    asyncio.run(run())


def total(features: list[tuple[Any, ...]]) -> int:
    return sum(dict(each[2])["point_count"] for each in features)


@pytest.mark.usefixtures("planned")
def test_nothing_is_lost_at_any_zoom(admin: psycopg.Connection) -> None:
    for zoom in COUNTED:
        found = [each for tile in tiles_of(BOX, zoom) for each in stored(admin, tile) or []]
        assert total(found) == 1500
        for _, _, properties in found:
            values = dict(properties)
            classes = {name: n for name, n in values.items() if name.startswith("count_")}
            assert sum(classes.values()) == values["point_count"]
            assert classes[f"count_{values['kind']}"] == max(classes.values())


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("seed", range(4))
def test_counts_follow_any_edits_merged_or_not(
    settings: Settings, admin: psycopg.Connection, seed: int
) -> None:
    """What is stored gives the very features that the public rows give."""
    chance = random.Random(seed)
    for step in range(12):
        statement = chance.choice(EDITS).replace("{some}", SOME)
        admin.execute(statement, {"codes": CODES})
        if chance.random() < 0.4:
            merged(settings)
        if step % 4 == 3:
            for tile in tiles():
                assert stored(admin, tile) == drawn(admin, tile_query(CAMERAS, "pub", tile, DAY, staff=False))
    merged(settings)
    assert admin.execute("SELECT count(*) FROM ops.point_delta WHERE layer = 'cameras'").fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM ops.point_count WHERE n <= 0").fetchone() == (0,)


@pytest.mark.usefixtures("planned")
def test_edits_while_the_counts_are_made_are_counted_once(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    stop = threading.Event()

    def write() -> None:
        with closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as writer:
            chance = random.Random(3)
            while not stop.is_set():
                writer.execute(chance.choice(EDITS).replace("{some}", SOME), {"codes": CODES})

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        make_plan(builder, CAMERAS, DAY, lambda _: None)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for tile in tiles():
        assert stored(admin, tile) == drawn(admin, tile_query(CAMERAS, "pub", tile, DAY, staff=False))


@pytest.mark.usefixtures("planned")
def test_staff_see_the_restricted_rows_counted_and_nobody_else_does(
    settings: Settings, admin: psycopg.Connection
) -> None:
    admin.execute(f"UPDATE core.cameras SET visibility = 1 WHERE id IN {SOME}")
    admin.execute(f"UPDATE core.cameras SET visibility = 2 WHERE id IN {SOME} AND visibility = 0")
    secret = dict(admin.execute("SELECT visibility, count(*) FROM core.cameras GROUP BY 1").fetchall())
    ids = [row[0] for row in admin.execute("SELECT id FROM core.cameras WHERE visibility > 0")]
    assert sum(n for vis, n in secret.items() if vis) >= 4
    with closing(psycopg.connect(settings.role_dsn("diaban_public"))) as public:
        for zoom in COUNTED:
            found = [each for tile in tiles_of(BOX, zoom) for each in stored(public, tile) or []]
            assert total(found) == secret[0]
            assert not {each[1] for each in found} & set(ids)
    for clearance, seen in ((1, secret[0] + secret.get(1, 0)), (2, 1500)):
        with closing(psycopg.connect(settings.role_dsn("diaban_reader"))) as reader:
            claims = f'{{"sub": "x", "clearance": {clearance}, "units": []}}'
            reader.execute("SELECT set_config('diaban.claims', %s, true)", [claims])
            found = [each for tile in tiles_of(BOX, 9) for each in stored(reader, tile, staff=True) or []]
            assert total(found) == seen


REPORT = """
INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)
VALUES (ST_SetSRID(ST_MakePoint(105.61234, 10.45678), 4326), 'R1', 'x', 'new', 'web', now(), 'x')
"""


def test_counts_tell_no_more_of_a_place_than_its_public_copy(admin: psycopg.Connection) -> None:
    admin.execute("TRUNCATE core.reports CASCADE")
    admin.execute(REPORT)
    told = admin.execute("SELECT px, py FROM ops.point_delta WHERE layer = 'reports'").fetchall()
    place = "SELECT ops.grid(ST_X({0})), ops.grid(-ST_Y({0})) FROM {1}.reports"
    assert told == admin.execute(place.format("geom_3857", "pub")).fetchall()
    assert told != admin.execute(place.format("geom_3857", "core")).fetchall()


@pytest.mark.usefixtures("planned")
def test_an_emptied_layer_counts_nothing(admin: psycopg.Connection) -> None:
    admin.execute("TRUNCATE core.cameras CASCADE")
    assert all(stored(admin, tile) == [] for tile in tiles())
    admin.execute(ADD, {"codes": CODES, "rows": 2})
    assert total([each for tile in tiles_of(BOX, 8) for each in stored(admin, tile) or []]) == 2


@pytest.mark.usefixtures("planned")
def test_where_the_plan_counts_no_more_the_rows_are_drawn(admin: psycopg.Connection) -> None:
    tile = next(tiles_of(BOX, 9))
    assert stored(admin, tile)
    admin.execute("DELETE FROM ops.ladder WHERE layer = 'cameras'")
    assert stored(admin, tile) is None


def work(settings: Settings) -> dict[str, bool]:
    with closing(psycopg.connect(settings.role_dsn("diaban_pump"))) as connection:
        return {name: plan for name, plan in connection.execute(keeper.WORK, {"on": DAY}) if plan}


def test_a_plan_is_made_when_a_layer_is_large_and_again_when_it_has_grown_or_is_described_otherwise(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection
) -> None:
    admin.execute("TRUNCATE core.cameras CASCADE")
    admin.execute("DELETE FROM ops.ladder WHERE layer = 'cameras'")

    def after(rows: int) -> bool:
        admin.execute(ADD, {"codes": CODES, "rows": rows})
        admin.execute("ANALYZE pub.cameras")
        return "cameras" in work(settings)

    assert not after(900)
    assert after(200)
    make_plan(builder, CAMERAS, DAY, lambda _: None)
    assert "cameras" not in work(settings)
    assert not after(400)
    assert after(400)
    make_plan(builder, CAMERAS, DAY, lambda _: None)
    assert "cameras" not in work(settings)
    described = "UPDATE ops.layer SET description = jsonb_set(description, '{legend}', %s::jsonb)"
    before = admin.execute("SELECT description->'legend' FROM ops.layer WHERE name = 'cameras'").fetchone()
    assert before
    admin.execute(described + " WHERE name = 'cameras'", ['{"field": "status", "shape": "circle"}'])
    assert "cameras" in work(settings)
    admin.execute(described + " WHERE name = 'cameras'", [json.dumps(before[0])])
    assert "cameras" not in work(settings)
