"""Parts of a matter (edge case 25): routed on their own, closed before their parent, refused with it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.database import Claims
from geo.tokens import issue
from tests.conftest import settled
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

GOOD: dict[str, Any] = {"lon": 105.61, "lat": 10.51, "category": "TT", "text": "Bão làm đổ cây và cột điện"}
PART: dict[str, Any] = {"lon": 105.63, "lat": 10.51, "category": "CX", "text": "Cây đổ chắn ngang đường"}


@pytest.fixture(autouse=True)
def ground(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports; DELETE FROM core.report_unplaced; DELETE FROM core.report_child")
    settle(admin)


@pytest.fixture
def parent(client: TestClient) -> str:
    return str(client.post("/api/reports", json=GOOD).json()["code"])


def part(client: TestClient, parent: str, headers: dict[str, str], **changed: Any) -> Any:
    return client.post(f"/api/reports/{parent}/children", json=PART | changed, headers=headers)


def to(admin: psycopg.Connection, code: str, status: str) -> None:
    admin.execute("UPDATE core.reports SET status = %s WHERE code = %s", [status, code])


def status(client: TestClient, code: str) -> str:
    return str(client.get(f"/api/reports/{code}").json()["status"])


def test_25_a_child_goes_its_own_way(client: TestClient, operator: dict[str, str], parent: str) -> None:
    answer = part(client, parent, operator)
    assert answer.status_code == 201, answer.text
    child = answer.json()
    assert (child["ward"]["code"], child["category"], child["status"]) == ("30002", "CX", "forwarded")
    told = part(client, parent, operator, lon=None, lat=None, address="Xã Bình Minh").json()
    assert told["located"] is False
    way = client.get(f"/api/reports/{parent}/route", headers=operator).json()
    assert [(each["code"], each["category"]) for each in way["children"]] == [
        (child["code"], "CX"),
        (told["code"], "CX"),
    ]
    assert client.get(f"/api/reports/{child['code']}/route", headers=operator).json()["parent"] == parent
    assert client.get(f"/api/reports/{parent}").json()["ward"]["code"] == "30001"


def test_25_the_parent_closes_when_all_are_closed(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection, parent: str
) -> None:
    first, second = (part(client, parent, operator).json()["code"] for _ in range(2))
    for early in ("resolved", "closed"):
        with pytest.raises(psycopg.Error, match="still open"):
            to(admin, parent, early)
    to(admin, first, "closed")
    with pytest.raises(psycopg.Error, match="still open"):
        to(admin, parent, "closed")
    to(admin, second, "resolved")
    to(admin, parent, "resolved")
    with pytest.raises(psycopg.Error, match="still open"):
        to(admin, parent, "closed")
    to(admin, second, "closed")
    to(admin, parent, "closed")
    assert status(client, parent) == "closed"
    # And a part is not opened again under it.
    with pytest.raises(psycopg.Error, match="is closed"):
        to(admin, first, "in_progress")


def test_25_a_refusal_takes_the_open_ones_along(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection, parent: str
) -> None:
    done, open_one = (part(client, parent, operator).json()["code"] for _ in range(2))
    told = part(client, parent, operator, lon=None, lat=None, address="Xã Bình Minh").json()["code"]
    grandchild = part(client, open_one, operator, category="DVT").json()["code"]
    to(admin, done, "closed")
    to(admin, parent, "rejected")
    assert [status(client, code) for code in (done, open_one, told, grandchild)] == [
        "closed",
        "rejected",
        "rejected",
        "rejected",
    ]
    history = client.get(f"/api/reports/{open_one}").json()["history"]
    assert [event["status"] for event in history] == ["received", "forwarded", "rejected"]


def test_25_the_door_says_it_in_words(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection, parent: str
) -> None:
    child = part(client, parent, operator).json()["code"]

    def step(code: str, status: str) -> Any:
        body = {"status": status, "reason": "Đã xử lý xong"}
        return client.post(f"/api/reports/{code}/status", json=body, headers=operator)

    refused = step(parent, "resolved")
    assert refused.status_code == 409, refused.text
    assert "phần việc con" in refused.json()["detail"]
    assert "still open" in refused.json()["detail_en"]
    for code, status in ((child, "resolved"), (child, "closed"), (parent, "resolved"), (parent, "closed")):
        assert step(code, status).status_code == 200
    refused = step(child, "in_progress")
    assert (refused.status_code, "Phản ánh cha" in refused.json()["detail"]) == (409, True)


def adding_is_waited_for(admin: psycopg.Connection, adding: psycopg.Connection) -> bool:
    waiting = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)))"
    return admin.execute(waiting, [adding.info.backend_pid]).fetchone() == (True,)


def test_25_closing_waits_for_a_child_that_comes_in(
    client: TestClient, settings: Settings, operator: dict[str, str], admin: psycopg.Connection, parent: str
) -> None:
    child = client.post("/api/reports", json=PART).json()["code"]
    outcome: list[str] = []

    def close() -> None:
        with psycopg.connect(settings.admin_dsn, autocommit=True) as other:
            try:
                to(other, parent, "closed")
                outcome.append("closed")
            except psycopg.Error as error:
                outcome.append(str(error.sqlstate))

    with psycopg.connect(settings.admin_dsn) as adding:
        adding.execute("SELECT set_config('diaban.claims', %s, true)", [Claims("x", 2).as_setting()])
        assert adding.execute("SELECT core.add_child(%s, %s)", [parent, child]).fetchone() == (True,)
        closing = threading.Thread(target=close)
        closing.start()
        settled(client, lambda: adding_is_waited_for(admin, adding))
        assert outcome == []
    closing.join()
    assert outcome == ["DI001"]


def test_25_who_may_and_what_is_refused(
    client: TestClient,
    operator: dict[str, str],
    staff: dict[str, str],
    settings: Settings,
    admin: psycopg.Connection,
    parent: str,
) -> None:
    before = admin.execute("SELECT count(*) FROM core.reports").fetchone()
    ward = {"Authorization": f"Bearer {issue(settings, Claims('a@test', 1, ('30001',)))}"}
    assert part(client, parent, {}).status_code == 401
    assert part(client, parent, staff).status_code == 403
    assert part(client, "DT-0000-0000", operator).status_code == 409
    assert part(client, parent, operator, category="XX").status_code == 400
    assert part(client, parent, operator, lon=0, lat=0).status_code == 400
    assert client.post(f"/api/reports/{parent}/children", content=b"[", headers=operator).status_code == 400
    assert client.post(f"/api/reports/{parent}/children", json=[], headers=operator).status_code == 400
    to(admin, parent, "closed")
    assert part(client, parent, operator).status_code == 409
    # Nothing of what was refused was stored.
    assert admin.execute("SELECT count(*) FROM core.reports").fetchone() == before
    to(admin, parent, "in_progress")
    assert part(client, parent, ward).status_code == 201
