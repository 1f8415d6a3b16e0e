"""Tiles through the door: what PostGIS holds is what a reader finds, per caller, at once after an edit."""

from __future__ import annotations

import gzip
import json
import math
import zlib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import mapbox_vector_tile
import pytest
from shapely.geometry import Polygon, shape

from tests.changes import caught_up
from tests.conftest import settled
from tiles.ground import Box, tiles_of

if TYPE_CHECKING:
    import psycopg
    from fastapi import FastAPI
    from starlette.testclient import TestClient

LON, LAT = 105.63, 10.46
GZIP = {"Accept-Encoding": "gzip"}
FARM = """INSERT INTO core.farms (geom, name, crop, visibility, address)
VALUES (ST_SetSRID(ST_MakePoint(%s,%s),4326),%s,%s,%s,%s) RETURNING id"""
PLOT = """INSERT INTO core.zoning (geom, plot_code, function_code, status, valid_from, valid_to)
VALUES (ST_Multi(ST_SetSRID(ST_MakeEnvelope(%s,%s,%s,%s),4326)),%s,'Yte','in_force',%s,%s)
RETURNING id"""


def tile_at(z: int, lon: float = LON, lat: float = LAT) -> tuple[int, int, int]:
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return z, int((lon + 180) / 360 * n), int(y)


def path(layers: str, z: int, lon: float = LON, lat: float = LAT) -> str:
    return "/tiles/{}/{}/{}/{}.mvt".format(layers, *tile_at(z, lon, lat))


def features(client: TestClient, url: str, **more: Any) -> dict[str, list[dict[str, Any]]]:
    answer = client.get(url, **more)
    if answer.status_code == 204:
        return {}
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    decoded = mapbox_vector_tile.decode(answer.content, default_options={"y_coord_down": True})
    assert all(layer["extent"] == 4096 and layer["version"] == 2 for layer in decoded.values())
    return {name: layer["features"] for name, layer in decoded.items()}


def crop(admin: psycopg.Connection) -> str:
    row = admin.execute(
        "SELECT description->'codes'->'crops'->0->>'code' FROM ops.layer WHERE name='farms'"
    ).fetchone()
    assert row
    return str(row[0])


@pytest.fixture
def farms(client: TestClient, app: FastAPI, admin: psycopg.Connection) -> dict[str, int]:
    """Twelve public farms on a line of 12 km, one for staff, one with nothing but its unit's eyes on it."""
    admin.execute("TRUNCATE core.farms CASCADE")
    ids = {}
    for i in range(12):
        ids[f"farm {i}"] = add_farm(admin, f"farm {i}", LON + i / 100, LAT, 0)
    ids["for staff"] = add_farm(admin, "for staff", LON, LAT, 1)
    ids["closed"] = add_farm(admin, "closed", LON, LAT, 2)
    settled(client, lambda: caught_up(admin, app))
    return ids


def add_farm(admin: psycopg.Connection, name: str, lon: float, lat: float, visibility: int) -> int:
    row = admin.execute(FARM, [lon, lat, name, crop(admin), visibility, "số 1 đường Bí Mật"]).fetchone()
    assert row
    return int(row[0])


def wait_for(client: TestClient, layer: str, name: str, lon: float = LON) -> None:
    def there() -> bool:
        found = features(client, path(layer, 15, lon)).get(layer, [])
        return any(name in each["properties"].values() for each in found)

    settled(client, there)


@pytest.mark.parametrize("z", [12, 13, 14, 16, 20, 22])
def test_exactly_the_features_of_the_tile(
    client: TestClient, admin: psycopg.Connection, farms: dict[str, int], z: int
) -> None:
    envelope = "ST_TileEnvelope(%s,%s,%s, margin => 64/4096.0)"
    rows = admin.execute(
        f"SELECT id, name FROM core.farms WHERE visibility = 0 AND geom_3857 && {envelope}", tile_at(z)
    ).fetchall()
    found = features(client, path("farms", z))["farms"]
    assert sorted((each["id"], each["properties"]["name"]) for each in found) == sorted(rows)
    assert all(set(each["properties"]) == {"name", "crop"} for each in found)


def test_points_close_together_are_counted_not_lost(client: TestClient, farms: dict[str, int]) -> None:
    found = features(client, path("farms", 9))["farms"]
    assert sum(each["properties"]["point_count"] for each in found) == 12


