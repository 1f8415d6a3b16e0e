"""Staff pass cases on: one decision and one event each, the third time to the operation centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from geo.database import Claims
from geo.tokens import issue
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

    from geo.settings import Settings

GOOD = {"lon": 105.61, "lat": 10.51, "category": "GT", "text": "Ổ gà lớn giữa đường, rất nguy hiểm."}
WHY = {"reason": "Thuộc địa bàn bên cạnh"}


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports")
    settle(admin)


@pytest.fixture
def code(client: TestClient) -> str:
    return str(client.post("/api/reports", json=GOOD).json()["code"])


@pytest.fixture
def ward(settings: Settings) -> Any:
    def headers(*units: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {issue(settings, Claims('ward@test', 1, units))}"}

    return headers


def passed(client: TestClient, code: str, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/reports/{code}/route", json={**WHY, **body}, headers=headers)
    assert answer.status_code == 200, answer.text
    decision: dict[str, Any] = answer.json()["decision"]
    return decision


def kept(admin: psycopg.Connection, code: str) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT d.kind, d.body, d.unit_code, d.triage, d.handovers FROM core.route_decision d"
        " JOIN core.reports r ON r.id = d.report_id WHERE r.code = %s ORDER BY d.id",
        [code],
    ).fetchall()


def events(admin: psycopg.Connection, code: str) -> int:
    row = admin.execute(
        "SELECT count(*) FROM core.report_event e JOIN core.reports r ON r.id = e.report_id"
        " WHERE r.code = %s",
        [code],
    ).fetchone()
    return int(row[0]) if row else 0


def test_22_place_and_category_in_one_edit(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection, code: str
) -> None:
    before = events(admin, code)
    decision = passed(client, code, operator, lon=105.63, lat=10.51, category="MT")
    assert decision["unit"]["code"] == "30002"
    assert events(admin, code) == before + 1
    assert [row[0] for row in kept(admin, code)] == ["intake", "correction"]
    row = admin.execute(
        "SELECT ST_X(geom), category, unit, ward_name, h3_9 FROM core.reports WHERE code = %s", [code]
    ).fetchone()
    assert row is not None
    assert row[:4] == (105.63, "MT", "30002", "Xã Bình Minh")
    assert row[4] != "x"
    # Where nothing else of the row changes there is one event too.
    passed(client, code, operator, category="GT")
    assert events(admin, code) == before + 2


def test_23_the_third_time_goes_to_the_centre(
    client: TestClient, ward: Any, operator: dict[str, str], admin: psycopg.Connection, code: str
) -> None:
    before = events(admin, code)
    first = passed(client, code, ward("30001"), unit="30002")
    assert first["unit"]["code"] == "30002"
    second = passed(client, code, ward("30002"), unit="30001")
    assert second["unit"]["code"] == "30001"
    third = passed(client, code, ward("30001"), unit="30002")
    assert (third["body"]["id"], third["triage"], third["unit"]) == ("coordinator", "handovers", None)
    assert [row[1:] for row in kept(admin, code)][-1] == ("coordinator", None, "handovers", 3)
    assert events(admin, code) == before + 3
    (case,) = client.get("/api/triage", headers=operator).json()["cases"]
    assert case["code"] == code
    # The wards have lost it; the centre places it for good, and the count begins anew.
    assert (
        client.post(
            f"/api/reports/{code}/route", json={**WHY, "unit": "30001"}, headers=ward("30001")
        ).status_code
        == 403
    )
    final = passed(client, code, operator, unit="30002")
    assert (final["unit"]["code"], final["triage"]) == ("30002", None)
    assert kept(admin, code)[-1][4] == 0
    assert client.get("/api/triage", headers=operator).json()["cases"] == []


def test_24_a_refusal_goes_back_with_its_reason(
    client: TestClient, ward: Any, admin: psycopg.Connection, code: str
) -> None:
    decision = passed(client, code, ward("30001"), refuse=True, reason="Không thuộc thẩm quyền")
    assert (decision["body"]["id"], decision["triage"]) == ("coordinator", "refused")
    assert client.get(f"/api/reports/{code}").json()["status"] == "returned"
    held = admin.execute(
        "SELECT h.body, h.unit_id, h.ended_by, h.until IS NOT NULL FROM core.holding_time h"
        " JOIN core.reports r ON r.id = h.report_id WHERE r.code = %s ORDER BY h.decision_id",
        [code],
    ).fetchall()
    assert held == [("ward", "vn-a", "refusal", True), ("coordinator", None, None, False)]
    note = admin.execute("SELECT note FROM core.route_decision ORDER BY id DESC LIMIT 1").fetchone()
    assert note == ("Không thuộc thẩm quyền",)


def test_to_another_body_there_is_one_event(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection, code: str
) -> None:
    before = events(admin, code)
    decision = passed(client, code, operator, body="ward-police")
    assert decision["body"]["title"]["vi"] == "Công an Phường An Hòa"
    assert events(admin, code) == before + 1


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "reason"),
        ({"reason": "x"}, "reason"),
        ({"reason": "a" * 501}, "reason"),
        ({"reason": "có ký tự \u0000 lạ"}, "reason"),
        (WHY, "body"),
        ({**WHY, "refuse": False}, "body"),
        ({**WHY, "refuse": True, "unit": "30002"}, "body"),
        ({**WHY, "unit": "99999"}, "unit"),
        ({**WHY, "unit": 30002}, "unit"),
        ({**WHY, "body": "nobody"}, "body"),
        ({**WHY, "lon": 10.51, "lat": 105.61}, "lon,lat"),
        ({**WHY, "lon": "nan", "lat": 10}, "lon"),
        ({**WHY, "category": "XX"}, "category"),
        ({**WHY, "visibility": 0}, "body"),
    ],
)
def test_bad_wishes_change_nothing(
    client: TestClient,
    operator: dict[str, str],
    admin: psycopg.Connection,
    code: str,
    body: Any,
    parameter: str,
) -> None:
    answer = client.post(f"/api/reports/{code}/route", json=body, headers=operator)
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == parameter
    assert answer.json()["allowed"]
    assert len(kept(admin, code)) == 1


def test_who_may_pass_a_case_on(
    client: TestClient,
    ward: Any,
    staff: dict[str, str],
    operator: dict[str, str],
    admin: psycopg.Connection,
    code: str,
) -> None:
    path = f"/api/reports/{code}/route"
    assert client.post(path, json={**WHY, "unit": "30002"}).status_code == 401
    assert client.post(path, json={**WHY, "unit": "30002"}, headers=staff).status_code == 403
    assert client.post(path, json={**WHY, "unit": "30002"}, headers=ward("30002")).status_code == 403
    unknown = client.post("/api/reports/DT-0000-0000/route", json={**WHY, "unit": "30002"}, headers=operator)
    assert unknown.status_code == 404
    admin.execute("UPDATE core.reports SET status = 'closed' WHERE code = %s", [code])
    closed = client.post(path, json={**WHY, "unit": "30002"}, headers=operator)
    assert closed.status_code == 409
    assert len(kept(admin, code)) == 1
