"""The list of layers, their pages, and a made-up layer that shows on every door from its folder alone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import psycopg
import pytest

from geo.publish import publish_folders
from tests.conftest import settled

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from geo.settings import Settings

BUILT_IN = ["admin_units", "land_use", "zoning", "crop_areas", "farms", "cameras", "reports"]
WELLS = """
name: wells
order: 65
title: {vi: Giếng khoan <b>, en: Wells}
description: {vi: Giếng nước ngầm, en: Groundwater wells}
owner: {vi: Sở thử nghiệm, en: Test department}
licence: {vi: Mở, en: Open}
approximate: {vi: Dữ liệu minh hoạ, en: For demonstration}
geometry: Point
label: name
tiles: {min_zoom: 8, max_zoom: 13}
legend: {field: state, shape: circle}
fields:
  - {name: name, type: text, title: {vi: Tên giếng, en: Well}, required: true, search: true, tile: true}
  - {name: state, type: text, title: {vi: Tình trạng, en: State}, codes: states}
  - {name: depth_m, type: number, title: {vi: Độ sâu, en: Depth}, unit: m}
  - {name: keeper, type: text, title: {vi: Người giữ, en: Keeper}, visible: staff}
"""
STATES = """
- {code: in_use, title: {vi: Đang dùng, en: In use}, color: "#0072b2"}
- {code: closed, title: {vi: Đã đóng, en: Closed}, color: "#999999"}
"""


def test_the_built_in_layers_in_order(client: TestClient) -> None:
    layers = client.get("/api/layers").json()["layers"]
    assert [each["name"] for each in layers] == BUILT_IN
    farms = next(each for each in layers if each["name"] == "farms")
    assert farms["links"]["items"] == "http://testserver/ogc/collections/farms/items"
    assert {"value", "label", "color", "shape"} == set(farms["legend"][0])
    assert re.fullmatch("#[0-9a-f]{6}", farms["legend"][0]["color"])
    names = {each["name"] for each in farms["fields"]}
    assert "name" in names and not names & {"address", "owner_name", "owner_id_number"}


def test_fields_for_staff_are_told_to_staff(client: TestClient, staff: dict[str, str]) -> None:
    layers = client.get("/api/layers", headers=staff).json()["layers"]
    names = {each["name"] for each in next(each for each in layers if each["name"] == "farms")["fields"]}
    assert "address" in names and "owner_name" not in names


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_page_for_each_layer(client: TestClient, staff: dict[str, str], name: str) -> None:
    page = client.get(f"/docs/layers/{name}")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert client.get(f"/docs/layers/{name}", headers=staff).text == page.text
    # What the content security policy forbids, and what would need a third party.
    assert not re.search(
        r"<script|<style|\sstyle=|\son[a-z]+=|(?:src|href)=\"https?://(?!testserver)", page.text
    )
    assert f"http://testserver/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt" in page.text
    assert f'href="http://testserver/ogc/collections/{name}/items?f=json' in page.text
    for word in ("owner_phone", "stream_url", "reporter_name"):
        assert word not in page.text


def test_pages_and_their_style_sheet(client: TestClient) -> None:
    page = client.get("/docs/layers").text
    assert all(f'href="/docs/layers/{name}"' in page for name in BUILT_IN)
    (sheet,) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page)
    assert client.get(sheet).headers["content-type"].startswith("text/css")


def test_an_unknown_page_lists_the_layers(client: TestClient) -> None:
    answer = client.get("/docs/layers/<script>")
    assert answer.status_code == 404 and "zoning" in answer.json()["detail"]


def wells(folder: Path) -> Path:
    (folder / "wells" / "codes").mkdir(parents=True)
    (folder / "wells" / "layer.yaml").write_text(WELLS, encoding="utf-8")
    (folder / "wells" / "codes" / "states.yaml").write_text(STATES, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def well(client: TestClient, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The id of one well in a layer that exists as a folder only."""
    publish_folders(settings, [wells(tmp_path_factory.mktemp("layers"))])
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        row = admin.execute(
            "INSERT INTO core.wells (geom, name, state, depth_m, keeper) VALUES"
            " (ST_SetSRID(ST_MakePoint(105.63, 10.46), 4326), 'Giếng số 7', 'closed', 120.5, 'Ông Tư')"
            " RETURNING id"
        ).fetchone()
    assert row
    settled(client, lambda: client.get("/tiles/wells/13/6499/3856.mvt").status_code == 200)
    return int(row[0])


