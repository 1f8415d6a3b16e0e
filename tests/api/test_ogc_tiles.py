"""OGC API Tiles: what OGC's executable tests of Tiles 1.0 assert, and that the tiles are those of /tiles."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import psycopg
import pytest

from api.ogc import published
from api.ogc.tiles.matrix import definition, limits, within
from tests.api.ogc_ground import SOUTH, WEST, put_rows
from tests.conftest import settled

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
MVT = "application/vnd.mapbox-vector-tile"
CAMERAS = "/ogc/collections/cameras/tiles/WebMercatorQuad"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def get(client: TestClient, path: str, **params: str) -> dict[str, Any]:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def link(document: dict[str, Any], rel: str) -> dict[str, Any]:
    return next(one for one in document["links"] if one["rel"] == rel)


def filled(template: str, matrix: object, row: object, column: object) -> str:
    return template.format(tileMatrix=matrix, tileRow=row, tileCol=column).removeprefix("http://testserver")


def test_matrices_are_those_of_the_standard() -> None:
    document = definition()
    first, last = document["tileMatrices"][0], document["tileMatrices"][22]
    # OGC 17-083r4, annex D.1.
    assert first["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-12)
    assert first["cellSize"] == pytest.approx(156543.033928041, rel=1e-12)
    assert last["scaleDenominator"] == pytest.approx(133.295598989658, rel=1e-9)
    assert first["pointOfOrigin"] == [-20037508.3427892, 20037508.3427892]
    assert [one["matrixWidth"] for one in document["tileMatrices"]] == [2**z for z in range(23)]


def test_limits_hold_the_bounds_and_no_more() -> None:
    (whole,) = limits((-180.0, -90.0, 180.0, 90.0), 3, 3)
    assert whole == {"tileMatrix": "3", "minTileRow": 0, "maxTileRow": 7, "minTileCol": 0, "maxTileCol": 7}
    (east,) = limits((0.1, 0.1, 10.0, 10.0), 1, 1)
    assert east == {"tileMatrix": "1", "minTileRow": 0, "maxTileRow": 0, "minTileCol": 1, "maxTileCol": 1}
    assert within((0.1, 0.1, 10.0, 10.0), 0, 1, (1, 0, 1))
    assert not within((0.1, 0.1, 10.0, 10.0), 0, 1, (1, 1, 1))
    assert not within((0.1, 0.1, 10.0, 10.0), 0, 1, (2, 1, 2))


def test_the_landing_page_and_each_collection_lead_to_their_tilesets(client: TestClient) -> None:
    landing = get(client, "/ogc")
    assert link(landing, f"{REL}tilesets-vector")["href"].endswith("/ogc/tiles")
    assert link(landing, f"{REL}tiling-schemes")["href"].endswith("/ogc/tileMatrixSets")
    for collection in get(client, "/ogc/collections")["collections"]:
        if collection.get("itemType") == "record":
            continue
        href = link(collection, f"{REL}tilesets-vector")["href"]
        assert href.endswith(f"/collections/{collection['id']}/tiles")
        assert get(client, href)["tilesets"]


def test_matrix_sets_say_enough_to_ask_for_a_tile(client: TestClient) -> None:
    (entry,) = get(client, "/ogc/tileMatrixSets")["tileMatrixSets"]
    item = next(one for one in entry["links"] if one["rel"] == "item")
    assert item["type"] == "application/json" and "WebMercatorQuad" in item["href"]
    assert get(client, item["href"])["uri"] == entry["uri"]
    assert client.get("/ogc/tileMatrixSets/WorldCRS84Quad").status_code == 404


@pytest.mark.parametrize("start", ["/ogc/tiles", "/ogc/collections/cameras/tiles"])
def test_every_step_from_the_list_to_a_tile_and_out_of_its_limits(client: TestClient, start: str) -> None:
    (entry,) = get(client, start)["tilesets"]
    assert entry["dataType"] == "vector" and entry["tileMatrixSetURI"] and entry["crs"]
    for one in entry["links"]:
        # The suite follows each of them and reads JSON.
        assert client.get(one["href"], headers={"Accept": "application/json"}).json()
    tileset = get(client, link(entry, "self")["href"])
    template = link(tileset, "item")
    assert template["templated"] is True and template["type"] == MVT
    for one in tileset["tileMatrixSetLimits"]:
        inside = client.get(filled(template["href"], one["tileMatrix"], one["maxTileRow"], one["minTileCol"]))
        assert inside.status_code in (200, 204), inside.text
        if one["maxTileRow"] + 1 < 2 ** int(one["tileMatrix"]):
            outside = filled(template["href"], one["tileMatrix"], one["maxTileRow"] + 1, one["minTileCol"])
            assert client.get(outside).status_code == 404
    worst = client.get(filled(template["href"], 10, 2**31 - 1, 2**31 - 1))
    assert worst.status_code == 400
    assert worst.json()["parameter"] in ("tileRow", "tileCol")


def test_a_tileset_tells_what_its_layers_hold(client: TestClient) -> None:
    tileset = get(client, CAMERAS, lang="en")
    (layer,) = tileset["layers"]
    assert (layer["id"], layer["geometryDimension"], layer["title"]) == ("cameras", 0, "Cameras")
    properties = layer["propertiesSchema"]["properties"]
    assert properties["heading_deg"] == {"title": "Heading", "type": "number", "x-ogc-unit": "°"}
    assert "stream_url" not in properties
    box = tileset["boundingBox"]
    assert box["lowerLeft"] == pytest.approx([WEST, SOUTH])
    assert box["upperRight"] == pytest.approx([WEST + 0.024, SOUTH + 0.024])
    assert {one["tileMatrix"] for one in tileset["tileMatrixSetLimits"]} == {str(z) for z in range(7, 15)}


def test_the_tile_is_that_of_the_tile_room_with_its_tag(client: TestClient) -> None:
    (limit,) = [one for one in get(client, CAMERAS)["tileMatrixSetLimits"] if one["tileMatrix"] == "12"]
    row, column = limit["minTileRow"], limit["minTileCol"]
    ours = client.get(f"{CAMERAS}/12/{row}/{column}")
    theirs = client.get(f"/tiles/cameras/12/{column}/{row}.mvt")
    assert ours.status_code == 200 and ours.headers["content-type"] == MVT
    assert ours.content == theirs.content and ours.headers["etag"] == theirs.headers["etag"]
    assert mapbox_vector_tile.decode(ours.content)["cameras"]["features"]
    again = client.get(f"{CAMERAS}/12/{row}/{column}", headers={"If-None-Match": ours.headers["etag"]})
    assert again.status_code == 304


def test_a_new_row_outside_the_known_extent_is_drawn_all_the_same(
    client: TestClient, admin: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "EXTENT_AGE_S", math.inf)  # however long this test takes
    path = f"{CAMERAS}/8/{2**7 - 12}/{2**7 + 76}"
    assert client.get(path).status_code == 404
    admin.execute(
        "INSERT INTO core.cameras (geom, visibility, unit, name, kind, status)"
        " SELECT ST_Centroid(ST_Transform(ST_TileEnvelope(8, %s, %s), 4326)), 0, unit, 'xa', kind, status"
        " FROM core.cameras LIMIT 1",
        [2**7 + 76, 2**7 - 12],
    )
    settled(client, lambda: client.get(path).status_code == 200)
    admin.execute("DELETE FROM core.cameras WHERE name = 'xa'")


def test_rights_are_those_of_tiles(client: TestClient, operator: dict[str, str]) -> None:
    (limit,) = [one for one in get(client, CAMERAS)["tileMatrixSetLimits"] if one["tileMatrix"] == "14"]
    path = f"{CAMERAS}/14/{limit['maxTileRow']}/{limit['minTileCol']}"

    def seen(headers: dict[str, str]) -> tuple[int, bool]:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        features = mapbox_vector_tile.decode(answer.content)["cameras"]["features"]
        return len(features), any("kín" in str(one["properties"].get("name")) for one in features)

    everyone, secret = seen({})
    assert not secret
    assert seen(operator) == (everyone + 2, True)


def test_a_day_goes_on_from_the_tileset_into_its_tiles(client: TestClient) -> None:
    root = "/ogc/collections/admin_units/tiles/WebMercatorQuad"
    tileset = get(client, root, datetime="2020-01-01")
    template = link(tileset, "item")["href"]
    assert template.endswith("?datetime=2020-01-01")
    (limit,) = [one for one in tileset["tileMatrixSetLimits"] if one["tileMatrix"] == "12"]
    tile = client.get(filled(template, 12, limit["minTileRow"], limit["minTileCol"]))
    names = {
        one["properties"]["name"]
        for one in mapbox_vector_tile.decode(tile.content)["admin_units"]["features"]
    }
    assert names == {"Phường 1"}
    wrong = client.get(root, params={"datetime": "hôm qua"})
    assert wrong.status_code == 400 and wrong.json()["parameter"] == "datetime"


def test_of_the_dataset_a_reader_chooses_collections(client: TestClient) -> None:
    root = "/ogc/tiles/WebMercatorQuad"
    chosen = get(client, root, collections="reports,cameras")
    assert {one["id"] for one in chosen["layers"]} >= {"reports", "cameras"}
    template = link(chosen, "item")["href"]
    assert template.endswith("?collections=reports,cameras")
    (limit,) = [one for one in chosen["tileMatrixSetLimits"] if one["tileMatrix"] == "9"]
    place = (9, limit["maxTileRow"], limit["minTileCol"])
    assert set(mapbox_vector_tile.decode(client.get(filled(template, *place)).content)) == {
        "reports",
        "cameras",
    }
    for wrong in ("cameras,nothing", "cameras,cameras", ""):
        answer = client.get(root, params={"collections": wrong})
        assert answer.status_code == 400 and answer.json()["parameter"] == "collections"


@pytest.mark.parametrize(
    ("path", "status", "parameter"),
    [
        (f"{CAMERAS}/x/0/0", 400, "tileMatrix"),
        (f"{CAMERAS}/23/0/0", 400, "tileMatrix"),
        (f"{CAMERAS}/2/4/0", 400, "tileRow"),
        (f"{CAMERAS}/2/0/-1", 400, "tileCol"),
        (f"{CAMERAS}/2/0/0?bbox=1,2,3,4", 400, "bbox"),
        (f"{CAMERAS}/2/0/0?f=png", 400, "f"),
        ("/ogc/collections/cameras/tiles/WorldCRS84Quad/2/0/0", 404, None),
        ("/ogc/collections/nothing/tiles", 404, None),
        ("/ogc/collections/nothing/tiles/WebMercatorQuad/2/0/0", 404, None),
        ("/ogc/tiles?limit=1", 400, "limit"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, path: str, status: int, parameter: str | None) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("parameter") == parameter


def test_pages_for_people_in_both_languages(client: TestClient) -> None:
    for path in ("/ogc/tiles", "/ogc/tileMatrixSets", "/ogc/tileMatrixSets/WebMercatorQuad", CAMERAS):
        page = client.get(path, headers={"Accept": "text/html"})
        assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
        assert page.headers["content-language"] == "vi" and "diaban.invalid" not in page.text
        english = client.get(path, headers={"Accept": "text/html", "Accept-Language": "en"})
        assert english.headers["content-language"] == "en"
    assert "Camera giám sát" in client.get(CAMERAS, params={"f": "html"}).text
    assert get(client, "/ogc/tiles")["tilesets"][0]["title"] == "Mọi lớp dữ liệu"


def test_the_api_definition_names_the_operations_as_the_standard_does(client: TestClient) -> None:
    paths = client.get("/ogc/openapi").json()["paths"]
    named = {op["get"]["operationId"]: path for path, op in paths.items() if "get" in op}
    assert named["collection.vector.getTile"] == (
        "/collections/{tiledCollectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}"
    )
    for suffix in ("getTileSetsList", "getTileSet", "getTile"):
        assert f"dataset.vector.{suffix}" in named
    for path, operation in paths.items():
        if "tile" not in path.lower():
            continue
        wanted = set(re.findall(r"{(\w+)}", path))
        given = {
            ref["$ref"].rsplit("/", 1)[1] for ref in operation["get"].get("parameters", ()) if "$ref" in ref
        }
        assert wanted <= given, path


def test_the_classes_are_declared(client: TestClient) -> None:
    declared = set(get(client, "/ogc/conformance")["conformsTo"])
    for name in ("core", "tileset", "tilesets-list", "dataset-tilesets", "geodata-tilesets", "mvt", "oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}" in declared
    assert json.dumps(sorted(declared))


def test_a_filter_goes_on_from_the_tileset_into_its_tiles(client: TestClient) -> None:
    template = link(get(client, CAMERAS, filter="heading_deg < 5"), "item")["href"]
    (limit,) = [one for one in get(client, CAMERAS)["tileMatrixSetLimits"] if one["tileMatrix"] == "14"]
    found = set()
    for row in range(limit["minTileRow"], limit["maxTileRow"] + 1):
        for column in range(limit["minTileCol"], limit["maxTileCol"] + 1):
            tile = client.get(filled(template, 14, row, column))
            layers = mapbox_vector_tile.decode(tile.content) if tile.content else {}
            for one in layers.get("cameras", {}).get("features", ()):
                found.add(one["properties"]["heading_deg"])
    assert found == {0, 1, 2, 3, 4}
    hidden = client.get(f"{CAMERAS}/14/{limit['maxTileRow']}/{limit['minTileCol']}?filter=stream_url IS NULL")
    assert hidden.status_code == 400 and hidden.json()["parameter"] == "filter"
