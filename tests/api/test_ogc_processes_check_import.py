"""The process ``check-import``: the report of an import, and nothing of it stays."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

RUN = "/ogc/processes/check-import/execution"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def points(count: int) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [WEST + i / 1000, SOUTH + i / 1000]},
            "properties": {"name": f"Vườn {i}", "crop": "xoai", "area_ha": 1.5},
        }
        for i in range(count)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def report(client: TestClient, headers: dict[str, str], inputs: dict[str, Any]) -> Any:
    answer = client.post(RUN, json={"inputs": inputs}, headers=headers)
    assert answer.status_code == 201, answer.text
    place = answer.headers["location"]
    end = time.monotonic() + 400
    while client.get(place, headers=headers).json()["status"] in ("accepted", "running"):
        assert time.monotonic() < end
        time.sleep(0.2)
    return client.get(f"{place}/results", headers=headers)


def test_a_file_is_checked_and_nothing_stays(
    client: TestClient, admin: psycopg.Connection, operator: dict[str, str]
) -> None:
    before = admin.execute("SELECT count(*) FROM core.farms").fetchone()
    made = client.post("/api/imports?layer=farms&name=vuon.geojson", content=points(7), headers=operator)
    assert made.status_code == 201, made.text
    answer = report(client, operator, {"import": made.json()["id"]})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["layer"]["name"] == "farms" and found["dataset"] is None
    assert found["can_land"] is True and found["difference"]["new"] == 7, found
    assert admin.execute("SELECT count(*) FROM core.farms").fetchone() == before
    assert admin.execute("SELECT count(*) FROM ops.dataset").fetchone() == (0,)
    staged = admin.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'staging'").fetchone()
    assert staged == (1,)  # the quarantine alone, which is always there
    assert admin.execute("SELECT count(*) FROM staging.quarantine").fetchone() == (0,)


def test_only_staff_and_only_their_own_files(
    client: TestClient, operator: dict[str, str], staff: dict[str, str]
) -> None:
    assert client.post(RUN, json={"inputs": {"import": "0" * 32}}).status_code == 401
    made = client.post("/api/imports?layer=farms&name=a.geojson", content=points(1), headers=operator)
    assert report(client, staff, {"import": made.json()["id"]}).status_code == 404
    wrong = client.post(RUN, json={"inputs": {"import": "../x"}}, headers=operator)
    assert wrong.status_code == 400 and wrong.json()["parameter"] == "import"
    wrong = client.post(
        RUN, json={"inputs": {"import": "0" * 32, "answers": {"valid_from": "x"}}}, headers=operator
    )
    assert wrong.status_code == 400 and wrong.json()["parameter"] == "answers.valid_from"
