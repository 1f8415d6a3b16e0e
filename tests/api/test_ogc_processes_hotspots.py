"""The process ``hotspots``: what /api/hotspots says, with the rights of the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api.ogc_ground import put_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

RUN = "/ogc/processes/hotspots/execution"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def cells(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return sorted((one["id"], one["properties"]) for one in document["features"])


@pytest.mark.parametrize(
    "inputs",
    [
        {"from": "2026-01-01", "to": "2026-02-01"},
        {"from": "2026-01-01", "to": "2026-02-01", "resolution": 6},
    ],
)
def test_staff_are_told_what_the_map_tells_them(
    client: TestClient, operator: dict[str, str], inputs: dict[str, Any]
) -> None:
    answer = client.post(RUN, json={"inputs": inputs}, headers=operator)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    found = answer.json()
    wanted = client.get("/api/hotspots", params=inputs, headers=operator).json()
    assert cells(found) == cells(wanted) and found["features"]
    assert found["parameters"]["n"] == wanted["parameters"]["n"]
    assert found["parameters"]["audience"] == "staff"


def test_the_public_is_told_months_and_may_not_choose_more(client: TestClient) -> None:
    answer = client.post(RUN, json={"inputs": {"from": "2026-01-01", "to": "2026-02-01"}})
    assert answer.status_code == 200, answer.text
    assert answer.json()["parameters"]["audience"] == "public"
    for name, value in {"category": ["x"], "ward": ["29869"], "state": ["hot99"]}.items():
        refused = client.post(RUN, json={"inputs": {name: value}})
        assert refused.status_code == 400 and refused.json()["parameter"] == name


def test_what_only_the_question_finds_wrong_is_told_as_well(
    client: TestClient, operator: dict[str, str]
) -> None:
    wrong = {"from": "2026-02-01", "to": "2026-01-01"}
    answer = client.post(RUN, json={"inputs": wrong}, headers=operator)
    assert answer.status_code == 400 and answer.json()["parameter"] == "from,to"
    answer = client.post(RUN, json={"inputs": {"category": ["nothing"]}}, headers=operator)
    assert answer.status_code == 400 and answer.json()["parameter"] == "category"
    answer = client.post(RUN, json={"inputs": {"resolution": 3}}, headers=operator)
    assert answer.status_code == 400 and answer.json()["parameter"] == "resolution"
