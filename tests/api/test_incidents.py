"""Reports of one matter (edge cases 26, 27): one incident, all reporters told, joined and parted by staff."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from geo.database import Claims
from geo.tokens import issue
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

    from geo.settings import Settings

METRE = 1 / 110_600  # of latitude, at 10.5° N
GOOD: dict[str, Any] = {"lon": 105.61, "lat": 10.51, "category": "GT", "text": "Ổ gà lớn trước cổng chợ"}


STAFF: dict[str, str] = {}


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection, operator: dict[str, str]) -> None:
    STAFF.update(operator)
    admin.execute("DELETE FROM core.reports; DELETE FROM core.report_unplaced")
    settle(admin)


def send(client: TestClient, headers: dict[str, str] | None = None, **changed: Any) -> str:
    answer = client.post("/api/reports", json=GOOD | changed, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


def incident(client: TestClient, code: str) -> dict[str, Any] | None:
    body: dict[str, Any] = client.get(f"/api/reports/{code}", headers=STAFF).json()
    found: dict[str, Any] | None = body["incident"]
    return found


def together(client: TestClient, *codes: str) -> bool:
    found = [incident(client, code) for code in codes]
    return all(each is not None and each == found[0] and each["reports"] == len(codes) for each in found)


def link(client: TestClient, headers: dict[str, str], code: str, other: str | None) -> Any:
    body = {"incident": other, "reason": "Đã xem tại chỗ"}
    return client.post(f"/api/reports/{code}/incident", json=body, headers=headers)


def status(admin: psycopg.Connection, code: str, new: str) -> None:
    admin.execute("UPDATE core.reports SET status = %s WHERE code = %s", [new, code])


def test_26_another_channel_nearby_is_one_matter(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection
) -> None:
    first = send(client)
    assert incident(client, first) is None
    answer = client.post(
        "/api/reports", json=GOOD | {"lat": 10.51 + 25 * METRE, "channel": "phone"}, headers=operator
    ).json()
    second = answer["code"]
    assert answer["incident"]["code"] == first
    assert together(client, first, second)
    # Both keep their code, decision and ward, and are told of each other.
    for code in (first, second):
        body = client.get(f"/api/reports/{code}").json()
        assert (body["code"], body["status"], body["ward"]["code"]) == (code, "forwarded", "30001")
        assert "1 người khác" in body["next"]["vi"]
        # The code opens a report to its holder: nobody is told another's.
        assert sorted(body["incident"]) == ["reports", "status", "status_title"]
        assert body["incident"]["reports"] == 2
    kept = "SELECT count(*) FROM core.route_decision d JOIN core.reports r ON r.id = d.report_id"
    assert admin.execute(kept).fetchone() == (2,)
    # Once as an incident, twice as contacts.
    counted = admin.execute(
        "SELECT reports, incidents FROM core.reports_by_unit(now() - interval '1 hour', now() + '1 hour')"
    ).fetchall()
    assert counted == [(2, 1)]


@pytest.mark.parametrize(
    ("changed", "joined"),
    [
        ({}, True),
        ({"lat": 10.51 + 29 * METRE}, True),
        ({"lat": 10.51 + 32 * METRE}, False),
        ({"category": "MT"}, False),
        ({"category": "KHAC"}, False),
    ],
)
def test_26_how_near(client: TestClient, changed: dict[str, Any], joined: bool) -> None:
    first = send(client)
    second = send(client, **changed)
    assert together(client, first, second) is joined


@pytest.mark.parametrize(("minutes", "joined"), [(119, True), (121, False)])
def test_26_how_long(client: TestClient, admin: psycopg.Connection, minutes: int, joined: bool) -> None:
    first = send(client)
    admin.execute("UPDATE core.reports SET received_at = now() - make_interval(mins => %s)", [minutes])
    assert together(client, first, send(client)) is joined


def test_26_a_group_of_categories_and_its_own_distance(client: TestClient) -> None:
    first = send(client, category="ATGT")
    second = send(client, category="TTDT")
    assert together(client, first, second)
    dark = send(client, category="DVT")
    assert together(client, dark, send(client, category="DVT", lat=10.51 + 280 * METRE))


def test_26_one_person_has_two_matters(client: TestClient, operator: dict[str, str]) -> None:
    phone = {"contact_phone": "0912 345 678"}
    first = send(client, **phone)
    again = send(client, **phone)
    assert incident(client, first) is None
    assert incident(client, again) is None
    by_telephone = send(client, operator, **phone, channel="phone")
    assert incident(client, by_telephone) is not None


@pytest.mark.parametrize("ended", ["resolved", "closed", "rejected", "duplicate"])
def test_26_what_is_over_takes_no_more(client: TestClient, admin: psycopg.Connection, ended: str) -> None:
    first = send(client)
    status(admin, first, ended)
    assert incident(client, send(client)) is None


def test_26_neighbours_of_neighbours_do_not_make_a_chain(client: TestClient) -> None:
    first = send(client)
    second = send(client, lat=10.51 + 25 * METRE)
    third = send(client, lat=10.51 + 50 * METRE)
    assert together(client, first, second)
    assert incident(client, third) is None


def test_26_two_at_once_make_one_incident(settings: Settings, admin: psycopg.Connection) -> None:
    """Two transactions hand in the same matter, neither sees the other's row before it commits."""
    import psycopg as driver
    from psycopg.types.json import Jsonb

    admin.execute(
        "CREATE OR REPLACE FUNCTION core.test_slow() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$;"
        " CREATE OR REPLACE TRIGGER zz_slow AFTER INSERT ON core.reports"
        " FOR EACH STATEMENT EXECUTE FUNCTION core.test_slow()"
    )
    report = {
        "lon": 105.61,
        "lat": 10.51,
        "category": "GT",
        "channel": "web",
        "text": "Ổ gà lớn",
        "h3_9": "x",
    }
    decision = {"as_of": "2026-03-02", "unit_code": "30001", "unit_name": "Phường An Hòa", "unit_id": "vn-a",
                "confidence": "inside", "candidates": [], "boundaries": [], "rule": "ward-default",
                "rule_version": 1, "reason_vi": "-", "reason_en": "-"}  # fmt: skip
    start = threading.Barrier(6)

    def hand_in(number: int) -> None:
        with driver.connect(settings.admin_dsn) as connection:
            start.wait()
            place = report | {"lat": 10.51 + number * METRE}
            codes = [f"DT-{number}{number}{number}{number}-0000"]
            connection.execute(
                "SELECT core.submit_report(%s, %s, %s, NULL, NULL)", [Jsonb(place), Jsonb(decision), codes]
            )

    threads = [threading.Thread(target=hand_in, args=(number,)) for number in range(6)]
    try:
        for thread in threads:
            thread.start()
    finally:
        for thread in threads:
            thread.join()
        admin.execute("DROP TRIGGER zz_slow ON core.reports")
    counts = admin.execute("SELECT count(*), count(DISTINCT incident_code) FROM core.reports").fetchone()
    assert counts == (6, 1)


