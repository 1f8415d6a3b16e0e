"""A case as staff see it: its way, the ward that its reporter chose, who the caller is, whom it may go to."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from geo.calendar import today_ict
from geo.database import Claims
from geo.tokens import issue
from tests.geo.units_ground import GAP_DEG, settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

    from geo.settings import Settings

GOOD: dict[str, Any] = {"lon": 105.61, "lat": 10.51, "category": "GT", "text": "Ổ gà lớn trước cổng chợ"}
EDGE = 105.62  # between A in the west and B in the east


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports; DELETE FROM core.report_unplaced")
    settle(admin)


def send(client: TestClient, **changed: Any) -> dict[str, Any]:
    answer = client.post("/api/reports", json=GOOD | changed)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def decisions(client: TestClient, code: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = client.get(f"/api/reports/{code}/route", headers=headers)
    assert answer.status_code == 200, answer.text
    listed: list[dict[str, Any]] = answer.json()["decisions"]
    return listed


def test_the_way_of_a_case(client: TestClient, operator: dict[str, str], admin: psycopg.Connection) -> None:
    code = send(client, lon=EDGE, accuracy_m=40)["code"]
    (first,) = decisions(client, code, operator)
    assert (first["kind"], first["actor"], first["note"], first["handovers"]) == (
        "intake",
        "anonymous",
        None,
        0,
    )
    assert first["body"] == {
        "id": "ward",
        "kind": "ward",
        "title": {"vi": "UBND Phường An Hòa", "en": "People's Committee, Phường An Hòa"},
    }
    assert first["unit"] == {"id": "vn-a", "code": "30001", "name": "Phường An Hòa"}
    assert (first["confidence"], first["triage"], first["accuracy_m"]) == ("near_boundary", None, 40)
    assert first["rule"]["id"] == "ward-default"
    assert first["as_of"] == first["statistics"]["as_of"] == today_ict().isoformat()
    assert first["statistics"]["unit"]["name"] == "Phường An Hòa"
    assert [(each["unit_id"], each["distance_m"]) for each in first["candidates"]] == [
        ("vn-a", 0),
        ("vn-b", 0),
    ]
    versions = [(each["unit_id"], each["valid_from"], each["valid_to"]) for each in first["boundaries"]]
    assert versions == [("vn-a", "2025-07-01", None), ("vn-b", "2025-07-01", None)]
    # Passed on, and the boundaries corrected since: what was decided on stays readable.
    wish = {"reason": "Thuộc xã bên", "unit": "30002"}
    assert client.post(f"/api/reports/{code}/route", json=wish, headers=operator).status_code == 200
    admin.execute("DELETE FROM core.admin_units WHERE unit_id = 'vn-a'")
    before, after = decisions(client, code, operator)
    assert before["unit"]["name"] == "Phường An Hòa"
    assert before["boundaries"][0]["name"] == "Phường An Hòa"
    assert (after["kind"], after["note"], after["rule"]["id"]) == ("handover", "Thuộc xã bên", "person")
    body = client.get(f"/api/reports/{code}/route", headers=operator).json()
    assert [event["status"] for event in body["history"]] == ["received", "forwarded", "forwarded"]
    assert body["history"][-1]["unit"] == {"code": "30002", "name": "Xã Bình Minh"}
    assert body["history"][-1]["actor"] == "ioc@test"
    assert body["place"] == {"lon": EDGE, "lat": 10.51, "accuracy_m": 40}


def test_whom_a_department_informs(client: TestClient, operator: dict[str, str]) -> None:
    rule = {"id": "gt", "priority": 10, "body": "so-xd", "categories": ["GT"]}
    body = {"id": "so-xd", "kind": "department", "title": {"vi": "Sở Xây dựng", "en": "Construction"}}
    saved = {"rules": [rule], "bodies": [body]}
    assert client.put("/api/routing/rules", json=saved, headers=operator).status_code == 200
    (first,) = decisions(client, send(client)["code"], operator)
    assert first["body"]["title"]["vi"] == "Sở Xây dựng"
    assert first["informed"] == [{"id": "vn-a", "code": "30001", "name": "Phường An Hòa"}]
    assert client.put("/api/routing/rules", json={"rules": []}, headers=operator).status_code == 200


def test_who_sees_a_way(client: TestClient, staff: dict[str, str], settings: Settings) -> None:
    hidden = send(client, category="ANTT")["code"]
    assert client.get(f"/api/reports/{hidden}/route").status_code == 401
    other = {"Authorization": f"Bearer {issue(settings, Claims('b@test', 0, ('30001',)))}"}
    assert client.get(f"/api/reports/{hidden}/route", headers=other).status_code == 403
    assert client.get(f"/api/reports/{hidden}/route", headers=staff).status_code == 200
    for code in ("DT-0000-0000", "x", "a" * 200, "'--"):
        assert client.get(f"/api/reports/{code}/route", headers=staff).status_code == 404


@pytest.mark.parametrize("said", ["vn-b", "30002"])
def test_the_reporter_tips_the_choice_near_a_border(
    client: TestClient, operator: dict[str, str], said: str
) -> None:
    assert client.get("/api/routing/explain", params={"lon": EDGE, "lat": 10.51}).json()["decision"][
        "ask_reporter"
    ]
    sent = send(client, lon=EDGE, chosen_ward=said)
    assert sent["ward"] == {"code": "30002", "name": "Xã Bình Minh"}
    (first,) = decisions(client, sent["code"], operator)
    assert first["stated"] == {
        "said": said,
        "followed": True,
        "unit_id": "vn-b",
        "code": "30002",
        "name": "Xã Bình Minh",
    }
    assert first["confidence"] == "near_boundary"
    assert "Người gửi cho biết nơi này thuộc Xã Bình Minh" in first["reason"]["vi"]
    assert [each["unit_id"] for each in first["candidates"]] == ["vn-b", "vn-a"]


@pytest.mark.parametrize(
    ("changed", "ward", "words"),
    [
        ({"chosen_ward": "30002"}, "30001", "không phải đơn vị nào ở gần"),  # clearly inside A
        ({"lon": EDGE, "chosen_ward": "30004"}, "30001", "không phải đơn vị nào ở gần"),
        ({"lon": EDGE - 18 / 109_430, "chosen_ward": "30002"}, "30001", "vị trí đã rõ"),  # 18 m inside
        ({"lon": EDGE, "chosen_ward": "đâu đó"}, "30001", "đâu đó"),
    ],
)
def test_a_word_never_moves_a_report_elsewhere(
    client: TestClient, operator: dict[str, str], changed: dict[str, Any], ward: str, words: str
) -> None:
    sent = send(client, **changed)
    assert sent["ward"]["code"] == ward
    (first,) = decisions(client, sent["code"], operator)
    assert first["stated"]["followed"] is False
    assert first["stated"]["said"] == changed["chosen_ward"]
    assert words in first["reason"]["vi"]


def test_a_slit_between_two_wards_is_the_reporters_to_say(client: TestClient) -> None:
    place = 105.64 + GAP_DEG / 3  # 1 m from B, 2 m from D
    assert send(client, lon=place)["ward"]["code"] == "30002"
    assert send(client, lon=place, chosen_ward="vn-d")["ward"]["code"] == "30004"


def test_replay_hears_what_the_reporter_said(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection
) -> None:
    send(client, lon=EDGE, chosen_ward="vn-b")
    send(client, address="Xã Bình Minh", lon=None, lat=None)
    day = today_ict().isoformat()
    body = {"from": day, "to": "2199-01-01", "a": {"decided": True}, "b": {}}
    body["to"] = (today_ict().replace(year=today_ict().year + 1)).isoformat()
    answer = client.post("/api/routing/replay", json=body, headers=operator)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["reports"], answer.json()["different"]) == (2, 0)


def test_who_am_i(
    client: TestClient, staff: dict[str, str], operator: dict[str, str], settings: Settings
) -> None:
    assert client.get("/api/me").json() == {
        "signed_in": False,
        "name": None,
        "role": {"id": "public", "title": {"vi": "Người dân", "en": "The public"}},
        "clearance": 0,
        "units": [],
    }
    ward = {"Authorization": f"Bearer {issue(settings, Claims('lan@anhoa', 1, ('30001', '99999')))}"}
    body = client.get("/api/me", headers=ward)
    assert (body.json()["name"], body.json()["role"]["id"]) == ("lan@anhoa", "staff")
    assert body.json()["units"] == [
        {"code": "30001", "name": "Phường An Hòa"},
        {"code": "99999", "name": None},
    ]
    assert body.headers["cache-control"] == "no-store"
    assert client.get("/api/me", headers=operator).json()["role"]["id"] == "centre"
    assert client.get("/api/me", headers={"Authorization": "Bearer dbn_nobody"}).status_code == 401


def test_whom_a_case_may_go_to(client: TestClient, staff: dict[str, str]) -> None:
    assert client.get("/api/routing/bodies").status_code == 401
    listed = client.get("/api/routing/bodies", headers=staff).json()["bodies"]
    assert {"ward", "ward-police", "coordinator"} <= {each["id"] for each in listed}
    assert all(each["title"]["vi"] and each["title"]["en"] for each in listed)
    assert {each["id"]: each["per_unit"] for each in listed}["ward"] is True


def test_units_by_place_with_accuracy(client: TestClient) -> None:
    place = {"lon": EDGE - 0.0005, "lat": 10.51}  # 55 m from the border
    assert client.get("/api/units", params=place).json()["confidence"] == "inside"
    body = client.get("/api/units", params={**place, "accuracy_m": 80}).json()
    assert (body["confidence"], body["threshold_m"]) == ("near_boundary", 80)
    assert [each["id"] for each in body["neighbours"]] == ["vn-b"]
    for bad in ("-1", "nan", "1e9", "x", ""):
        answer = client.get("/api/units", params={**place, "accuracy_m": bad})
        assert (answer.status_code, answer.json()["parameter"]) == (400, "accuracy_m")


SENDER = {"contact_name": "Trần Thị B", "contact_phone": "0912345678"}


@pytest.mark.parametrize("where", [{}, {"lon": None, "lat": None, "address": "Xã Bình Minh"}])
def test_calling_the_reporter_back_is_written_down(
    client: TestClient,
    operator: dict[str, str],
    staff: dict[str, str],
    admin: psycopg.Connection,
    where: dict[str, Any],
) -> None:
    admin.execute("TRUNCATE private.access_log")
    code = send(client, **where, **SENDER)["code"]
    path, why = f"/api/reports/{code}/reporter", {"reason": "Hỏi lại vị trí"}
    answer = client.post(path, json=why, headers=operator)
    assert answer.json() == {"name": "Trần Thị B", "phone": "0912345678", "photo": False}
    assert answer.headers["cache-control"] == "no-store"
    log = "SELECT subject, layer, purpose FROM private.access_log"
    assert admin.execute(log).fetchall() == [("ioc@test", "reports", "Hỏi lại vị trí")]
    assert client.post(path, json=why).status_code == 401
    assert client.post(path, json=why, headers=staff).status_code == 403
    assert client.post(path, json={}, headers=operator).status_code == 400
    missing = client.post("/api/reports/DT-0000-0000/reporter", json=why, headers=operator)
    assert missing.status_code == 404
    assert len(admin.execute(log).fetchall()) == 1
    nameless = send(client, **where, category="MT")["code"]
    answer = client.post(f"/api/reports/{nameless}/reporter", json=why, headers=operator)
    assert answer.json() == {"name": None, "phone": None, "photo": False}


def test_an_operator_takes_down_many(
    client: TestClient, operator: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of an address is for citizens: a whole operation centre calls from one."""
    monkeypatch.setattr(client._transport, "client", ("203.0.113.5", 5000))
    # However long it takes to send them: nothing is refilled meanwhile.
    monkeypatch.setattr("api.reports.time", SimpleNamespace(monotonic=lambda: 0.0))

    def sent(headers: dict[str, str]) -> list[int]:
        places = [{"lat": 10.503 + number / 2000} for number in range(25)]
        return [
            client.post("/api/reports", json=GOOD | place, headers=headers).status_code for place in places
        ]

    assert sent(operator) == [201] * 25
    assert sent({}) == [201] * 20 + [429] * 5


