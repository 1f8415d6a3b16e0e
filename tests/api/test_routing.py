"""Routing's doors: explain, rules, replay, triage, statistics; and what they refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.geo.units_ground import settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

RULE = {"id": "gt", "priority": 10, "body": "so-xd", "categories": ["GT"]}
BODY = {"id": "so-xd", "kind": "department", "title": {"vi": "Sở Xây dựng", "en": "Construction"}}
GOOD = {"lon": 105.61, "lat": 10.51, "category": "GT", "text": "Ổ gà lớn giữa đường, rất nguy hiểm."}


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports")
    settle(admin)


def explain(client: TestClient, **more: Any) -> dict[str, Any]:
    answer = client.get(
        "/api/routing/explain", params={"lon": 105.61, "lat": 10.51, "category": "GT", **more}
    )
    assert answer.status_code == 200, answer.text
    decision: dict[str, Any] = answer.json()["decision"]
    return decision


def save(client: TestClient, operator: dict[str, str], *rules: dict[str, Any], **more: Any) -> Any:
    return client.put(
        "/api/routing/rules", json={"rules": list(rules), "bodies": [BODY], **more}, headers=operator
    )


def test_anyone_may_ask_why(client: TestClient, operator: dict[str, str]) -> None:
    answer = save(client, operator)
    assert answer.status_code == 200, answer.text
    decision = explain(client, accuracy_m=200)
    assert (decision["body"]["id"], decision["unit"]["code"]) == ("ward", "30001")
    assert decision["confidence"] == "inside"
    assert decision["rule"]["id"] == "ward-default"
    assert "Phường An Hòa" in decision["reason"]["vi"]
    assert decision["reason"]["en"].startswith("The place lies in")
    border = explain(client, lon=105.6199, lat=10.5001, accuracy_m=200)
    assert border["ask_reporter"] is True
    assert [each["share"] for each in border["candidates"]] == sorted(
        (each["share"] for each in border["candidates"]), reverse=True
    )


def test_the_date_decides(client: TestClient) -> None:
    assert explain(client, at="2025-06-30T16:59:59Z")["unit"]["name"] == "Thị trấn Cũ"
    assert explain(client, at="2025-06-30T17:00:00Z")["unit"]["name"] == "Phường An Hòa"


def test_rules_are_saved_asked_and_versioned(client: TestClient, operator: dict[str, str]) -> None:
    first = save(client, operator, RULE).json()["version"]
    decision = explain(client)
    assert (decision["body"]["id"], decision["rule"]) == ("so-xd", {"id": "gt", "version": first})
    assert decision["informed"] == ["vn-a"]
    assert explain(client, category="MT")["considered"][0]["why_not"]["vi"] == "lĩnh vực khác"
    second = save(client, operator, based_on=first).json()["version"]
    assert second == first + 1
    assert explain(client)["body"]["id"] == "ward"
    kept = client.get("/api/routing/rules", params={"version": first}, headers=operator).json()
    assert [rule["id"] for rule in kept["rules"]] == ["gt"]
    stale = save(client, operator, RULE, based_on=first)
    assert stale.status_code == 409
    assert str(first) in stale.json()["detail"]


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([RULE, {**RULE, "id": "again"}], "priority 10"),
        ([{**RULE, "units": ["vn-old"]}], "'vn-old' does not exist"),
        ([{**RULE, "body": "nobody"}], "no body 'nobody'"),
        ([{**RULE, "layer": "canals"}], "no layer 'canals'"),
    ],
)
def test_20_21_faulty_rules_are_refused_with_the_reason(
    client: TestClient, operator: dict[str, str], rules: list[dict[str, Any]], words: str
) -> None:
    before = client.get("/api/routing/rules", headers=operator).json()["version"]
    answer = save(client, operator, *rules)
    assert answer.status_code == 409
    assert words in answer.json()["detail_en"]
    assert client.get("/api/routing/rules", headers=operator).json()["version"] == before


def test_a_report_keeps_its_decision(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection
) -> None:
    version = save(client, operator, RULE).json()["version"]
    code = client.post("/api/reports", json=GOOD).json()["code"]
    kept = admin.execute(
        "SELECT d.body, d.body_title_vi, d.unit_code, d.informed, d.rule, d.rule_version, d.kind,"
        " d.statistics_unit_id, d.triage FROM core.route_decision d JOIN core.reports r ON r.id = d.report_id"
        " WHERE r.code = %s",
        [code],
    ).fetchall()
    assert kept == [("so-xd", "Sở Xây dựng", "30001", ["vn-a"], "gt", version, "intake", "vn-a", None)]


def replayed(client: TestClient, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    whole = {"from": "2020-01-01", "to": "2020-12-31", **body}
    answer = client.post("/api/routing/replay", json=whole, headers=headers)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def reports(admin: psycopg.Connection) -> None:
    admin.execute(
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)"
        " SELECT ST_Point(105.607 + n * 0.005, 10.51, 4326), 'RP-' || n,"
        " CASE WHEN n % 2 = 0 THEN 'GT' ELSE 'MT' END,"
        " 'received', 'web', '2020-05-05T05:00:00Z', 'x' FROM generate_series(0, 5) AS n"
    )


def test_replay_of_two_dates_and_two_rule_sets(
    client: TestClient, operator: dict[str, str], staff: dict[str, str], admin: psycopg.Connection
) -> None:
    reports(admin)
    save(client, operator)
    dates = replayed(client, staff, a={}, b={"day": "2026-01-01"})
    assert (dates["reports"], dates["different"]) == (6, 6)
    assert {(row["a"], row["b"], row["reports"]) for row in dates["table"]} == {
        ("UBND Thị trấn Cũ", "UBND Phường An Hòa", 3),
        ("UBND Thị trấn Cũ", "UBND Xã Bình Minh", 3),
    }
    assert len(dates["map"]["features"]) == 6
    draft = {"rules": [RULE], "bodies": [BODY]}
    rules = replayed(client, staff, a={}, b={"rules": draft})
    assert (rules["same"], rules["different"]) == (3, 3)
    assert {feature["properties"]["rule_b"] for feature in rules["map"]["features"]} == {"gt"}
    assert replayed(client, staff, category="MT", a={}, b={"rules": draft})["different"] == 0


def test_31_a_boundary_corrected_backwards(
    client: TestClient, operator: dict[str, str], staff: dict[str, str], admin: psycopg.Connection
) -> None:
    save(client, operator)
    code = client.post("/api/reports", json=GOOD | {"lon": 105.619}).json()["code"]
    decided = (
        "SELECT unit_id FROM core.route_decision d JOIN core.reports r ON r.id = d.report_id WHERE code = %s"
    )
    admin.execute("DELETE FROM core.admin_units WHERE unit_id IN ('vn-a', 'vn-b')")
    from tests.geo.test_routing_equal import ADD
    from tests.geo.units_ground import box

    admin.execute(ADD, ("vn-a", "30001", "Phường An Hòa", box(105.60, 10.50, 105.618, 10.52)))
    admin.execute(ADD, ("vn-b", "30002", "Xã Bình Minh", box(105.618, 10.50, 105.64, 10.52)))
    assert admin.execute(decided, [code]).fetchall() == [("vn-a",)]
    span = {"from": "2020-01-01", "to": "2020-12-31"}
    assert replayed(client, staff, **span)["reports"] == 0
    received = admin.execute("SELECT received_at FROM core.reports WHERE code = %s", [code]).fetchone()
    assert received is not None
    day = received[0].date().isoformat()
    body = replayed(
        client, staff, **{"from": day + "T00:00:00Z", "to": day + "T23:59:59Z"}, a={"decided": True}, b={}
    )
    assert body["different"] == 1
    (row,) = body["table"]
    assert (row["a"], row["b"]) == ("UBND Phường An Hòa", "UBND Xã Bình Minh")


def test_statistics_as_reported_and_rebased(
    client: TestClient, staff: dict[str, str], admin: psycopg.Connection
) -> None:
    reports(admin)
    span = {"from": "2020-05-05", "to": "2020-05-05"}

    def counted(**more: str) -> dict[str, int]:
        answer = client.get("/api/statistics/units", params={**span, **more}, headers=staff)
        assert answer.status_code == 200, answer.text
        return {row["name"]: row["reports"] for row in answer.json()["units"]}

    assert counted() == {"Thị trấn Cũ": 6}
    assert counted(vintage="2026-01-01") == {"Phường An Hòa": 3, "Xã Bình Minh": 3}


def test_the_queue_is_for_staff(
    client: TestClient, staff: dict[str, str], operator: dict[str, str], admin: psycopg.Connection
) -> None:
    save(client, operator, overlap="triage")
    admin.execute(
        "INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, valid_from, geom)"
        " SELECT 'vn-e', '30009', 'Xã Chồng', 'xa', 3, '82', '2025-07-01', ST_Multi(ST_Buffer(geom, -0.001))"
        "   FROM core.admin_units WHERE unit_id = 'vn-a'"
    )
    received = client.post("/api/reports", json=GOOD).json()
    assert (received["status"], received["ward"]) == ("received", None)
    assert client.get("/api/triage").status_code == 401
    (case,) = client.get("/api/triage", headers=staff).json()["cases"]
    assert (case["code"], case["triage"], case["confidence"]) == (received["code"], "overlap", "overlap")
    assert len(case["candidates"]) == 2
    assert "chồng nhau" in case["reason_vi"]
    save(client, operator)


EXPLAIN, PLACE = "/api/routing/explain", {"lon": "105.61", "lat": "10.51"}
SQL = "1'; DROP TABLE core.reports; --"


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({}, "lon"),
        ({"lon": "105.6"}, "lat"),
        ({"lon": "nan", "lat": "10.5"}, "lon"),
        ({"lon": "105.6", "lat": "inf"}, "lat"),
        ({"lon": "1e308", "lat": "10"}, "lon"),
        ({"lon": "0", "lat": "0"}, "lon,lat"),
        ({"lon": "10.8", "lat": "106.7"}, "lon,lat"),
        ({"lon": SQL, "lat": "10.5"}, "lon"),
        ({**PLACE, "category": "XX"}, "category"),
        ({**PLACE, "category": SQL}, "category"),
        ({**PLACE, "at": "yesterday"}, "at"),
        ({**PLACE, "accuracy_m": "-1"}, "accuracy_m"),
        ({**PLACE, "accuracy_m": "1e9"}, "accuracy_m"),
        ({**PLACE, "accuracy_m": "nan"}, "accuracy_m"),
    ],
)
def test_08_29_explain_says_what_is_allowed(
    client: TestClient, params: dict[str, str], parameter: str
) -> None:
    answer = client.get(EXPLAIN, params=params)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["parameter"] == parameter
    assert answer.json()["allowed"]
    assert answer.json()["allowed_en"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/api/routing/rules", b"{"),
        ("PUT", "/api/routing/rules", b"[]"),
        ("PUT", "/api/routing/rules", b"[" * 5000),
        ("PUT", "/api/routing/rules", b'{"rules": 1}'),
        ("PUT", "/api/routing/rules", b'{"rules": [1]}'),
        ("PUT", "/api/routing/rules", b'{"rules": [{"id": "x", "priority": NaN}]}'),
        ("PUT", "/api/routing/rules", b'{"eval": "1"}'),
        ("PUT", "/api/routing/rules", b'{"rules": [], "based_on": "1"}'),
        (
            "PUT",
            "/api/routing/rules",
            b'{"bodies": [{"id": "x1", "kind": "king", "title": {"vi": "aa", "en": "bb"}}]}',
        ),
        ("POST", "/api/routing/replay", b"{}"),
        ("POST", "/api/routing/replay", b'{"from": "2026-01-02", "to": "2026-01-01"}'),
        ("POST", "/api/routing/replay", b'{"from": "2000-01-02", "to": "2026-01-01"}'),
        ("POST", "/api/routing/replay", b'{"from": "2026-01-01", "to": "2026-01-02", "a": {"rules": "x"}}'),
        ("POST", "/api/routing/replay", b'{"from": "2026-01-01", "to": "2026-01-02", "a": {"day": "x"}}'),
        ("POST", "/api/routing/replay", b'{"from": "2026-01-01", "to": "2026-01-02", "a": 5}'),
        ("GET", "/api/triage?limit=0", None),
        ("GET", "/api/triage?after=-1", None),
        ("GET", "/api/routing/rules?version=x", None),
        ("GET", "/api/statistics/units?from=2026-01-02&to=2026-01-01", None),
        ("GET", "/api/statistics/units?from=x&to=2026-01-01", None),
        ("GET", "/api/statistics/units?from=1990-01-01&to=2026-01-01", None),
    ],
)
def test_bad_bodies_say_what_is_allowed(
    client: TestClient, operator: dict[str, str], method: str, path: str, body: bytes | None
) -> None:
    answer = client.request(method, path, content=body, headers=operator)
    assert answer.status_code == 400, answer.text
    assert answer.json()["allowed"]
    assert answer.json()["allowed_en"]


def test_unknown_versions_and_bodies_too_long(client: TestClient, operator: dict[str, str]) -> None:
    assert client.get("/api/routing/rules?version=99999", headers=operator).status_code == 404
    long = client.put("/api/routing/rules", content=b" " * 600_000, headers=operator)
    assert long.status_code == 413
    body = {"from": "2026-01-01", "to": "2026-01-02", "a": {"rules": 99999}}
    assert client.post("/api/routing/replay", json=body, headers=operator).status_code == 404


def test_doors_ask_for_rights(client: TestClient, staff: dict[str, str]) -> None:
    for method, path in [
        ("GET", "/api/routing/rules"),
        ("PUT", "/api/routing/rules"),
    ]:
        assert client.request(method, path).status_code == 401
        assert client.request(method, path, headers=staff).status_code == 403
    for method, path in [
        ("POST", "/api/routing/replay"),
        ("GET", "/api/triage"),
        ("GET", "/api/statistics/units"),
        ("POST", "/api/reports/DT-0000-0000/route"),
    ]:
        assert client.request(method, path).status_code == 401
