"""Search by words: marks and case ignored, wards first, only what is in force and may be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

WARD = """INSERT INTO core.admin_units
(geom, unit_id, code, name, kind, level, province_code, valid_from, valid_to)
VALUES (ST_Multi(ST_MakeEnvelope(105.6, 10.4, 105.7, 10.5, 4326)), %s, %s, %s, 'phuong', 2, '82', %s, %s)"""
FARM = """INSERT INTO core.farms (geom, name, crop, visibility, address)
VALUES (ST_SetSRID(ST_MakePoint(105.63, 10.46), 4326), %s, 'xoai', %s, 'ấp Bí Mật')"""


@pytest.fixture(scope="module", autouse=True)
def _rows(settings: Any, client: TestClient) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        admin.execute(WARD, ["u1", "29869", "Phường Cao Lãnh", "2025-07-01", None])
        admin.execute(WARD, ["u2", "29870", "Phường Mỹ Ngãi", "2025-07-01", None])
        admin.execute(WARD, ["u3", "29871", "Xã Cao Lãnh cũ", "2009-01-01", "2025-07-01"])
        admin.execute(WARD, ["u4", "29872", "Phường Bắc Cao Lãnh Thượng", "2025-07-01", None])
        for name, visibility in (
            ("Vườn xoài Cao Lãnh", 0),
            ("Nhà kín Cao Lãnh", 1),
            ("100%_sạch \\ trại", 0),
        ):
            admin.execute(FARM, [name, visibility])


def titles(client: TestClient, q: str, **more: Any) -> list[str]:
    answer = client.get("/api/search", params={"q": q}, **more)
    assert answer.status_code == 200, answer.text
    return [each["title"] for each in answer.json()["results"]]


@pytest.mark.parametrize("q", ["cao lanh", "CAO LÃNH", "  cao   lãnh ", "Cao La\u0303nh"])
def test_without_marks_or_case_the_ward_in_force_comes_first(client: TestClient, q: str) -> None:
    assert titles(client, q) == ["Phường Cao Lãnh", "Phường Bắc Cao Lãnh Thượng", "Vườn xoài Cao Lãnh"]


def test_a_day_in_the_past_finds_the_wards_of_that_day(client: TestClient) -> None:
    answer = client.get("/api/search", params={"q": "cao lanh", "at": "2025-06-30"}).json()
    assert answer["as_of"] == "2025-06-30"
    assert [each["title"] for each in answer["results"]] == ["Xã Cao Lãnh cũ", "Vườn xoài Cao Lãnh"]


def test_words_in_any_order(client: TestClient) -> None:
    assert titles(client, "lanh xoai") == ["Vườn xoài Cao Lãnh"]
    assert titles(client, "29870") == ["Phường Mỹ Ngãi"]


def test_a_result_says_what_and_where_it_is(client: TestClient) -> None:
    found = client.get("/api/search?q=my ngai").json()["results"]
    assert found[0]["layer"] == "admin_units"
    assert found[0]["layer_title"] == {"vi": "Đơn vị hành chính", "en": "Administrative units"}
    assert found[0]["subtitle"]["vi"] == "29870 · Phường"
    assert found[0]["bbox"] == [105.6, 10.4, 105.7, 10.5]


def test_limit(client: TestClient) -> None:
    assert len(client.get("/api/search?q=cao lanh&limit=2").json()["results"]) == 2


def test_only_what_the_caller_may_see(client: TestClient, staff: dict[str, str]) -> None:
    assert titles(client, "nha kin") == []
    assert titles(client, "nha kin", headers=staff) == ["Nhà kín Cao Lãnh"]
    assert titles(client, "bi mat", headers=staff) == []


@pytest.mark.parametrize(
    ("q", "found"), [("%", 1), ("100%_", 1), ("_", 1), ("\\", 1), ("%%%", 0), ("' OR 1=1 --", 0), ("c_o", 0)]
)
def test_signs_of_patterns_mean_themselves(client: TestClient, q: str, found: int) -> None:
    assert len(titles(client, q)) == found


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({}, "q"),
        ({"q": ""}, "q"),
        ({"q": "   "}, "q"),
        ({"q": "x" * 101}, "q"),
        ({"q": "a\x00b"}, "q"),
        ({"q": "a", "at": "yesterday"}, "at"),
        ({"q": "a", "at": "2025-02-30"}, "at"),
        ({"q": "a", "limit": "0"}, "limit"),
        ({"q": "a", "limit": "51"}, "limit"),
        ({"q": "a", "limit": "9" * 40}, "limit"),
        ({"q": "a", "limit": "1;DROP TABLE core.farms"}, "limit"),
    ],
)
def test_bad_input(client: TestClient, parameters: dict[str, str], named: str) -> None:
    answer = client.get("/api/search", params=parameters)
    assert answer.status_code == 400
    assert answer.json()["parameter"] == named and answer.json()["allowed"]