@pytest.mark.usefixtures("farms")
def test_nothing_restricted_reaches_the_public_after_staff_filled_the_cache(
    client: TestClient, staff: dict[str, str], operator: dict[str, str]
) -> None:
    url = path("farms", 15)

    def names(headers: dict[str, str]) -> set[str]:
        return {each["properties"]["name"] for each in features(client, url, headers=headers)["farms"]}

    assert "closed" in names(operator)
    assert names(staff) & {"for staff", "closed"} == {"for staff"}
    assert names({}) & {"for staff", "closed"} == set()
    raw = client.get(url).content
    assert b"closed" not in raw and "Bí Mật".encode() not in raw


@pytest.mark.usefixtures("farms")
def test_fields_for_staff_stand_in_no_public_description(client: TestClient, staff: dict[str, str]) -> None:
    for headers in ({}, staff):
        fields = client.get("/tiles/farms.json", headers=headers).json()["vector_layers"][0]["fields"]
        fields = {name for name in fields if not name.startswith("count_")}
        assert fields == {"name", "crop", "point_count"}


@pytest.mark.usefixtures("farms")
def test_an_edit_is_on_the_next_tile(client: TestClient, admin: psycopg.Connection) -> None:
    url = path("farms", 15)
    before = client.get(url)
    assert client.get(url).headers["etag"] == before.headers["etag"]
    admin.execute("UPDATE core.farms SET name = 'renamed' WHERE name = 'farm 0'")
    wait_for(client, "farms", "renamed")
    after = client.get(url, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200 and after.headers["etag"] != before.headers["etag"]


@pytest.mark.usefixtures("farms")
def test_a_row_turned_private_leaves_the_public_tile(client: TestClient, admin: psycopg.Connection) -> None:
    assert b"farm 0" in client.get(path("farms", 15)).content
    admin.execute("UPDATE core.farms SET visibility = 1 WHERE name = 'farm 0'")
    url = path("farms", 15)
    settled(client, lambda: b"farm 0" not in client.get(url).content)


@pytest.mark.usefixtures("farms")
def test_etag_304_and_the_two_encodings(client: TestClient) -> None:
    url = path("farms", 14)
    zipped = client.get(url, headers=GZIP)
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    refused = client.get(url, headers={"Accept-Encoding": "gzip;q=0, br"})
    assert zipped.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert zipped.content == plain.content == refused.content
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert "accept-encoding" in zipped.headers["vary"].lower()
    for value in (zipped.headers["etag"], f'"x", W/{zipped.headers["etag"]}', "*"):
        known = client.get(url, headers={**GZIP, "If-None-Match": value})
        assert known.status_code == 304 and known.content == b"" and known.headers["etag"]
    assert client.get(url, headers={**GZIP, "If-None-Match": '"other"'}).status_code == 200


@pytest.mark.usefixtures("farms")
def test_tiles_of_signed_in_callers_are_not_kept(client: TestClient, staff: dict[str, str]) -> None:
    assert client.get(path("farms", 14), headers=staff).headers["cache-control"] == "private, no-store"


def test_empty_and_below_the_layers_first_zoom(client: TestClient) -> None:
    for url in ("/tiles/farms/14/0/0.mvt", "/tiles/farms/0/0/0.mvt", "/tiles/land_use,farms/3/6/3.mvt"):
        answer = client.get(url)
        assert (answer.status_code, answer.content) == (204, b"")


@pytest.fixture
def plots(client: TestClient, app: FastAPI, admin: psycopg.Connection) -> dict[str, int]:
    """Two neighbours in force, one plot of the past and one of the future on the same ground."""
    admin.execute("TRUNCATE core.zoning CASCADE")
    east = (LON, LAT, LON + 0.004, LAT + 0.003)
    west = (LON - 0.004, LAT, LON, LAT + 0.003)
    found = {}
    for name, box, first, last in (
        ("A1", east, "2020-01-01", None),
        ("A2", west, "2020-01-01", None),
        ("old", east, "2010-01-01", "2020-01-01"),
        ("coming", east, "2190-01-01", None),
    ):
        row = admin.execute(PLOT, [*box, name, first, last]).fetchone()
        assert row
        found[name] = int(row[0])
    settled(client, lambda: caught_up(admin, app))
    return found


@pytest.mark.parametrize(
    ("day", "names"),
    [
        (None, {"A1", "A2"}),
        ("2019-12-31", {"old"}),
        ("2020-01-01", {"A1", "A2"}),
        ("2190-01-01", {"A1", "A2", "coming"}),
        ("2001-01-01", set()),
    ],
)
def test_rows_in_force_on_the_day(
    client: TestClient, plots: dict[str, int], day: str | None, names: set[str]
) -> None:
    url = path("zoning", 15) + (f"?datetime={day}" if day else "")
    found = features(client, url).get("zoning", [])
    assert {each["properties"]["plot_code"] for each in found} == names
    assert {each["id"] for each in found} == {plots[name] for name in names}


@pytest.mark.usefixtures("plots")
@pytest.mark.parametrize("z", [10, 12, 14, 15, 16, 18])
def test_polygons_are_valid_clockwise_and_within_the_buffer(client: TestClient, z: int) -> None:
    found = features(client, path("zoning", z))["zoning"]
    assert found
    for each in found:
        geometry = each["geometry"]
        rings = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
        for outer, *_ in rings:
            # y runs down: an outer ring that is clockwise on the screen has a positive shoelace sum there.
            pairs = pairwise(outer)
            assert sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairs) > 0
            assert Polygon(outer).is_valid
            assert all(-64 <= value <= 4096 + 64 for point in outer for value in point)


