"""Steps in a report's life: the table, the door, who may, what is written down."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from geo.database import Claims
from geo.reports.life import STEPS, reached_from
from geo.tokens import issue
from layers.registry import BUILT_IN, load
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

    from geo.settings import Settings

GOOD: dict[str, Any] = {"lon": 105.61, "lat": 10.51, "category": "GT", "text": "Ổ gà lớn trước cổng chợ"}
STATUSES = [code.code for code in load((BUILT_IN,))["reports"].codes["statuses"]]


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports; DELETE FROM core.report_unplaced")
    settle(admin)


@pytest.fixture
def code(client: TestClient) -> str:
    return str(client.post("/api/reports", json=GOOD).json()["code"])


def step(
    client: TestClient, code: str, headers: dict[str, str], status: object, reason: str = "Đã kiểm tra"
) -> Any:
    return client.post(
        f"/api/reports/{code}/status", json={"status": status, "reason": reason}, headers=headers
    )


def test_the_table_speaks_of_every_state() -> None:
    assert sorted(STEPS) == sorted(STATUSES)
    assert {after for steps in STEPS.values() for after in steps} <= set(STATUSES)
    # From every state a report can come to its end, and what is over can be opened again.
    for status in STATUSES:
        seen, todo = {status}, [status]
        while todo:
            for after in STEPS[todo.pop()]:
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        assert seen & {"closed", "rejected"}
    # Routing alone says who has a report.
    assert reached_from("forwarded") == reached_from("returned") == reached_from("received") == []


def test_every_step_and_no_other(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection, code: str
) -> None:
    for before, after in product(STATUSES, STATUSES):
        admin.execute("UPDATE core.reports SET status = %s", [before])
        answer = step(client, code, operator, after)
        expected = 200 if after in STEPS[before] else 409
        assert answer.status_code == expected, (before, after, answer.text)
        assert client.get(f"/api/reports/{code}").json()["status"] == (after if expected == 200 else before)


def test_a_step_is_one_event_with_its_reason(client: TestClient, operator: dict[str, str], code: str) -> None:
    assert step(client, code, operator, "in_progress", "Đội duy tu đã nhận").json()["status"] == "in_progress"
    history = client.get(f"/api/reports/{code}/route", headers=operator).json()["history"]
    assert [(each["status"], each["note"], each["actor"]) for each in history] == [
        ("received", None, "anonymous"),
        ("forwarded", None, "anonymous"),
        ("in_progress", "Đội duy tu đã nhận", "ioc@test"),
    ]
    # The sender sees the steps, not the words between officers.
    assert "duy tu" not in client.get(f"/api/reports/{code}").text


def test_who_may(
    client: TestClient, staff: dict[str, str], settings: Settings, operator: dict[str, str], code: str
) -> None:
    ward = {"Authorization": f"Bearer {issue(settings, Claims('a@test', 1, ('30001',)))}"}
    other = {"Authorization": f"Bearer {issue(settings, Claims('b@test', 1, ('30002',)))}"}
    assert step(client, code, {}, "in_progress").status_code == 401
    assert step(client, code, staff, "in_progress").status_code == 403
    assert step(client, code, other, "in_progress").status_code == 403
    assert step(client, code, ward, "in_progress").status_code == 200
    assert step(client, "DT-0000-0000", operator, "in_progress").status_code == 404


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"status": "flying", "reason": "vì thế"}, "status"),
        ({"status": None, "reason": "vì thế"}, "status"),
        ({"status": ["closed"], "reason": "vì thế"}, "status"),
        ({"status": "closed"}, "reason"),
        ({"status": "closed", "reason": "x"}, "reason"),
        ({"status": "closed", "reason": "vì thế", "unit": "30001"}, "body"),
        ([], "body"),
    ],
)
def test_what_is_no_step_says_why(
    client: TestClient, operator: dict[str, str], code: str, body: Any, parameter: str
) -> None:
    answer = client.post(f"/api/reports/{code}/status", json=body, headers=operator)
    assert answer.status_code == 400
    assert (answer.json()["parameter"], bool(answer.json()["allowed"])) == (parameter, True)