def test_07_outside_every_ward_by_telephone_it_is_taken(client: TestClient, operator: dict[str, str]) -> None:
    """On the web the sender can move the pin; a caller cannot."""
    at_sea = GOOD | {"lon": 105.9}
    assert client.post("/api/reports", json=at_sea).status_code == 400
    answer = client.post("/api/reports", json=at_sea | {"channel": "phone"}, headers=operator)
    assert (answer.status_code, answer.json()["status"], answer.json()["ward"]) == (201, "received", None)
    (case,) = client.get("/api/triage", headers=operator).json()["cases"]
    assert (case["triage"], case["confidence"], case["lon"]) == ("outside", "outside", 105.9)


ODD: list[Any] = [None, True, 0, -1, 1e308, "", " ", "\u0000", "\ud800", "x" * 5000, "'; --"]
ODD += ["ا\u202eb", [], {}, [[]], {"a": 1}]
WHY = "vì sao đó"
PART = {"address": "Xã Bình Minh", "chosen_ward": "vn-a", "channel": "phone", "accuracy_m": 5}
WHOLE: dict[str, dict[str, Any]] = {
    "route": {"reason": WHY, "lon": 105.61, "lat": 10.51, "category": "GT"},
    "status": {"reason": WHY, "status": "in_progress"},
    "incident": {"reason": WHY, "incident": None},
    "children": GOOD | PART,
    "reporter": {"reason": WHY},
}


