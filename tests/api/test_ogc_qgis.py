"""QGIS reads the layers: its own OAPIF provider, without a window, against the served application."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pyproj import Transformer

from geo.features import COUNT_LIMIT
from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from geo.settings import Settings

# QGIS belongs to the Python that Debian packages it for.
PYTHON = "/usr/bin/python3"
READER = Path(__file__).with_name("qgis_reads.py")
BOX = [WEST - 0.0005, SOUTH - 0.0005, WEST + 0.0045, SOUTH + 0.0045]
QUESTIONS: dict[str, dict[str, Any]] = {
    "everything": {"layer": "cameras"},
    "paged": {"layer": "cameras", "uri": {"pageSize": "7"}},
    "box": {"layer": "cameras", "rect": BOX},
    "view": {"layer": "cameras", "rect": BOX, "uri": {"restrictToRequestBBOX": "1"}},
    "subset": {"layer": "cameras", "subset": "\"name\" = 'Camera 07'"},
    "expression": {"layer": "cameras", "expression": "\"name\" LIKE 'Camera 1%'"},
    "metres": {"layer": "cameras", "crs": "EPSG:3405", "expression": "\"name\" = 'Camera 07'"},
    "polygons": {"layer": "admin_units"},
    "large": {"layer": "reports", "label": "code", "uri": {"pageSize": "5000"}},
    "none": {"layer": "no_such_layer"},
}
LARGE = COUNT_LIMIT + 500


def has_qgis() -> bool:
    command = [PYTHON, "-c", "import qgis.core"]
    return Path(PYTHON).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not has_qgis(), reason="QGIS is not installed (Debian: python3-qgis)")


@pytest.fixture(scope="module")
def answers(settings: Settings, request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        put_many(connection)
    root = f"{request.getfixturevalue('live_server')}/ogc"
    command = [PYTHON, str(READER), root, json.dumps(QUESTIONS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("ANSWERS ")]
    assert lines, done.stderr[-2000:]
    found: dict[str, dict[str, Any]] = json.loads(lines[0].removeprefix("ANSWERS "))
    return found


def put_many(connection: psycopg.Connection) -> None:
    """More reports than are counted for a filter."""
    connection.execute(
        "INSERT INTO core.reports"
        " (geom, visibility, unit, code, category, status, channel, received_at, h3_9)"
        " SELECT geom, visibility, unit, 'many ' || i, category, status, channel, received_at, h3_9"
        " FROM (SELECT * FROM core.reports WHERE visibility = 0 LIMIT 1) r, generate_series(1, %s) i",
        [LARGE],
    )


def names(answer: dict[str, Any]) -> set[str]:
    assert answer["valid"] and not answer["error"], answer
    return {feature[0] for feature in answer["features"]}


@pytest.mark.parametrize("question", ["everything", "paged"])
def test_every_feature_over_all_pages(answers: dict[str, dict[str, Any]], question: str) -> None:
    answer = answers[question]
    assert len(answer["features"]) == len(names(answer)) == answer["count"] == 25
    assert answer["crs"] in ("EPSG:4326", "OGC:CRS84")
    assert "stream_url" not in answer["names"]


def test_a_large_layer_says_how_many_and_gives_them(answers: dict[str, dict[str, Any]]) -> None:
    """Without ``numberMatched`` QGIS shows a layer of no features."""
    answer = answers["large"]
    assert answer["count"] == LARGE + 25
    assert "reporter_phone" not in answer["names"] and "text" not in answer["names"]
    assert len(answer["features"]) == len(names(answer)) == LARGE + 25


@pytest.mark.parametrize("question", ["box", "view"])
def test_a_box(answers: dict[str, dict[str, Any]], question: str) -> None:
    assert names(answers[question]) == {f"Camera {i:02d}" for i in range(5)}


def test_filters(answers: dict[str, dict[str, Any]]) -> None:
    assert names(answers["subset"]) == {"Camera 07"}
    assert names(answers["expression"]) == {f"Camera {i}" for i in range(10, 20)}


def test_places(answers: dict[str, dict[str, Any]]) -> None:
    """In degrees as they lie, and in metres as QGIS turns them: no axis is swapped on the way."""
    (_, lon, lat) = answers["subset"]["features"][0]
    assert (lon, lat) == pytest.approx((WEST + 0.007, SOUTH + 0.007))
    (_, x, y) = answers["metres"]["features"][0]
    there = Transformer.from_crs("EPSG:4326", "EPSG:3405", always_xy=True).transform(lon, lat)
    # QGIS may take another operation between the datums.
    assert (x, y) == pytest.approx(there, abs=300)


def test_polygons_and_vietnamese(answers: dict[str, dict[str, Any]]) -> None:
    assert names(answers["polygons"]) == {"Phường Cao Lãnh <mới>", "Phường 1"}


def test_an_unknown_layer_is_not_valid(answers: dict[str, dict[str, Any]]) -> None:
    assert not answers["none"]["valid"]