@pytest.mark.parametrize("z", [15, 16, 18])
def test_a_plot_has_one_label_whatever_the_number_of_its_tiles(
    client: TestClient, plots: dict[str, int], z: int
) -> None:
    tiles = tiles_of(Box(LON - 0.004, LAT, LON + 0.004, LAT + 0.003), z)
    found = [features(client, f"/tiles/zoning/{t.z}/{t.x}/{t.y}.mvt").get("zoning_label", []) for t in tiles]
    labels = [each for tile in found for each in tile]
    assert sorted(each["id"] for each in labels) == sorted([plots["A1"], plots["A2"]])
    assert {each["properties"]["plot_code"] for each in labels} == {"A1", "A2"}
    assert all(each["geometry"]["type"] == "Point" for each in labels)


def test_no_label_below_the_zoom_of_the_style(client: TestClient, plots: dict[str, int]) -> None:
    assert plots and "zoning_label" not in features(client, path("zoning", 14))


def test_a_plot_lies_where_it_is(client: TestClient, plots: dict[str, int]) -> None:
    z, x, y = tile_at(16)
    found = {each["id"]: each for each in features(client, f"/tiles/zoning/{z}/{x}/{y}.mvt")["zoning"]}
    west = shape(found[plots["A2"]]["geometry"]).bounds[2]
    expected = ((LON + 180) / 360 * 2**z - x) * 4096
    assert abs(west - expected) <= 1


@pytest.mark.usefixtures("plots")
def test_a_composite_holds_the_layers_of_its_parts(client: TestClient, farms: dict[str, int]) -> None:
    together = features(client, path("zoning,farms", 15))
    assert together == {**features(client, path("zoning", 15)), **features(client, path("farms", 15))}
    raw = client.get(path("zoning,farms", 15), headers={"Accept-Encoding": "identity"}).content
    parts = [
        client.get(path(name, 15), headers={"Accept-Encoding": "identity"}).content
        for name in ("zoning", "farms")
    ]
    assert raw == b"".join(parts)
    assert len(farms) == 14


def test_a_composite_is_one_gzip_member(
    client: TestClient, plots: dict[str, int], farms: dict[str, int]
) -> None:
    assert plots and farms
    with client.stream("GET", path("zoning,farms", 15), headers=GZIP) as answer:
        body = b"".join(answer.iter_raw())
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(body) == gzip.decompress(body)
    assert reader.eof and reader.unused_data == b""


@pytest.mark.usefixtures("farms")
def test_tilejson(client: TestClient) -> None:
    document = client.get("/tiles/farms.json").json()
    assert document["tilejson"] == "3.0.0"
    assert (document["minzoom"], document["maxzoom"]) == (9, 14)
    assert document["tiles"] == ["http://testserver/tiles/farms/{z}/{x}/{y}.mvt"]
    west, south, east, north = document["bounds"]
    assert (round(west, 5), round(east, 5)) == (LON, LON + 0.11) and south <= LAT <= north
    assert "Sở Nông nghiệp" in document["attribution"]
    assert document["vector_layers"][0]["id"] == "farms"
    assert "Tên cơ sở" in document["vector_layers"][0]["fields"]["name"]


def test_what_must_be_said_of_the_data_goes_with_the_tiles(
    client: TestClient, admin: psycopg.Connection
) -> None:
    note = '{"vi": "Gần đúng để minh họa", "en": "An approximation"}'
    change = (
        "UPDATE ops.layer SET note = %s::jsonb, revision = nextval('ops.layer_revision') WHERE name = 'farms'"
    )
    admin.execute(change, [note])
    try:
        settled(client, lambda: "Gần đúng" in client.get("/tiles/zoning,farms.json").json()["attribution"])
        assert "An approximation" in client.get("/tiles/farms.json").json()["attribution"]
    finally:
        admin.execute(change, [None])
    settled(client, lambda: "Gần đúng" not in client.get("/tiles/farms.json").json()["attribution"])


