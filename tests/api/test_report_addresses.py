"""Reports with an address and no point (edge cases 10 to 13): received, waiting, placed by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from geo.database import Claims
from geo.tokens import issue
from tests.geo.units_ground import box, settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

    from geo.settings import Settings

TOLD = {"address": "12 Lê Lợi, TT. Cũ, H. Cai Lậy", "category": "GT", "text": "Ổ gà lớn trước nhà tôi"}
UNIT = """
INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, province_name, district_name,
                              valid_from, valid_to, geom)
VALUES (%s, %s, %s, %s, 3, %s, %s, %s, %s, %s, ST_Multi(ST_GeomFromText(%s, 4326)))
"""
PASSED = """
INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, legal_ref)
VALUES (%s, %s, '2025-07-01', %s, 'test')
"""
SG = "Thành phố Hồ Chí Minh"
# As it was: ward 14 of Tân Bình became Tân Bình as a whole, 15 was divided, and code 26740 lived on.
CITY = [
    ("hcm-15", "27007", "Phường 15", "phuong", "79", SG, "Quận Tân Bình", "2008-01-01", "2025-07-01",
     box(106.62, 10.80, 106.64, 10.82)),
    ("hcm-14", "27004", "Phường 14", "phuong", "79", SG, "Quận Tân Bình", "2008-01-01", "2025-07-01",
     box(106.60, 10.80, 106.62, 10.82)),
    ("hcm-q10-15", "27160", "Phường 15", "phuong", "79", SG, "Quận 10", "2008-01-01", "2025-07-01",
     box(106.66, 10.76, 106.68, 10.78)),
    ("hcm-bn", "26740", "Phường Bến Nghé", "phuong", "79", SG, "Quận 1", "2008-01-01", "2025-07-01",
     box(106.70, 10.77, 106.72, 10.79)),
    ("hcm-tbinh", "27004", "Phường Tân Bình", "phuong", "79", SG, None, "2025-07-01", None,
     box(106.60, 10.80, 106.63, 10.82)),
    ("hcm-tson", "27007", "Phường Tân Sơn", "phuong", "79", SG, None, "2025-07-01", None,
     box(106.63, 10.80, 106.64, 10.82)),
    ("hcm-sg", "26740", "Phường Sài Gòn", "phuong", "79", SG, None, "2025-07-01", None,
     box(106.70, 10.77, 106.72, 10.79)),
    ("far-a", "05001", "Phường An Hòa", "phuong", "46", "Thành phố Huế", None, "2025-07-01", None,
     box(107.50, 16.40, 107.52, 16.42)),
]  # fmt: skip
HEIRS = [
    ("hcm-14", "hcm-tbinh", "whole"),
    ("hcm-15", "hcm-tbinh", "part"),
    ("hcm-15", "hcm-tson", "part"),
    ("hcm-bn", "hcm-sg", "whole"),
    ("vn-old", "vn-a", "part"),
    ("vn-old", "vn-b", "part"),
]


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports; DELETE FROM core.report_unplaced")
    admin.execute("DELETE FROM core.admin_succession")
    settle(admin)
    admin.execute("UPDATE core.admin_units SET district_name = 'Huyện Cai Lậy' WHERE unit_id = 'vn-old'")
    with admin.cursor() as cursor:
        cursor.executemany(UNIT, CITY)
        cursor.executemany(PASSED, HEIRS)


def ask(client: TestClient, address: str, **more: str) -> tuple[str, list[str]]:
    answer = client.get("/api/units", params={"address": address, **more})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["answer"], [unit["id"] for unit in body["units"]]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("P.14, Q. Tân Bình, TP.HCM", ("one", ["hcm-tbinh"])),
        ("P14 Q.Tân Bình", ("one", ["hcm-tbinh"])),
        ("phuong 14, quan tan binh, ho chi minh", ("one", ["hcm-tbinh"])),
        ("36/5 Ba Vân, Phường 14, Quận Tân Bình, TP. Hồ Chí Minh, Việt Nam", ("one", ["hcm-tbinh"])),
        ("36/5 Ba Vân phường 14 quận Tân Bình", ("one", ["hcm-tbinh"])),
        ("P.15 - Q.10 - TP.HCM", ("none", [])),  # no table says what became of it
        ("P.15, Q. Tân Bình, TP.HCM", ("ask", ["hcm-tbinh", "hcm-tson"])),  # divided
        ("Phường Tân Sơn, TP.HCM", ("one", ["hcm-tson"])),
        ("12 Lê Lợi, Bến Nghé, Quận 1, TP.HCM, 700000", ("one", ["hcm-sg"])),
        ("Phường An Hòa", ("one", ["vn-a"])),  # without district or province: ours
        ("Phường An Hoà, Huế", ("one", ["far-a"])),
        ("Phường An Hòa, tỉnh Đồng Tháp", ("one", ["vn-a"])),
        ("TT. Cũ, H. Cai Lậy", ("ask", ["vn-a", "vn-b"])),
        ("Ấp 3, xã Bình Minh, gần cầu sắt", ("one", ["vn-b"])),
        ("tổ 4 khóm 2, Phường An Hòa, đối diện chợ, tỉnh Đồng Tháp", ("one", ["vn-a"])),
        ("QL.30, đoạn qua trường học, xã Bình Minh, ngay ngã ba", ("one", ["vn-b"])),
        ("Gần Phường An Hòa, Huế", ("none", [])),  # near a ward is not in it
        ("12 Lê Lợi", ("none", [])),
        ("Quận Tân Bình, TP.HCM", ("none", [])),
        ("'; DROP TABLE core.reports; --", ("none", [])),
        (",,,", ("none", [])),
    ],
)
def test_11_12_what_an_address_means(client: TestClient, address: str, expected: tuple[str, Any]) -> None:
    assert ask(client, address) == expected


def test_12_a_name_in_several_provinces(client: TestClient) -> None:
    assert ask(client, "Phường An Hòa", province="46") == ("one", ["far-a"])
    assert ask(client, "Phường An Hòa", province="Huế") == ("one", ["far-a"])
    assert ask(client, "Phường An Hòa", province="79") == ("none", [])


def test_11_the_way_from_the_old_name_is_told(client: TestClient) -> None:
    body = client.get("/api/units", params={"address": "P.14, Q. Tân Bình"}).json()
    (step,) = body["through"]
    assert (step["unit"]["name"], step["unit"]["district_name"]) == ("Phường 14", "Quận Tân Bình")
    assert step["now"] == [{"id": "hcm-tbinh", "code": "27004", "name": "Phường Tân Bình"}]
    # Before the merger the address is its own unit's.
    assert ask(client, "P.15, Q. Tân Bình", at="2025-06-30") == ("one", ["hcm-15"])


@pytest.mark.parametrize(
    ("day", "name"), [("2025-06-30", "Phường Bến Nghé"), ("2025-07-01", "Phường Sài Gòn")]
)
def test_13_code_26740_on_two_days(client: TestClient, day: str, name: str) -> None:
    (unit,) = client.get("/api/units", params={"code": "26740", "at": day}).json()["units"]
    assert unit["name"] == name
    (there,) = client.get("/api/units", params={"lon": 106.71, "lat": 10.78, "at": day}).json()["units"]
    assert (there["code"], there["name"]) == ("26740", name)


def send(client: TestClient, headers: dict[str, str] | None = None, **changed: Any) -> dict[str, Any]:
    answer = client.post("/api/reports", json=TOLD | changed, headers=headers)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def way(client: TestClient, code: str, headers: dict[str, str]) -> dict[str, Any]:
    answer = client.get(f"/api/reports/{code}/route", headers=headers)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_10_received_with_a_code_and_waiting(client: TestClient, operator: dict[str, str]) -> None:
    received = send(client, operator, channel="phone", contact_phone="0912345678")
    assert (received["status"], received["ward"], received["located"]) == ("received", None, False)
    assert "địa chỉ" in received["next"]["vi"]
    assert client.get(f"/api/reports/{received['code']}").json()["history"] == received["history"]
    (case,) = client.get("/api/triage", headers=operator).json()["cases"]
    assert (case["code"], case["triage"], case["confidence"]) == (
        received["code"],
        "no_location",
        "no_location",
    )
    assert (case["lon"], case["lat"], case["address"]) == (None, None, TOLD["address"])
    assert (case["body"]["id"], case["rule"]["id"]) == ("coordinator", "ward-default")
    assert [each["unit_id"] for each in case["candidates"]] == ["vn-a", "vn-b"]
    assert {each["distance_m"] for each in case["candidates"]} == {None}
    assert "Thị trấn Cũ" in case["reason_vi"]
    stored = way(client, received["code"], operator)
    assert (stored["place"], stored["address"]) == (None, TOLD["address"])
    assert [each["kind"] for each in stored["decisions"]] == ["intake"]


def test_10_placed_it_is_an_ordinary_report(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection
) -> None:
    sent = send(client, operator, channel="phone", contact_name="Trần Thị B", contact_phone="0912345678")
    code = sent["code"]
    before = admin.execute("SELECT id, received_at FROM core.report_unplaced").fetchall()
    body = {"reason": "Gọi lại: trước nhà 12", "lon": 105.63, "lat": 10.51}
    answer = client.post(f"/api/reports/{code}/route", json=body, headers=operator)
    assert answer.status_code == 200, answer.text
    assert answer.json()["decision"]["unit"]["name"] == "Xã Bình Minh"
    assert admin.execute("SELECT count(*) FROM core.report_unplaced").fetchone() == (0,)
    row = admin.execute(
        "SELECT id, received_at, ST_X(geom), unit, status, address, incident_code, channel"
        "  FROM core.reports WHERE code = %s",
        [code],
    ).fetchone()
    assert row == (*before[0], 105.63, "30002", "forwarded", TOLD["address"], code, "phone")
    kept = admin.execute("SELECT reporter_name, reporter_phone FROM private.reports").fetchall()
    assert kept == [("Trần Thị B", "0912345678")]
    followed = client.get(f"/api/reports/{code}").json()
    assert (followed["located"], followed["received_at"]) == (True, sent["received_at"])
    assert [event["status"] for event in followed["history"]] == ["received", "forwarded"]
    stored = way(client, code, operator)
    assert [each["kind"] for each in stored["decisions"]] == ["intake", "correction"]
    assert stored["decisions"][-1]["candidates"][0]["code"] == "30002"
    assert client.get("/api/triage", headers=operator).json()["cases"] == []
    # From now on it is passed on like any other.
    passed = client.post(
        f"/api/reports/{code}/route", json={"reason": "Thuộc An Hòa", "unit": "30001"}, headers=operator
    )
    assert passed.json()["decision"]["unit"]["code"] == "30001"


def test_10_given_to_a_ward_without_a_place(
    client: TestClient, operator: dict[str, str], settings: Settings, admin: psycopg.Connection
) -> None:
    code = send(client)["code"]
    body = {"reason": "Đã hỏi người gửi", "unit": "30002"}
    answer = client.post(f"/api/reports/{code}/route", json=body, headers=operator)
    assert answer.status_code == 200, answer.text
    followed = client.get(f"/api/reports/{code}").json()
    assert (followed["status"], followed["ward"]["code"], followed["located"]) == (
        "forwarded",
        "30002",
        False,
    )
    assert client.get("/api/triage", headers=operator).json()["cases"] == []
    ward = {"Authorization": f"Bearer {issue(settings, Claims('b@test', 1, ('30002',)))}"}
    refused = client.post(
        f"/api/reports/{code}/route", json={"reason": "Không phải ở đây", "refuse": True}, headers=ward
    )
    assert refused.json()["decision"]["triage"] == "refused"
    assert len(client.get(f"/api/reports/{code}").json()["history"]) == 3


def test_10_the_ward_that_the_sender_chose(client: TestClient, operator: dict[str, str]) -> None:
    code = send(client, chosen_ward="vn-b")["code"]
    (case,) = client.get("/api/triage", headers=operator).json()["cases"]
    assert case["code"] == code
    assert [each["unit_id"] for each in case["candidates"]] == ["vn-b", "vn-a"]
    assert case["stated"]["name"] == "Xã Bình Minh"
    assert "Người gửi chọn Xã Bình Minh" in case["reason_vi"]


def test_10_no_point_is_ever_made_up(client: TestClient, admin: psycopg.Connection) -> None:
    send(client, address="Phường An Hòa, tỉnh Đồng Tháp")
    assert admin.execute("SELECT count(*) FROM core.reports").fetchone() == (0,)
    assert admin.execute("SELECT count(*) FROM pub.reports").fetchone() == (0,)


def test_10_who_sees_it(client: TestClient, staff: dict[str, str], settings: Settings) -> None:
    code = send(client)["code"]
    assert client.get(f"/api/reports/{code}/route").status_code == 401
    nobody = {"Authorization": f"Bearer {issue(settings, Claims('x@test', 0))}"}
    assert client.get(f"/api/reports/{code}/route", headers=nobody).status_code == 403
    assert way(client, code, staff)["address"] == TOLD["address"]
    assert "Lê Lợi" not in client.get(f"/api/reports/{code}").text


@pytest.mark.parametrize(
    ("changed", "parameter"),
    [
        ({"address": "x"}, "address"),
        ({"address": "x" * 301}, "address"),
        ({"address": "12 Lê\nLợi"}, "address"),
        ({"address": None}, "lon"),
        ({"lon": 105.6}, "lat"),
        ({"channel": "phone"}, "channel"),
        ({"channel": "fax"}, "channel"),
        ({"chosen_ward": "x" * 41}, "chosen_ward"),
        ({"chosen_ward": 7}, "chosen_ward"),
    ],
)
def test_what_is_no_report_says_why(client: TestClient, changed: dict[str, Any], parameter: str) -> None:
    answer = client.post("/api/reports", json=TOLD | changed)
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == parameter
    assert answer.json()["allowed"]


def test_a_repeated_request_stores_one(client: TestClient, admin: psycopg.Connection) -> None:
    headers = {"Idempotency-Key": "told-once-0001"}
    first = client.post("/api/reports", json=TOLD, headers=headers)
    again = client.post("/api/reports", json=TOLD, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["code"] == again.json()["code"]
    assert admin.execute("SELECT count(*) FROM core.report_unplaced").fetchone() == (1,)


def test_26_placed_it_may_be_a_matter_that_is_known(client: TestClient, operator: dict[str, str]) -> None:
    told = send(client, operator, channel="phone")["code"]
    seen = client.post("/api/reports", json={**TOLD, "lon": 105.63, "lat": 10.51}).json()["code"]
    body = {"reason": "Gọi lại: trước nhà 12", "lon": 105.63, "lat": 10.51}
    assert client.post(f"/api/reports/{told}/route", json=body, headers=operator).status_code == 200
    incident = client.get(f"/api/reports/{told}", headers=operator).json()["incident"]
    assert (incident["code"], incident["reports"]) == (seen, 2)
