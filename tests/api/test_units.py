"""GET /api/units as an anonymous caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from geo.calendar import today_ict
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

SQL = "1'; DROP TABLE core.admin_units; --"


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    settle(admin)


def test_the_unit_of_a_place(client: TestClient) -> None:
    answer = client.get("/api/units", params={"lon": 105.61, "lat": 10.51})
    assert answer.status_code == 200
    body = answer.json()
    assert body["as_of"] == today_ict().isoformat()
    assert body["confidence"] == "inside"
    (unit,) = body["units"]
    assert (unit["id"], unit["code"], unit["name"], unit["kind"]) == (
        "vn-a",
        "30001",
        "Phường An Hòa",
        "phuong",
    )
    assert unit["distance_to_border_m"] == pytest.approx(1095, rel=0.01)
    assert unit["bbox"] == pytest.approx([105.60, 10.50, 105.62, 10.52])


@pytest.mark.parametrize(
    ("at", "code", "name"),
    [
        ("2025-06-30T16:59:59Z", "30002", "Thị trấn Cũ"),
        ("2025-06-30T17:00:00Z", "30002", "Xã Bình Minh"),
        ("2025-06-30", "30002", "Thị trấn Cũ"),
        ("2025-07-01T00:00:00+07:00", "30002", "Xã Bình Minh"),
    ],
)
def test_one_code_two_places(client: TestClient, at: str, code: str, name: str) -> None:
    by_place = client.get("/api/units", params={"lon": 105.63, "lat": 10.51, "at": at}).json()
    by_code = client.get("/api/units", params={"code": code, "at": at}).json()
    assert [unit["name"] for unit in by_place["units"]] == [name]
    assert [unit["name"] for unit in by_code["units"]] == [name]


def test_a_shared_border_names_both(client: TestClient) -> None:
    body = client.get("/api/units", params={"lon": 105.62, "lat": 10.51}).json()
    assert body["near_boundary"] is True
    assert [unit["id"] for unit in body["units"]] == ["vn-a", "vn-b"]


def test_a_gap_and_the_sea(client: TestClient) -> None:
    gap = client.get("/api/units", params={"lon": 105.64001, "lat": 10.51}).json()
    assert (gap["confidence"], [unit["id"] for unit in gap["units"]]) == ("gap_snapped", ["vn-b"])
    assert [unit["id"] for unit in gap["neighbours"]] == ["vn-d"]
    sea = client.get("/api/units", params={"lon": 108.5, "lat": 10.2}).json()
    assert (sea["confidence"], sea["units"]) == ("outside", [])


def test_names_without_marks(client: TestClient) -> None:
    body = client.get("/api/units", params={"name": "cai be"}).json()
    assert [unit["id"] for unit in body["units"]] == ["vn-c"]
    assert client.get("/api/units", params={"name": "%%"}).json()["units"] == []
    assert client.get("/api/units", params={"name": SQL}).json()["units"] == []


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({}, "lon,lat,code,name,address"),
        ({"lon": "105.6"}, "lat"),
        ({"lat": "10.5"}, "lon"),
        ({"lon": "nan", "lat": "10.5"}, "lon"),
        ({"lon": "105.6", "lat": "inf"}, "lat"),
        ({"lon": "1e999", "lat": "10.5"}, "lon"),
        ({"lon": "181", "lat": "10.5"}, "lon"),
        ({"lon": "10.5", "lat": "105.6"}, "lat"),
        ({"lon": SQL, "lat": "10.5"}, "lon"),
        ({"lon": "105.6", "lat": SQL}, "lat"),
        ({"lon": "105.6", "lat": "10.5", "code": "30001"}, "lon,lat,code,name,address"),
        ({"lon": "105.6", "lat": "10.5", "at": SQL}, "at"),
        ({"lon": "105.6", "lat": "10.5", "at": "2025-02-30"}, "at"),
        ({"code": "3000"}, "code"),
        ({"code": SQL}, "code"),
        ({"code": "٣٠٠٠١"}, "code"),
        ({"name": "a"}, "name"),
        ({"name": "x" * 81}, "name"),
        ({"name": "cao\x00lanh"}, "name"),
    ],
)
def test_bad_input_says_what_is_allowed(client: TestClient, params: dict[str, str], parameter: str) -> None:
    answer = client.get("/api/units", params=params)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["parameter"] == parameter
    assert body["allowed"]
    assert body["allowed_en"]