def test_tilejson_of_several_layers_and_a_day(client: TestClient) -> None:
    document = client.get("/tiles/zoning,farms.json?datetime=2020-05-01").json()
    assert [each["id"] for each in document["vector_layers"]] == ["zoning", "zoning_label", "farms"]
    assert (document["minzoom"], document["maxzoom"]) == (8, 16)
    assert document["tiles"][0].endswith("/tiles/zoning,farms/{z}/{x}/{y}.mvt?datetime=2020-05-01")


SQL = "1;DROP TABLE core.farms--"


@pytest.mark.parametrize(
    ("url", "status", "parameter"),
    [
        ("/tiles/farms/3/8/0.mvt", 400, "x"),
        ("/tiles/farms/3/0/8.mvt", 400, "y"),
        ("/tiles/farms/3/-1/0.mvt", 400, "x"),
        ("/tiles/farms/23/0/0.mvt", 400, "z"),
        ("/tiles/farms/-1/0/0.mvt", 400, "z"),
        ("/tiles/farms/1e1/0/0.mvt", 400, "z"),
        ("/tiles/farms/NaN/0/0.mvt", 400, "z"),
        ("/tiles/farms/٣/0/0.mvt", 400, "z"),
        ("/tiles/farms/99999999999999999999/0/0.mvt", 400, "z"),
        (f"/tiles/farms/{SQL}/0/0.mvt", 400, "z"),
        (f"/tiles/farms/3/{SQL}/0.mvt", 400, "x"),
        (f"/tiles/farms/3/0/{SQL}.mvt", 400, "y"),
        (f"/tiles/{SQL}/3/0/0.mvt", 404, None),
        ("/tiles/nothing/3/0/0.mvt", 404, None),
        ("/tiles/farms,nothing/3/0/0.mvt", 404, None),
        ("/tiles/farms,/3/0/0.mvt", 404, None),
        ("/tiles/pg_class/3/0/0.mvt", 404, None),
        ("/tiles/farms,farms/3/0/0.mvt", 400, "layers"),
        ("/tiles/" + ",".join("abcdefghi") + "/3/0/0.mvt", 400, "layers"),
        ("/tiles/" + ",".join(["farms"] * 40) + ".json", 400, "layers"),
        ("/tiles/nothing.json", 404, None),
        ("/tiles/zoning/12/0/0.mvt?datetime=yesterday", 400, "datetime"),
        ("/tiles/zoning/12/0/0.mvt?datetime=2026-02-30", 400, "datetime"),
        (f"/tiles/zoning/12/0/0.mvt?datetime={SQL}", 400, "datetime"),
        (f"/tiles/zoning.json?datetime={SQL}", 400, "datetime"),
    ],
)
def test_bad_input_is_told_what_is_allowed(
    client: TestClient, url: str, status: int, parameter: str | None
) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    if parameter is None:
        assert "farms" in problem["detail"] and "zoning" in problem["detail_en"]
    else:
        assert problem["parameter"] == parameter and problem["allowed"] and problem["allowed_en"]
    assert "DROP" not in json.dumps(client.get("/tiles/farms.json").json())


@pytest.mark.usefixtures("farms")
def test_hits_misses_and_bytes_are_counted(client: TestClient) -> None:
    url = path("farms", 19)
    client.get(url)
    hits, misses = _counted(client, "hit"), _counted(client, "miss")
    client.get(url)
    assert (_counted(client, "hit"), _counted(client, "miss")) == (hits + 1, misses)
    assert "diaban_tile_cache_bytes" in client.get("/metrics").text


def _counted(client: TestClient, outcome: str) -> float:
    for line in client.get("/metrics").text.splitlines():
        if (
            line.startswith("diaban_tile_requests_total")
            and f'cache="{outcome}"' in line
            and 'layer="farms"' in line
        ):
            return float(line.rsplit(" ", 1)[1])
    return 0.0


@pytest.mark.parametrize("path", ["/tiles/cameras/1/1/0.mvt", "/tiles/cameras.json"])
@pytest.mark.parametrize("query", ["filtr=kind%3D'traffic'", "datetime=2025-01-01&datetime=2026-01-01"])
def test_a_parameter_that_is_unknown_or_twice_is_refused(client: TestClient, path: str, query: str) -> None:
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.text


def test_versions_in_a_tile_s_address_change_nothing(client: TestClient) -> None:
    assert client.get("/tiles/cameras/1/1/0.mvt?v=7.8").status_code in (200, 204)
