"""What OGC's own tests of Features 1.0 and CRS assert, against the application."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pygeoapi.openapi import validate_openapi_document
from pyproj import Transformer

from geo.publish import publish_folders
from tests.api.ogc_ground import SOUTH, WEST, put_rows
from tests.conftest import settled

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from geo.settings import Settings

CAMERAS = "/ogc/collections/cameras/items"
UNITS = "/ogc/collections/admin_units/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def get(client: TestClient, path: str, **params: object) -> dict[str, Any]:
    answer = client.get(path, params=params)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def links(document: dict[str, Any], rel: str) -> list[dict[str, str]]:
    return [link for link in document["links"] if link["rel"] == rel]


def test_landing_page_names_every_door_and_no_other(client: TestClient) -> None:
    landing = get(client, "/ogc")
    (description,) = links(landing, "service-desc")
    assert description["type"] == "application/vnd.oai.openapi+json;version=3.0"
    for link in landing["links"]:
        if link["href"].startswith("http://testserver/ogc"):
            assert client.get(link["href"]).status_code == 200, link
    assert {link["rel"] for link in landing["links"]} >= {"self", "service-doc", "conformance", "data"}


def test_the_api_definition_is_a_valid_openapi_3_0_that_needs_no_other_host(client: TestClient) -> None:
    answer = client.get("/ogc/openapi")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert document["openapi"].startswith("3.0")
    assert validate_openapi_document(document)
    references = set(re.findall(r'"\$ref": ?"([^"]+)"', answer.text))
    assert references and all(reference.startswith("#/") for reference in references)
    for reference in references:
        target = document
        for part in reference[2:].split("/"):
            target = target[part]
    items = document["paths"]["/collections/cameras/items"]["get"]["parameters"]
    assert not any(part.get("schema", {}).get("additionalProperties") for part in items)
    assert {"$ref": "#/components/parameters/limit"} in items
    assert set(document["paths"]["/collections/cameras/items"]) == {"get", "post"}
    assert set(document["paths"]["/collections/cameras/items/{featureId}"]) == {
        "get",
        "put",
        "patch",
        "delete",
    }
    # Wards and reports are changed through doors of their own.
    assert set(document["paths"]["/collections/reports/items"]) == {"get"}
    assert set(document["paths"]["/collections"]) == {"get"}


def test_the_api_definition_as_a_page_names_methods_parameters_and_what_they_are_for(
    client: TestClient,
) -> None:
    document = get(client, "/ogc/openapi", f="json")
    text = client.get("/ogc/openapi", params={"f": "html"}).text
    # A path may break behind a slash: it is wider than a phone.
    rows = re.findall(r'<tr><th scope="row">(.*?)</td></tr>', text.replace("<wbr>", ""), re.DOTALL)
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(rows) == len(operations) > 40
    known = document["components"]["parameters"]
    for row, (path, method, operation) in zip(rows, operations, strict=True):
        head, _, cell = row.partition("<td>")
        assert head.startswith(f"<code>{method.upper()}</code> <code>{path}</code>")
        assert f"<small>{escape(operation['summary'])}</small>" in head
        names = [
            one.get("name") or known[one["$ref"].split("/")[-1]]["name"]
            for one in operation.get("parameters", ())
        ]
        assert re.findall("<code>([^<]*)</code>", cell) == names and None not in names


def test_conformance_promises_only_what_is_here(client: TestClient) -> None:
    declared = get(client, "/ogc/conformance")["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in declared
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in declared
    assert "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic" in declared
    assert len(declared) == len(set(declared))


def test_collections_say_extent_licence_systems_and_the_way_to_items(client: TestClient) -> None:
    found = {one["id"]: one for one in get(client, "/ogc/collections")["collections"]}
    assert set(found) >= {"admin_units", "zoning", "land_use", "crop_areas", "farms", "cameras", "reports"}
    for name, one in found.items():
        alone = get(client, f"/ogc/collections/{name}")
        assert (alone["id"], alone["extent"]) == (name, one["extent"])
        west, south, east, north = one["extent"]["spatial"]["bbox"][0]
        assert west <= east and south <= north
        assert one["storageCrs"] in one["crs"]
        assert any(link["type"] == "application/geo+json" for link in links(one, "items"))
        assert links(one, "license") and links(one, "describedby")
    assert found["admin_units"]["extent"]["spatial"]["bbox"][0] == pytest.approx(
        [WEST, SOUTH, WEST + 0.1, SOUTH + 0.1]
    )
    assert found["admin_units"]["extent"]["temporal"]["interval"] == [["2004-01-01T00:00:00+07:00", None]]


def test_a_collection_links_its_items_in_every_encoding(client: TestClient) -> None:
    one = get(client, "/ogc/collections/cameras", lang="vi")
    ways = {link["type"]: link for link in links(one, "items")}
    page = get(client, "/ogc/collections/cameras/items")
    assert set(ways) == {link["type"] for link in page["links"] if link["rel"] in ("self", "alternate")}
    for kind, link in ways.items():
        answer = client.get(link["href"], params={"limit": 1} if "?" not in link["href"] else None)
        given = answer.headers["content-type"].partition(";")[0]
        assert (answer.status_code, given) == (200, kind.partition(";")[0]), link
        assert link["title"].startswith("Các đối tượng dạng ")
    unknown = client.get("/ogc/collections/cameras/items", params={"f": "xml"}).json()
    assert {"json", "html", "jsonld", "csv", "geojsonseq", "fgb", "gpkg", "parquet"} == set(
        unknown["allowed_en"].split(", ")
    )


def test_titles_follow_the_language_vietnamese_first(client: TestClient) -> None:
    path = "/ogc/collections/cameras"
    default = client.get(path)
    english = client.get(path, headers={"Accept-Language": "fr, en-GB;q=0.8, vi;q=0.5"})
    asked = client.get(path, params={"lang": "vi"}, headers={"Accept-Language": "en"})
    assert default.headers["content-language"] == asked.headers["content-language"] == "vi"
    assert english.headers["content-language"] == "en"
    assert default.json()["title"] == asked.json()["title"] != english.json()["title"]


def test_a_page_of_features(client: TestClient) -> None:
    answer = client.get(CAMERAS)
    assert answer.headers["content-type"] == "application/geo+json"
    page = answer.json()
    assert page["type"] == "FeatureCollection"
    assert (page["numberMatched"], page["numberReturned"], len(page["features"])) == (25, 10, 10)
    assert datetime.fromisoformat(page["timeStamp"]).tzinfo is not None
    feature = page["features"][0]
    assert feature["type"] == "Feature" and isinstance(feature["id"], int)
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["name"] == "Camera 00"
    assert links(page, "self") and links(page, "collection")


@pytest.mark.parametrize("limit", [1, 7, 25, 30])
def test_pages_are_complete_and_without_doubles(client: TestClient, limit: int) -> None:
    seen: list[int] = []
    url: str | None = f"http://testserver{CAMERAS}?limit={limit}&properties=name"
    while url:
        page = client.get(url).json()
        assert page["numberMatched"] == 25
        seen += [feature["id"] for feature in page["features"]]
        assert page["features"], "a next link led to an empty page"
        assert list(page["features"][0]["properties"]) == ["name"]
        url = next((link["href"] for link in links(page, "next")), None)
    assert len(seen) == len(set(seen)) == 25


def test_prev_leads_back(client: TestClient) -> None:
    second = get(client, CAMERAS, limit=10, offset=10)
    (previous,) = links(second, "prev")
    first = client.get(previous["href"]).json()
    assert first["features"] == get(client, CAMERAS, limit=10)["features"]
    assert not links(first, "prev")


def test_a_limit_above_the_maximum_is_lowered_and_said(client: TestClient) -> None:
    page = get(client, CAMERAS, limit=1_000_000)
    assert (page["numberReturned"], page["limitApplied"]) == (25, 10_000)


def test_hits_counts_only(client: TestClient) -> None:
    page = get(client, CAMERAS, resulttype="hits")
    assert (page["numberMatched"], page["features"]) == (25, [])


def test_one_feature_and_its_links(client: TestClient) -> None:
    first = get(client, CAMERAS)["features"][0]
    answer = client.get(f"{CAMERAS}/{first['id']}")
    assert answer.headers["content-type"] == "application/geo+json"
    alone = answer.json()
    assert {**alone, "links": None} == {**first, "links": None}
    assert links(alone, "self") and links(alone, "collection")


@pytest.mark.parametrize(
    ("bbox", "expected"),
    [
        (f"{WEST - 0.0005},{SOUTH - 0.0005},{WEST + 0.0045},{SOUTH + 0.0045}", 5),
        (f"{WEST},{SOUTH},-100,{WEST}", 400),  # latitude 105
        (f"{WEST},{SOUTH},{WEST},{SOUTH}", 1),  # a box without width
        (f"{WEST - 0.0005},{SOUTH - 0.0005},-10,{WEST + 0.0045},{SOUTH + 0.0045},500", 5),
        ("105,10,-170,11", 25),  # across the antimeridian
        ("170,10,-170,11", 0),
        ("-180,-90,180,90", 25),
    ],
)
def test_bbox(client: TestClient, bbox: str, expected: int) -> None:
    answer = client.get(CAMERAS, params={"bbox": bbox})
    if expected == 400:
        assert answer.status_code == 400
    else:
        assert answer.json()["numberMatched"] == expected


def mercator(west: float, south: float, east: float, north: float) -> str:
    project = Transformer.from_crs(4326, 3857, always_xy=True).transform
    return ",".join(str(number) for number in (*project(west, south), *project(east, north)))


@pytest.mark.parametrize(
    ("crs", "bbox"),
    [
        (f"{EPSG}4326", f"{SOUTH - 0.0005},{WEST - 0.0005},{SOUTH + 0.0045},{WEST + 0.0045}"),
        (f"{EPSG}3857", mercator(WEST - 0.0005, SOUTH - 0.0005, WEST + 0.0045, SOUTH + 0.0045)),
    ],
)
def test_bbox_in_another_system(client: TestClient, crs: str, bbox: str) -> None:
    assert get(client, CAMERAS, **{"bbox": bbox, "bbox-crs": crs})["numberMatched"] == 5


def test_coordinates_in_another_system(client: TestClient, admin: psycopg.Connection) -> None:
    first = get(client, CAMERAS)["features"][0]
    for code, srid, flipped in (
        (4326, 4326, True),
        (3857, 3857, False),
        (3405, 903405, False),
        (5897, 905897, False),
    ):
        uri = f"{EPSG}{code}"
        row = admin.execute(
            "SELECT ST_X(p), ST_Y(p) FROM core.cameras, ST_Transform(geom, %s) p WHERE id = %s",
            [srid, first["id"]],
        ).fetchone()
        assert row is not None
        expected = [row[1], row[0]] if flipped else [row[0], row[1]]
        for path in (CAMERAS, f"{CAMERAS}/{first['id']}"):
            answer = client.get(path, params={"crs": uri})
            assert answer.headers["content-crs"] == f"<{uri}>"
            feature = answer.json()
            feature = feature["features"][0] if "features" in feature else feature
            assert feature["geometry"]["coordinates"] == pytest.approx(expected, abs=0.0011)
            assert "crs" not in feature["geometry"]
    assert client.get(CAMERAS).headers["content-crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"


@pytest.mark.parametrize(
    ("datetime_", "expected"),
    [
        ("2010-01-01", {"u-old"}),
        ("2025-06-30", {"u-old"}),
        ("2025-07-01", {"u-new"}),  # half-open: the old unit has ended
        ("2025-06-30T16:59:59Z", {"u-old"}),  # 23:59:59 in Vietnam
        ("2025-06-30T17:00:00Z", {"u-new"}),  # midnight there
        ("2025-06-30T23:59:59+07:00", {"u-old"}),
        ("2025-06-01/2025-07-01", {"u-old", "u-new"}),
        ("../2024-01-01", {"u-old"}),
        ("2026-01-01/..", {"u-new"}),
        ("/2003-12-31", set()),
        ("../..", {"u-old", "u-new"}),
    ],
)
def test_datetime_selects_by_valid_time(client: TestClient, datetime_: str, expected: set[str]) -> None:
    page = get(client, UNITS, datetime=datetime_)
    assert {feature["properties"]["unit_id"] for feature in page["features"]} == expected


def test_datetime_matches_everything_where_there_is_no_valid_time(client: TestClient) -> None:
    assert get(client, CAMERAS, datetime="1990-01-01")["numberMatched"] == 25


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": "Camera 03"}, 1),
        ({"name": "camera 03"}, 0),
        ({"heading_deg": "3"}, 1),
        ({"heading_deg": "3", "name": "Camera 04"}, 0),
    ],
)
def test_filters_by_property(client: TestClient, filters: dict[str, str], expected: int) -> None:
    assert get(client, CAMERAS, **filters)["numberMatched"] == expected


def test_sortby_both_ways_with_a_total_order(client: TestClient) -> None:
    names = [f"Camera {i:02d}" for i in range(25)]
    for sortby, expected in (
        ("name", names),
        ("+name", names),
        ("-name", names[::-1]),
        ("kind,-name", names[::-1]),
    ):
        page = get(client, CAMERAS, sortby=sortby, limit=100)
        assert [feature["properties"]["name"] for feature in page["features"]] == expected


def test_geometry_can_be_left_out(client: TestClient) -> None:
    page = get(client, CAMERAS, skipGeometry="true")
    assert all(feature["geometry"] is None for feature in page["features"])


def test_coordinates_have_at_most_seven_decimals_and_public_ones_are_snapped(client: TestClient) -> None:
    text = client.get("/ogc/collections/reports/items").text
    coordinates = re.findall(r'"coordinates":\[([-0-9.]+),([-0-9.]+)\]', text)
    assert coordinates
    for lon, lat in coordinates:
        assert round(float(lon), 3) == float(lon) and round(float(lat), 3) == float(lat)
    assert all(len(number.split(".")[-1]) <= 7 for pair in coordinates for number in pair)


def test_queryables_and_schema_agree_with_the_features(client: TestClient) -> None:
    feature = get(client, UNITS)["features"][0]
    queryables = client.get("/ogc/collections/admin_units/queryables")
    schema = client.get("/ogc/collections/admin_units/schema")
    for answer in (queryables, schema):
        assert answer.headers["content-type"].startswith("application/schema+json")
        assert set(answer.json()["properties"]) == {*feature["properties"], "geometry"}
    assert queryables.json()["properties"]["kind"]["enum"]
    assert queryables.json()["properties"]["name"]["title"] == "Tên đơn vị"
    assert "name" in schema.json()["required"]


def test_text_is_what_was_stored(client: TestClient) -> None:
    # pygeoapi writes < as &lt; into JSON.
    page = get(client, UNITS, datetime="2026-01-01")
    assert page["features"][0]["properties"]["name"] == "Phường Cao Lãnh <mới>"
    html = client.get(UNITS, params={"f": "html"}).text
    assert "Phường Cao Lãnh &lt;mới&gt;" in html and "<mới>" not in html


PAGES = ("", "/conformance", "/openapi", "/collections", "/collections/admin_units")
LAYER_PAGES = ("queryables", "schema", "items", "items/1")


@pytest.mark.parametrize("path", [*PAGES, *(f"/collections/admin_units/{page}" for page in LAYER_PAGES)])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_html_asks_no_other_host_and_runs_no_inline_script(client: TestClient, path: str, lang: str) -> None:
    answer = client.get(f"/ogc{path}", params={"lang": lang}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<html lang="{lang}">' in answer.text
    sources = re.findall(r'(?:src|<link[^>]*href)="([^"]+)"', answer.text)
    assert all(source.startswith(("http://testserver/", "data:")) for source in sources), sources
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|diaban\.invalid", answer.text)
    for target in re.findall(r'<a [^>]*href="(http://testserver/ogc[^"]*)"', answer.text):
        assert client.get(target.replace("&amp;", "&")).status_code == 200, target
    assert client.get("/ogc/static/ogc.css").headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("path", ["", "/collections", "/collections/cameras", "/collections/cameras/items"])
def test_linked_data(client: TestClient, path: str) -> None:
    answer = client.get(f"/ogc{path}", params={"f": "jsonld"})
    assert answer.headers["content-type"].startswith("application/ld+json")
    assert answer.json()["@context"] and "diaban.invalid" not in answer.text


def test_linked_data_of_one_feature(client: TestClient) -> None:
    assert client.get(f"{UNITS}/1", params={"f": "jsonld"}).json()["code"] == "29869"


def test_an_approximation_is_called_one(client: TestClient, admin: psycopg.Connection) -> None:
    admin.execute(
        """UPDATE ops.layer SET note = '{"vi": "Gần đúng.", "en": "Approximate."}',"""
        " revision = nextval('ops.layer_revision') WHERE name = 'farms'"
    )
    admin.execute(
        "INSERT INTO core.farms (geom, name, crop) VALUES ('SRID=4326;POINT(105.7 10.5)', 'x', 'xoai')"
    )
    path = "/ogc/collections/farms"
    settled(client, lambda: "Gần đúng." in client.get(path).json()["description"])
    for page in (path, f"{path}/items", "/ogc/collections"):
        assert "Approximate." in client.get(page, params={"f": "html", "lang": "en"}).text


def test_a_published_layer_appears_without_a_restart(
    client: TestClient, settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    assert client.get("/ogc/collections/wells").status_code == 404
    folder = tmp_path / "wells"
    folder.mkdir()
    both = {"vi": "Giếng khoan", "en": "Wells"}
    description = {
        "name": "wells",
        "title": both,
        "description": both,
        "owner": both,
        "licence": both,
        "geometry": "Point",
        "fields": [{"name": "depth_m", "type": "number", "title": both, "unit": "m"}],
    }
    (folder / "layer.yaml").write_text(json.dumps(description), encoding="utf-8")
    publish_folders(settings, [tmp_path])
    admin.execute("INSERT INTO core.wells (geom, depth_m) VALUES ('SRID=4326;POINT(105.7 10.5)', 80.5)")
    settled(client, lambda: client.get("/ogc/collections/wells").status_code == 200)
    names = [one["id"] for one in get(client, "/ogc/collections")["collections"]]
    assert "wells" in names
    assert "/collections/wells/items" in client.get("/ogc/openapi").json()["paths"]
    page = get(client, "/ogc/collections/wells/items", depth_m=80.5)
    assert page["features"][0]["properties"] == {"depth_m": 80.5}
    assert "Giếng khoan" in client.get("/ogc/collections", params={"f": "html"}).text