def test_27_five_hundred_calls_about_one_blackout(
    client: TestClient, admin: psycopg.Connection, operator: dict[str, str]
) -> None:
    first = send(client, category="DVT", text="Mất điện cả khu phố")
    admin.execute(
        "INSERT INTO core.reports (geom, unit, code, category, status, channel, received_at, incident_code,"
        " h3_9) SELECT ST_Point(105.61, 10.51, 4326), '30001', 'T27-' || n, 'DVT', 'forwarded', 'phone',"
        " now(), %s, h3_9 FROM core.reports, generate_series(1, 499) AS n",
        [first],
    )
    last = send(client, operator, category="DVT", channel="phone", lat=10.5102)
    found = incident(client, last)
    assert found is not None
    assert (found["code"], found["reports"]) == (first, 501)
    # What is done about it is done for all of them, each with its own event.
    status(admin, first, "in_progress")
    assert client.get(f"/api/reports/{last}").json()["status"] == "in_progress"
    status(admin, first, "closed")
    left = admin.execute("SELECT DISTINCT status FROM core.reports").fetchall()
    assert left == [("closed",)]
    events = [event["status"] for event in client.get(f"/api/reports/{last}").json()["history"]]
    assert events == ["received", "forwarded", "in_progress", "closed"]


def test_a_hand_over_takes_the_whole_matter_along(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection
) -> None:
    first, second = send(client), send(client, lat=10.51 + 5 * METRE)
    body = {"reason": "Đất của xã bên", "unit": "30002"}
    assert client.post(f"/api/reports/{first}/route", json=body, headers=operator).status_code == 200
    for code in (first, second):
        followed = client.get(f"/api/reports/{code}").json()
        assert (followed["ward"]["code"], len(followed["history"])) == ("30002", 3)
        way = client.get(f"/api/reports/{code}/route", headers=operator).json()
        assert [each["kind"] for each in way["decisions"]] == ["intake", "handover"]
        assert way["incident"] == {"code": first, "reports": 2}
    # What the router knew of the second one's own place stays with it.
    kept = way["decisions"]
    assert kept[0]["candidates"] == kept[1]["candidates"]


