"""OGC API Records: a catalogue that says of each layer whose it is, what for, and how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from layers.registry import load
from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

ROOT = "/ogc/collections/catalogue"
ITEMS = f"{ROOT}/items"
LAYERS = ["admin_units", "land_use", "zoning", "crop_areas", "farms", "cameras", "reports"]
SERVICES = ["ogc-api"]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def get(client: TestClient, path: str, **params: str) -> dict[str, Any]:
    answer = client.get(path, params=params or None)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def ids(client: TestClient, **params: str) -> list[str]:
    return [one["id"] for one in get(client, ITEMS, **{"limit": "100", **params})["features"]]


def test_every_built_in_layer_is_described_in_both_languages() -> None:
    for layer in load().values():
        told = layer.catalogue
        assert told.update_cycle != "unknown" and told.topics and told.keywords, layer.name
        assert told.lineage and told.quality, layer.name
        for text in (told.lineage, told.quality):
            assert text.vi and text.en and text.vi != text.en


def test_the_landing_page_and_the_list_lead_to_the_catalogue(client: TestClient) -> None:
    landing = get(client, "/ogc")
    (link,) = [one for one in landing["links"] if one["rel"].endswith("/ogc-catalog")]
    listed = get(client, "/ogc/collections")["collections"]
    assert listed[-1]["id"] == "catalogue" and listed[-1]["itemType"] == "record"
    alone = get(client, link["href"])
    assert alone["id"] == "catalogue" and alone["extent"] == listed[-1]["extent"]
    for one in alone["links"]:
        if "/ogc/" in one["href"]:
            assert client.get(one["href"]).status_code == 200, one


def test_a_record_has_what_the_standard_and_a_reader_want(client: TestClient) -> None:
    page = get(client, ITEMS)
    assert page["numberMatched"] == len(LAYERS) + len(SERVICES) == page["numberReturned"]
    for record in page["features"]:
        alone = get(client, f"{ITEMS}/{record['id']}")
        assert alone == record
        assert {"id", "type", "geometry", "time", "properties", "links", "conformsTo"} <= set(record)
        properties = record["properties"]
        assert properties["type"] in ("dataset", "service") and properties["title"]
        assert properties["license"] and properties["contacts"][0]["organization"]
        (collection,) = [one for one in record["links"] if one["rel"] == "collection"]
        assert collection["href"].endswith(ROOT)
        if record["id"] in LAYERS:
            for name in ("description", "keywords", "themes", "formats", "updateCycle", "lineage", "quality"):
                assert properties[name], (record["id"], name)
            relations = {one["rel"] for one in record["links"]}
            assert {"item", "enclosure", "describedby", "license"} <= relations
            for one in record["links"]:
                if one["rel"] in ("about", "item") or "tilesets" in one["rel"]:
                    assert client.get(one["href"]).status_code == 200, one
    wards = get(client, f"{ITEMS}/admin_units")
    assert wards["time"] == {"interval": ["2004-01-01", ".."]}
    assert wards["geometry"]["type"] == "Polygon"


def test_texts_follow_the_language(client: TestClient) -> None:
    assert get(client, f"{ITEMS}/zoning")["properties"]["title"] == "Quy hoạch đô thị"
    english = client.get(f"{ITEMS}/zoning", headers={"Accept-Language": "en"})
    properties = english.json()["properties"]
    assert properties["title"] == "Urban zoning" and properties["updateCycle"]["title"] == "As needed"
    assert properties["language"] == {"code": "en"} and english.headers["content-language"] == "en"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("quy hoạch đô thị", ["zoning"]),
        ("QUY HOACH DO THI", ["zoning"]),  # no marks, capitals
        ("urban zoning", ["zoning"]),  # the other language
        ("zoning urban", []),  # a term of several words is a phrase
        ("mã số vùng trồng", ["crop_areas"]),
        ("surveillance,boundaries", ["admin_units", "cameras"]),  # any of several
        ("processes", ["ogc-api"]),
        ("khong co gi nhu the", []),
    ],
)
def test_words_are_found_as_people_type_them(client: TestClient, words: str, expected: list[str]) -> None:
    assert ids(client, q=words) == expected


def test_by_place_time_type_and_identifiers(client: TestClient) -> None:
    here, away = f"{WEST},{SOUTH},{WEST + 0.1},{SOUTH + 0.1}", "0,0,1,1"
    assert {"cameras", "admin_units"} <= set(ids(client, bbox=here))
    assert ids(client, bbox=away) == []
    assert "admin_units" in ids(client, datetime="2010-01-01/2011-01-01")
    assert "admin_units" not in ids(client, datetime="../2003-12-31")
    assert "cameras" in ids(client, datetime="../2003-12-31")  # has no time of its own
    assert ids(client, type="service") == SERVICES and set(ids(client, type="dataset")) == set(LAYERS)
    assert ids(client, type="thing") == []
    assert ids(client, ids="farms,nothing,cameras") == ["farms", "cameras"]
    assert ids(client, externalIds="zoning") == ["zoning"]


def test_what_records_are_ordered_by_is_told(client: TestClient) -> None:
    """20-004r1, requirements get-sortables-op and get-sortables-success."""
    (link,) = [one for one in get(client, ROOT)["links"] if one["rel"].endswith("/ogc/1.0/sortables")]
    assert link["type"] == "application/schema+json"
    answer = client.get(link["href"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/schema+json"
    told = answer.json()
    assert told["$schema"] == "https://json-schema.org/draft/2020-12/schema" and told["type"] == "object"
    assert told["$id"] == link["href"] and told["additionalProperties"] is False
    assert all(one["type"] == "string" for one in told["properties"].values())
    for name in told["properties"]:
        assert sorted(ids(client, sortby=name)) == sorted(ids(client)), name
    assert client.get(ITEMS, params={"sortby": "owner"}).status_code == 400


def test_a_page_is_called_what_it_is(client: TestClient) -> None:
    for path, kind, name in (
        (ROOT, "application/json", "JSON"),
        (ITEMS, "application/geo+json", "GeoJSON"),
        (f"{ITEMS}/reports", "application/geo+json", "GeoJSON"),
    ):
        (own,) = [one for one in get(client, path, lang="en")["links"] if one["rel"] == "self"]
        assert (own["type"], own["title"]) == (kind, f"This page as {name}")


def test_order_and_pages(client: TestClient) -> None:
    assert ids(client) == LAYERS + SERVICES
    assert ids(client, sortby="id") == sorted(LAYERS + SERVICES)
    assert ids(client, sortby="-type,id")[:1] == SERVICES
    seen: list[str] = []
    page = get(client, ITEMS, limit="4")
    while True:
        seen += [one["id"] for one in page["features"]]
        following = [one for one in page["links"] if one["rel"] == "next"]
        if not following:
            break
        page = get(client, following[0]["href"])
    assert seen == LAYERS + SERVICES
    assert [one["rel"] for one in page["links"]].count("prev") == 1


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"q": ""}, "q"),
        ({"q": "a,,b"}, "q"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"datetime": "hôm qua"}, "datetime"),
        ({"limit": "0"}, "limit"),
        ({"limit": "abc"}, "limit"),
        ({"sortby": "owner"}, "sortby"),
        ({"crs": "http://www.opengis.net/def/crs/EPSG/0/3857"}, "crs"),
        ({"bbox-crs": CRS84}, "bbox-crs"),
        ({"ids": "a,,"}, "ids"),
        ({"owner": "x"}, "owner"),
        ({"f": "csv"}, "f"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, params: dict[str, str], named: str) -> None:
    answer = client.get(ITEMS, params=params)
    assert answer.status_code == 400 and answer.json()["parameter"] == named


def test_what_is_not_there_is_404(client: TestClient) -> None:
    assert client.get(f"{ITEMS}/nothing").status_code == 404
    assert client.get(f"{ROOT}/tiles").status_code == 404
    assert client.get(f"{ITEMS}/zoning", params={"crs": CRS84}).headers["content-crs"] == f"<{CRS84}>"


def test_what_was_loaded_is_told_to_staff_alone(
    client: TestClient, admin: psycopg.Connection, staff: dict[str, str]
) -> None:
    row = admin.execute(
        "INSERT INTO ops.dataset (layer, state, mode, source_name, sha256, size_bytes, actor, crs) VALUES"
        " ('zoning', 'landed', 'update', 'quy_hoach_2026.gdb', 'abc123', 1, 'x', 'EPSG:9209') RETURNING id"
    ).fetchone()
    assert row is not None
    name = f"dataset-{row[0]}"
    found = client.get(ITEMS, params={"q": "quy_hoach_2026"}, headers=staff).json()["features"]
    assert [one["id"] for one in found] == [name]
    assert "quy_hoach_2026.gdb" in found[0]["properties"]["lineage"]
    assert "EPSG:9209" in found[0]["properties"]["lineage"]
    assert client.get(f"{ITEMS}/{name}", headers=staff).status_code == 200
    by_hash = client.get(ITEMS, params={"externalIds": "sha256:abc123"}, headers=staff).json()["features"]
    assert [one["id"] for one in by_hash] == [name]
    assert name not in ids(client) and client.get(f"{ITEMS}/{name}").status_code == 404
    admin.execute("UPDATE ops.dataset SET state = 'rolled_back' WHERE id = %s", [row[0]])
    assert client.get(f"{ITEMS}/{name}", headers=staff).status_code == 404


def test_pages_for_people(client: TestClient) -> None:
    for path in (
        ROOT,
        f"{ROOT}/queryables",
        f"{ROOT}/sortables",
        ITEMS,
        f"{ITEMS}/reports",
        "/ogc/collections",
    ):
        for language in ("vi", "en"):
            page = client.get(path, params={"f": "html", "lang": language})
            assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
            assert page.headers["content-language"] == language and "diaban.invalid" not in page.text
    page = client.get(f"{ITEMS}/reports", params={"f": "html"}).text
    assert "Trung tâm điều hành" in page and "Liên tục" in page and "Nguồn gốc" in page


def test_the_classes_are_declared_and_the_operations_named(client: TestClient) -> None:
    declared = set(get(client, "/ogc/conformance")["conformsTo"])
    names = "record-core", "record-collection", "record-core-query-parameters", "records-api"
    for name in (*names, "sorting", "searchable-catalog", "searchable-catalog/sorting"):
        assert f"http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/{name}" in declared
    paths = client.get("/ogc/openapi").json()["paths"]
    assert "/collections/catalogue/items/{recordId}" in paths
