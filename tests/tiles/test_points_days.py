"""Points whose rows have valid time: what is stored counts today's rows and answers for no other day."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from geo.publish import publish_folders
from layers.registry import BUILT_IN, load
from tests.tiles.test_points import BOX, CODES, COUNTED, DAY, builder, drawn, merged, total
from tiles.ground import tiles_of
from tiles.ladder import keeper
from tiles.ladder.plan import make_plan
from tiles.ladder.points import recount
from tiles.points import EXACT_POINTS_ZOOM
from tiles.query import counted_query, tile_query

if TYPE_CHECKING:
    from pathlib import Path

    from geo.settings import Settings
    from geo.types import TileId
    from layers.description import Layer

__all__ = ["builder"]

DAYS = [DAY + timedelta(days=n) for n in range(-3, 4)]
TURN = DAY + timedelta(days=24)
# Most hold for long; some turn around the day, in one direction or the other.
ADD = """
INSERT INTO core.stalls (geom, name, kind, status, valid_from, valid_to)
SELECT ST_SetSRID(ST_MakePoint(105.5 + 0.4 * random(), 10.3 + 0.3 * random()), 4326), 'C' || g,
       (%(codes)s::text[])[1 + floor(random() * 4)::int], 'online',
       CASE WHEN random() < 0.5 THEN %(day)s::date - %(far)s + floor(random() * 3)::int
            ELSE '2020-01-01' END,
       CASE WHEN random() < 0.5 THEN %(day)s::date + %(far)s + 3 + floor(random() * 3)::int END
  FROM generate_series(1, %(rows)s) AS g
"""
EDITS = (
    ADD,
    "UPDATE core.stalls SET geom = ST_Translate(geom, 0.01, 0.003) WHERE id IN {some}",
    "UPDATE core.stalls SET valid_from = %(day)s::date - 1 WHERE id IN {some} AND valid_to IS NULL",
    "UPDATE core.stalls SET valid_to = %(day)s::date + 2 WHERE id IN {some} AND valid_from < %(day)s",
    "UPDATE core.stalls SET visibility = (visibility + 1) %% 3 WHERE id IN {some}",
    "DELETE FROM core.stalls WHERE id IN {some}",
)
IN_FORCE = "SELECT count(*) FROM {} WHERE coalesce(valid_from <= %s, true) AND coalesce(valid_to > %s, true)"
SOME = "(SELECT id FROM core.stalls ORDER BY random() LIMIT 4)"


@pytest.fixture(scope="module")
def stalls(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Layer:
    """The cameras' description with valid time, published under a name of its own."""
    folders: Path = tmp_path_factory.mktemp("layers")
    shutil.copytree(BUILT_IN / "cameras", folders / "stalls")
    file = folders / "stalls/layer.yaml"
    described = file.read_text(encoding="utf-8").replace("name: cameras\n", "name: stalls\n")
    file.write_text(f"{described}\nvalid_time: true\n", encoding="utf-8")
    publish_folders(settings, [folders])
    return load((folders,))["stalls"]


@pytest.fixture
def planned(admin: psycopg.Connection, builder: psycopg.Connection, stalls: Layer) -> Layer:
    admin.execute("TRUNCATE core.stalls CASCADE")
    admin.execute(ADD, {"codes": CODES, "day": DAY, "far": 20, "rows": 1500})
    make_plan(builder, stalls, DAY, lambda _: None)
    return stalls


def tiles() -> list[TileId]:
    return [tile for zoom in (8, 11) for tile in tiles_of(BOX, zoom)]


def agrees(admin: psycopg.Connection, layer: Layer, day: date) -> bool:
    """Whether counts of the day are stored; then they must be what its rows give."""
    answers = []
    for tile in tiles():
        stored = drawn(admin, counted_query(layer, tile, day, staff=False))
        answers.append(stored is not None)
        live = drawn(admin, tile_query(layer, "pub", tile, day, staff=False))
        assert stored is None or stored == live
    assert len(set(answers)) == 1
    return answers[0]


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_the_day_after_any_edits_merged_or_not(
    settings: Settings, admin: psycopg.Connection, planned: Layer, seed: int
) -> None:
    chance = random.Random(seed)
    assert all(agrees(admin, planned, day) for day in DAYS)
    for _ in range(4):
        for _ in range(3):
            bound = {"codes": CODES, "day": DAY, "far": chance.choice((0, 1, 2, 20)), "rows": 3}
            admin.execute(chance.choice(EDITS).replace("{some}", SOME), bound)
            if chance.random() < 0.4:
                merged(settings, "stalls")
        assert agrees(admin, planned, DAY)
        for day in DAYS:
            agrees(admin, planned, day)
    merged(settings, "stalls")
    assert admin.execute("SELECT count(*) FROM ops.point_delta WHERE layer = 'stalls'").fetchone() == (0,)


def test_when_a_day_turns_rows_are_drawn_until_they_are_counted_anew(
    settings: Settings, admin: psycopg.Connection, builder: psycopg.Connection, planned: Layer
) -> None:
    def behind() -> bool:
        with closing(psycopg.connect(settings.role_dsn("diaban_pump"))) as pump:
            return ("stalls", False) in pump.execute(keeper.WORK, {"on": TURN}).fetchall()

    assert agrees(admin, planned, DAY) and not agrees(admin, planned, TURN)
    assert behind()
    assert recount(builder, planned, TURN)
    assert agrees(admin, planned, TURN) and not agrees(admin, planned, DAY)
    assert not behind() and not recount(builder, planned, TURN)
    (rows,) = admin.execute(IN_FORCE.format("pub.stalls"), [TURN, TURN]).fetchone() or (0,)
    for zoom in COUNTED:
        found = [
            drawn(admin, counted_query(planned, tile, TURN, staff=False)) for tile in tiles_of(BOX, zoom)
        ]
        assert sum(total(each) for each in found if each) == rows > 0


def test_another_day_is_counted_live_wherever_today_is_counted(
    admin: psycopg.Connection, planned: Layer
) -> None:
    (rows,) = admin.execute(IN_FORCE.format("pub.stalls"), [TURN, TURN]).fetchone() or (0,)
    near = list(tiles_of(BOX, EXACT_POINTS_ZOOM))
    live = [drawn(admin, tile_query(planned, "pub", tile, TURN, staff=False, counted=True)) for tile in near]
    assert sum(total(each) for each in live if each) == rows > 0


def test_staff_have_the_restricted_rows_of_the_day(
    settings: Settings, admin: psycopg.Connection, planned: Layer
) -> None:
    admin.execute(f"UPDATE core.stalls SET visibility = 1, valid_to = %s WHERE id IN {SOME}", [DAY])
    admin.execute(f"UPDATE core.stalls SET visibility = 1, valid_to = NULL WHERE id IN {SOME}")
    (seen,) = admin.execute(IN_FORCE.format("core.stalls"), [DAY, DAY]).fetchone() or (0,)
    with closing(psycopg.connect(settings.role_dsn("diaban_reader"))) as reader:
        claims = '{"sub": "x", "clearance": 1, "units": []}'
        reader.execute("SELECT set_config('diaban.claims', %s, true)", [claims])
        found = [drawn(reader, counted_query(planned, tile, DAY, staff=True)) for tile in tiles_of(BOX, 9)]
        assert sum(total(each) for each in found if each) == seen