@pytest.mark.parametrize("door", WHOLE)
def test_no_value_makes_a_door_fail(client: TestClient, operator: dict[str, str], door: str) -> None:
    code = send(client)["code"]
    for name in WHOLE[door]:
        for value in ODD:
            body = json.dumps(WHOLE[door] | {name: value})
            path = f"/api/reports/{code}/{door}"
            answer = client.post(path, content=body, headers=operator)
            assert answer.status_code < 500, (name, value, answer.text)
    for odd in ("%00", "%ED%A0%80", "x" * 3000, "%2e%2e", "%25"):
        assert client.post(f"/api/reports/{odd}/{door}", json=WHOLE[door], headers=operator).status_code < 500
        assert client.get(f"/api/reports/{odd}/route", headers=operator).status_code in (404, 405)


@pytest.mark.parametrize("name", [*PART, *GOOD, "contact_phone"])
def test_no_value_makes_the_intake_fail(client: TestClient, name: str) -> None:
    typed = {"Content-Type": "application/json"}
    for whole in (GOOD, GOOD | {"lon": None, "lat": None, "address": "Xã Bình Minh, H. Cai Lậy"}):
        for value in ODD:
            body = json.dumps(whole | {name: value})
            answer = client.post("/api/reports", content=body, headers=typed)
            assert answer.status_code < 500, (name, value, answer.text)


@pytest.mark.parametrize(
    "odd", ["\u0000", "P.\u0000", "x" * 400, "," * 300, "P. " * 90, "(((", "%", "ạ" * 300]
)
def test_no_address_makes_the_search_fail(client: TestClient, odd: str) -> None:
    answer = client.get("/api/units", params={"address": odd, "province": "82"})
    assert answer.status_code in (200, 400)
