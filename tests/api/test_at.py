"""What the layers say of a place: in words, as of a day, to the caller who may know it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

LON, LAT = 105.63, 10.46
WARD = """INSERT INTO core.admin_units
(geom, unit_id, code, name, kind, level, province_code, valid_from, valid_to)
VALUES (ST_Multi(ST_MakeEnvelope(%s, 10.4, %s, 10.5, 4326)), %s, %s, %s, 'phuong', 2, '82', %s, %s)"""
PARCEL = """INSERT INTO core.land_use
(geom, sheet_number, parcel_number, parcel, code, scheme, area_m2, surveyed_on)
VALUES (ST_Multi(ST_MakeEnvelope(105.629, 10.459, 105.631, 10.461, 4326)),
12, 1345, '12/1345', 'LUC', 'TT27_2018', 1000.25, '2024-05-07')"""
CAMERA = """INSERT INTO core.cameras (geom, name, kind, status, stream_url)
SELECT ST_Project(ST_SetSRID(ST_MakePoint(105.63, 10.46), 4326)::geography, %s, 0.7)::geometry, %s, 'x', 'x', 'rtsp://x'
FROM generate_series(1, %s)"""


@pytest.fixture(scope="module", autouse=True)
def _rows(settings: Any, client: TestClient) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        admin.execute(WARD, [105.6, 105.7, "u1", "29869", "Phường Cao Lãnh", "2025-07-01", None])
        admin.execute(WARD, [105.6, 105.7, "u2", "29870", "Thị trấn cũ", "2009-01-01", "2025-07-01"])
        admin.execute(WARD, [105.7, 105.8, "u3", "29871", "Phường bên cạnh", "2025-07-01", None])
        admin.execute(PARCEL)
        admin.execute(CAMERA, [99, "near", 1])
        admin.execute(CAMERA, [480, "far", 1])


def ask(
    client: TestClient, headers: dict[str, str] | None = None, **more: object
) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/at", params={"lon": LON, "lat": LAT, **more}, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    return {each["layer"]: each for each in answer.json()["results"]}


def test_codes_numbers_and_dates_are_words(client: TestClient) -> None:
    found = ask(client)
    assert list(found) == ["admin_units", "land_use"]
    assert found["land_use"]["layer_title"] == {"vi": "Hiện trạng sử dụng đất", "en": "Present land use"}
    (feature,) = found["land_use"]["features"]
    rows = {row["name"]: row for row in feature["rows"]}
    assert feature["title"] == "12/1345" and found["land_use"]["more"] is False
    assert rows["code"]["value"] == {
        "vi": "Đất chuyên trồng lúa (LUC)",
        "en": "Dedicated (wet) rice land (LUC)",
    }
    assert rows["parcel_number"]["value"] == "1345"
    assert (
        rows["area_m2"]["value"] == {"vi": "1.000,25", "en": "1,000.25"} and rows["area_m2"]["unit"] == "m²"
    )
    assert rows["surveyed_on"]["value"] == {"vi": "07/05/2024", "en": "7 May 2024"}
    assert rows["sheet_number"]["title"]["vi"] == "Số tờ bản đồ"
    assert "address" not in rows


def test_a_place_has_one_ward_a_day(client: TestClient) -> None:
    def names(**more: object) -> list[str]:
        return [
            each["title"] for each in ask(client, layers="admin_units", **more)["admin_units"]["features"]
        ]

    assert names() == ["Phường Cao Lãnh"]
    assert names(at="2025-06-30") == ["Thị trấn cũ"]
    assert names(at="2025-07-01") == ["Phường Cao Lãnh"]
    assert names(lon=105.6999, tolerance_m=500) == ["Phường Cao Lãnh"]


@pytest.mark.parametrize(
    ("metres", "names"), [(0, []), (98, []), (100, ["near"]), (479, ["near"]), (481, ["near", "far"])]
)
def test_points_within_metres_nearest_first(client: TestClient, metres: int, names: list[str]) -> None:
    found = ask(client, tolerance_m=metres, layers="cameras")
    assert [each["title"] for each in found.get("cameras", {"features": []})["features"]] == names


def test_fields_of_staff_are_for_staff(client: TestClient, staff: dict[str, str]) -> None:
    def rows(headers: dict[str, str] | None) -> set[str]:
        found = ask(client, headers, tolerance_m=200, layers="cameras")
        return {row["name"] for row in found["cameras"]["features"][0]["rows"]}

    assert rows(staff) - rows(None) == {"stream_url"}


def test_at_most_fifty_a_layer(client: TestClient, admin: psycopg.Connection) -> None:
    admin.execute(CAMERA, [1, "many", 60])
    found = ask(client, tolerance_m=5, layers="cameras,land_use")
    assert len(found["cameras"]["features"]) == 50
    assert found["cameras"]["more"] is True and found["land_use"]["more"] is False
    admin.execute("DELETE FROM core.cameras WHERE name = 'many'")


def test_nothing_there(client: TestClient) -> None:
    assert ask(client, lon=0, lat=0) == {}
    for lat in (90, -90):
        assert ask(client, lat=lat, tolerance_m=500) == {}


@pytest.mark.parametrize(
    ("parameters", "status", "named"),
    [
        ({"lon": ""}, 400, "lon"),
        ({"lon": "NaN"}, 400, "lon"),
        ({"lon": "inf"}, 400, "lon"),
        ({"lon": "181"}, 400, "lon"),
        ({"lat": "-90.1"}, 400, "lat"),
        ({"lat": "1;DROP TABLE core.farms"}, 400, "lat"),
        ({"tolerance_m": "-1"}, 400, "tolerance_m"),
        ({"tolerance_m": "501"}, 400, "tolerance_m"),
        ({"tolerance_m": "nan"}, 400, "tolerance_m"),
        ({"at": "2026-13-01"}, 400, "at"),
        ({"at": "now()"}, 400, "at"),
        ({"layers": "farms;DROP"}, 404, None),
        ({"layers": ""}, 404, None),
    ],
)
def test_bad_input(client: TestClient, parameters: dict[str, str], status: int, named: str | None) -> None:
    answer = client.get("/api/at", params={"lon": LON, "lat": LAT, **parameters})  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().get("parameter") == named


def test_without_a_place(client: TestClient) -> None:
    assert client.get("/api/at").json()["parameter"] == "lon"