def test_made_up_layer_in_tiles(client: TestClient, well: int) -> None:
    answer = client.get("/tiles/wells/13/6499/3856.mvt")
    (feature,) = mapbox_vector_tile.decode(answer.content)["wells"]["features"]
    assert (feature["id"], feature["properties"]) == (well, {"name": "Giếng số 7", "state": "closed"})
    document = client.get("/tiles/wells.json").json()
    assert document["vector_layers"][0]["fields"]["state"] == "Tình trạng (chữ) · State (text)"
    assert "Sở thử nghiệm" in document["attribution"]


def test_made_up_layer_in_styles(client: TestClient, well: int) -> None:
    assert well
    for name in ("wells", "map"):
        style = client.get(f"/styles/{name}.json").json()
        parts = [each for each in style["layers"] if each["source"] == "wells"]
        assert all(each["id"].startswith("wells:") for each in parts)
        # One for each well, and from afar circles with the number of wells.
        (drawn,) = [each for each in parts if "cluster" not in each["id"]]
        assert [each["type"] for each in parts if each is not drawn] == ["circle", "symbol"]
        assert drawn["type"] == "circle"
        assert drawn["paint"]["circle-color"][2:6] == ["in_use", "#0072b2", "closed", "#999999"]
        assert style["sources"]["wells"]["url"].endswith("/tiles/wells.json")


def test_made_up_layer_in_the_list_and_on_its_page(client: TestClient, well: int) -> None:
    assert well
    found = client.get("/api/layers").json()["layers"]
    assert [each["name"] for each in found][5] == "wells"
    described = found[5]
    assert described["approximate"]["en"] == "For demonstration"
    assert [each["value"] for each in described["legend"]] == ["in_use", "closed"]
    page = client.get("/docs/layers/wells").text
    assert "Giếng khoan &lt;b&gt;" in page and "<b>" not in page
    assert '<rect width="26" height="16" fill="#0072b2">' in page
    assert "Dữ liệu minh hoạ" in page and "Người giữ" not in page
    assert "/docs/layers/wells" in client.get("/docs/layers").text


def test_made_up_layer_in_search_and_at_its_place(client: TestClient, well: int) -> None:
    (hit,) = client.get("/api/search?q=gieng so 7").json()["results"]
    assert (hit["layer"], hit["id"], hit["subtitle"]["vi"]) == ("wells", well, "Đã đóng")
    (layer,) = client.get("/api/at?lon=105.63&lat=10.46").json()["results"]
    (feature,) = layer["features"]
    assert {row["name"]: row["value"] for row in feature["rows"]} == {
        "name": "Giếng số 7",
        "state": {"vi": "Đã đóng", "en": "Closed"},
        "depth_m": {"vi": "120,5", "en": "120.5"},
    }
    assert layer["approximate"] == {"vi": "Dữ liệu minh hoạ", "en": "For demonstration"}
    assert "Ông Tư" not in json.dumps(layer, ensure_ascii=False)


def test_addresses_follow_the_public_url(settings: Any, app: Any, client: TestClient) -> None:
    app.state.settings = settings.model_copy(update={"public_url": "https://bando.example.vn/"})
    try:
        assert (
            client.get("/tiles/farms.json")
            .json()["tiles"][0]
            .startswith("https://bando.example.vn/tiles/farms/")
        )
        links = client.get("/api/layers").json()["layers"][0]["links"]
        assert links["page"] == "https://bando.example.vn/docs/layers/admin_units"
    finally:
        app.state.settings = settings
