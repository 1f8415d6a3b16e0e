"""The demonstration in a database: all of it, projected, labelled, and never over rows that are there."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import geopandas as gpd
import pytest
import shapely

from etl import demo, wards
from etl.copy import copy_rows
from geo.datasets.names import OWNER
from layers.registry import load as load_layers
from tests.etl.province import units

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from geo.settings import Settings

COUNTS = {"admin_units": 407, "land_use": 20_000, "farms": 500, "cameras": 400, "reports": 50_000}


@pytest.fixture(scope="module")
def loaded(settings: Settings) -> tuple[demo.DemoSummary, list[tuple[float, str]]]:
    steps: list[tuple[float, str]] = []
    return demo.load(settings, lambda share, remark="": steps.append((share, remark))), steps


def count(admin: psycopg.Connection, table: str, where: str = "true") -> int:
    row = admin.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()
    assert row is not None
    return int(row[0])


def test_everything_is_there(
    loaded: tuple[demo.DemoSummary, list[tuple[float, str]]], admin: psycopg.Connection
) -> None:
    summary, _ = loaded
    assert COUNTS.items() <= summary.loaded.items() and summary.kept == ()
    for name, rows in summary.loaded.items():
        assert count(admin, f"core.{name}") == rows
        public = count(admin, f"core.{name}", "visibility = 0")
        assert count(admin, f"pub.{name}") == public


def test_progress_only_moves_forward(loaded: tuple[demo.DemoSummary, list[tuple[float, str]]]) -> None:
    shares = [share for share, _ in loaded[1]]
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) > 10


def test_every_old_unit_has_successors_that_take_over_its_ground(
    loaded: object, admin: psycopg.Connection
) -> None:
    shares = admin.execute(
        "SELECT from_unit, array_agg(DISTINCT kind), sum(share_area)"
        " FROM core.admin_succession GROUP BY from_unit"
    ).fetchall()
    assert len(shares) == count(admin, "core.admin_units", "valid_to IS NOT NULL")
    for unit, kinds, share in shares:
        assert len(kinds) == 1, unit
        assert share == pytest.approx(1, abs=0.01), unit
    assert {kind for _, kinds, _ in shares for kind in kinds} == {"whole", "part"}


def test_personal_data_lie_apart(loaded: object, admin: psycopg.Connection) -> None:
    assert count(admin, "private.farms", "owner_name IS NOT NULL") == 500
    assert 30_000 < count(admin, "private.reports") < 40_000
    assert count(admin, "private.reports", "reporter_name IS NULL") == 0


def test_layers_are_labelled(loaded: object, admin: psycopg.Connection) -> None:
    notes = dict(admin.execute("SELECT name, note FROM ops.layer").fetchall())
    assert "gần đúng" in notes["admin_units"]["vi"]
    assert all(notes[name]["vi"] and notes[name]["en"] for name in load_layers())


def test_statistics_are_fresh(loaded: object, admin: psycopg.Connection) -> None:
    row = admin.execute("SELECT reltuples FROM pg_class WHERE oid = 'core.reports'::regclass").fetchone()
    assert row is not None and row[0] == 50_000


def test_sensitive_reports_stay_inside(loaded: object, admin: psycopg.Connection) -> None:
    assert count(admin, "pub.reports", "category IN ('ANTT', 'HC')") == 0
    assert count(admin, "core.reports", "category IN ('ANTT', 'HC')") > 1_000


def test_a_second_load_leaves_all_as_it_is(
    loaded: object, settings: Settings, admin: psycopg.Connection
) -> None:
    admin.execute("DELETE FROM core.cameras WHERE id IN (SELECT id FROM core.cameras LIMIT 10)")
    started = time.process_time()
    again = demo.load(settings)
    assert time.process_time() - started < 10
    assert again.loaded == {} and len(again.kept) == 7
    assert count(admin, "core.cameras") == 390


def test_real_wards_take_the_place_of_the_approximation(
    loaded: object, settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    now = units()[units()["valid_to"].isna()]
    file = tmp_path / "wards.geojson"
    now[["code", "name", "province_code", "geometry"]].rename(columns={"code": "ward_code"}).to_file(file)
    assert wards.load(settings, file, "82") == 102
    assert count(admin, "core.admin_units") == count(admin, "pub.admin_units") == 102
    assert count(admin, "ops.layer", "name = 'admin_units' AND note IS NULL") == 1
    assert count(admin, "core.reports") == 50_000


def test_one_bad_row_and_nothing_lands(settings: Settings, admin: psycopg.Connection) -> None:
    layer = load_layers()["cameras"]
    before = count(admin, "core.cameras")
    frame = gpd.GeoDataFrame(
        {"name": ["a", None], "kind": "traffic", "status": "online"},
        geometry=shapely.points([[105.6, 10.4], [105.7, 10.4]]),
        crs="EPSG:4326",
    )
    with pytest.raises(Exception, match="name"), admin.transaction():
        admin.execute(OWNER)
        copy_rows(admin, layer, frame)
    assert count(admin, "core.cameras") == before


def test_ids_are_given_out_where_personal_data_need_one(
    settings: Settings, admin: psycopg.Connection
) -> None:
    layer = load_layers()["farms"]
    frame = gpd.GeoDataFrame(
        {"name": ["Vườn thử"], "crop": ["mango"], "owner_name": ["Nguyễn Văn Thử"]},
        geometry=shapely.points([[105.6, 10.4]]),
        crs="EPSG:4326",
    )
    with admin.transaction():
        admin.execute(OWNER)
        copy_rows(admin, layer, frame)
    row = admin.execute(
        "SELECT owner_name FROM private.farms JOIN core.farms USING (id) WHERE name = 'Vườn thử'"
    ).fetchone()
    assert row == ("Nguyễn Văn Thử",)


def test_notes_are_json(loaded: object, admin: psycopg.Connection) -> None:
    row = admin.execute("SELECT note::text FROM ops.layer WHERE name = 'zoning'").fetchone()
    assert row is not None and set(json.loads(row[0])) == {"vi", "en"}
