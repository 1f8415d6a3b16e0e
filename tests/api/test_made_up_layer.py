"""A layer is a folder: one that nobody has heard of, put into an empty directory, stands at every door."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import mapbox_vector_tile
import psycopg
import pytest
import yaml

from geo.publish import publish_folders
from tests.conftest import settled

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from geo.settings import Settings

DESCRIPTION = {
    "name": "flood_marks",
    "order": 75,
    "title": {"vi": "Mốc lũ", "en": "Flood marks"},
    "description": {"vi": "Mực nước cao nhất đã ghi", "en": "Highest recorded water level"},
    "owner": {"vi": "Ban chỉ huy phòng chống thiên tai", "en": "Disaster committee"},
    "licence": {"vi": "Dữ liệu mở", "en": "Open data"},
    "geometry": "Point",
    "label": "place",
    "tiles": {"min_zoom": 6, "max_zoom": 15},
    "legend": {"field": "severity", "shape": "circle"},
    "fields": [
        {
            "name": "place",
            "type": "text",
            "title": {"vi": "Địa điểm", "en": "Place"},
            "required": True,
            "search": True,
        },
        {"name": "level_m", "type": "number", "title": {"vi": "Mực nước", "en": "Level"}, "unit": "m"},
        {
            "name": "severity",
            "type": "text",
            "title": {"vi": "Cấp báo động", "en": "Alarm"},
            "codes": "severities",
            "tile": True,
        },
        {
            "name": "gauge_keeper",
            "type": "text",
            "title": {"vi": "Người đo", "en": "Keeper"},
            "visible": "private",
        },
        {"name": "remark", "type": "text", "title": {"vi": "Nhận xét", "en": "Remark"}, "visible": "staff"},
    ],
}
CODES = [
    {"code": "bd1", "title": {"vi": "Báo động 1", "en": "Alarm 1"}, "color": "#ffd166"},
    {"code": "bd3", "title": {"vi": "Báo động 3", "en": "Alarm 3"}, "color": "#c1121f"},
]
STYLE = [{"id": "mark", "type": "circle", "paint": {"circle-color": {"$colors": "severity"}}}]


@pytest.fixture(scope="module")
def door(client: TestClient, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """The running application, after the folder was published beside it; nothing was restarted."""
    before = client.get("/api/layers").json()["layers"]
    assert "flood_marks" not in [layer["name"] for layer in before]
    folder: Path = tmp_path_factory.mktemp("layers") / "flood_marks"
    (folder / "codes").mkdir(parents=True)
    (folder / "layer.yaml").write_text(yaml.safe_dump(DESCRIPTION, allow_unicode=True), encoding="utf-8")
    (folder / "codes" / "severities.yaml").write_text(yaml.safe_dump(CODES), encoding="utf-8")
    (folder / "style.json").write_text(json.dumps(STYLE), encoding="utf-8")
    publish_folders(settings, [folder.parent])
    with psycopg.connect(settings.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO core.flood_marks (geom, place, level_m, severity, remark)"
            " VALUES ('SRID=4326;POINT(105.63 10.46)', 'Cầu Đúc', 2.35, 'bd3', 'chỉ cán bộ')"
        )
    settled(client, lambda: client.get("/ogc/collections/flood_marks?f=json").status_code == 200)
    settled(client, lambda: client.get("/tiles/flood_marks/12/3249/1928.mvt").status_code == 200)
    return client


def test_the_list_of_layers_and_its_legend(door: TestClient) -> None:
    layers = {layer["name"]: layer for layer in door.get("/api/layers").json()["layers"]}
    legend = [(entry["label"]["vi"], entry["color"]) for entry in layers["flood_marks"]["legend"]]
    assert legend == [("Báo động 1", "#ffd166"), ("Báo động 3", "#c1121f")]


def test_its_page_of_documentation(door: TestClient) -> None:
    page = door.get("/docs/layers/flood_marks").text
    assert "Mực nước" in page
    assert "Người đo" not in page
    assert "Nhận xét" not in page


def test_ogc_collection_items_schema_and_queryables(door: TestClient) -> None:
    items = door.get("/ogc/collections/flood_marks/items?f=json").json()
    assert [feature["properties"]["place"] for feature in items["features"]] == ["Cầu Đúc"]
    assert "remark" not in items["features"][0]["properties"]
    queryables = door.get("/ogc/collections/flood_marks/queryables?f=json").json()["properties"]
    assert "level_m" in queryables
    assert not {"remark", "gauge_keeper"} & set(queryables)


def test_tile_tilejson_and_style(door: TestClient) -> None:
    tile = mapbox_vector_tile.decode(door.get("/tiles/flood_marks/12/3249/1928.mvt").content)
    assert tile["flood_marks"]["features"][0]["properties"] == {"place": "Cầu Đúc", "severity": "bd3"}
    assert door.get("/tiles/flood_marks.json").json()["minzoom"] == 6
    style = door.get("/styles/map.json").json()
    paint = next(layer for layer in style["layers"] if layer["id"] == "flood_marks:mark")["paint"]
    assert paint["circle-color"][0] == "match"
    assert paint["circle-color"][-3:-1] == ["bd3", "#c1121f"]


def test_search_and_what_lies_at_a_place(door: TestClient) -> None:
    found = door.get("/api/search?q=cau duc").json()["results"]
    assert [(hit["layer"], hit["title"]) for hit in found] == [("flood_marks", "Cầu Đúc")]
    here = door.get("/api/at?lon=105.63&lat=10.46&tolerance_m=30").json()["results"]
    text = json.dumps(here, ensure_ascii=False)
    assert "Báo động 3" in text
    assert "2,35" in text
    assert "chỉ cán bộ" not in text


def test_staff_see_the_field_for_staff(door: TestClient, staff: dict[str, str]) -> None:
    items = door.get("/ogc/collections/flood_marks/items?f=json", headers=staff).json()
    assert items["features"][0]["properties"]["remark"] == "chỉ cán bộ"
    assert "gauge_keeper" not in json.dumps(items)