def test_staff_part_and_join(client: TestClient, operator: dict[str, str], admin: psycopg.Connection) -> None:
    first, second, third = send(client), send(client), send(client)
    assert together(client, first, second, third)
    # The first leaves: the earliest of the others is the first now.
    assert link(client, operator, first, None).json() == {"incident": None}
    assert together(client, second, third)
    found = incident(client, third)
    assert found is not None
    assert found["code"] == second
    # It comes again, by the code of any of them; then a whole incident joins another.
    assert link(client, operator, first, third).json()["incident"]["code"] == second
    assert together(client, first, second, third)
    far = send(client, lat=10.515)
    assert link(client, operator, second, far).json()["incident"]["reports"] == 4
    assert together(client, first, second, third, far)
    log = admin.execute(
        "SELECT note, actor FROM core.incident_link WHERE report_id ="
        " (SELECT id FROM core.reports WHERE code = %s) ORDER BY id",
        [first],
    ).fetchall()
    assert log == [("Đã xem tại chỗ", "ioc@test"), ("Đã xem tại chỗ", "ioc@test")]


def test_who_may_part_and_join(
    client: TestClient, operator: dict[str, str], staff: dict[str, str], settings: Settings
) -> None:
    first, second = send(client), send(client, lat=10.515)
    ward = {"Authorization": f"Bearer {issue(settings, Claims('a@test', 1, ('30001',)))}"}
    assert link(client, {}, second, first).status_code == 401
    assert link(client, staff, second, first).status_code == 403
    assert link(client, ward, second, first).status_code == 200
    assert link(client, operator, second, "DT-0000-0000").status_code == 404
    assert link(client, operator, "DT-0000-0000", first).status_code in (403, 404)
    for body in (
        {},
        {"incident": first},
        {"incident": 5, "reason": "vì thế"},
        {"incident": None, "reason": "x"},
        [],
    ):
        answer = client.post(f"/api/reports/{second}/incident", json=body, headers=operator)
        assert answer.status_code == 400, answer.text
        assert answer.json()["allowed"]


def test_a_place_of_many_reports_is_searched_by_time_too(admin: psycopg.Connection) -> None:
    admin.execute(
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, incident_code, h3_9)"
        " SELECT ST_Point(105.61 + (n % 9) * 1e-6, 10.505, 4326), 'P-' || n, 'GT',"
        " 'forwarded', 'web', now() - n * interval '1 hour', 'P-' || n, 'x'"
        " FROM generate_series(1, 9000) AS n"
    )
    admin.execute("ANALYZE core.reports")
    plan = admin.execute(
        "EXPLAIN SELECT code FROM core.reports AS first WHERE incident_code = code"
        " AND geom && ST_Expand(ST_Point(105.61, 10.505, 4326), 0.0003)"
        " AND received_at BETWEEN now() - interval '1 day' AND now()"
    ).fetchall()
    assert "reports_incident_place" in "\n".join(row[0] for row in plan)
