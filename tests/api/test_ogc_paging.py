"""Pages: a walk by ``next`` meets every feature once, in any order; what is unchanged is not sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api.ogc_ground import put_rows
from tests.changes import caught_up
from tests.conftest import settled

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from geo.settings import Settings

CAMERAS = "/ogc/collections/cameras/items"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        connection.execute("UPDATE core.cameras SET heading_deg = NULL WHERE id % 5 = 0")
        connection.execute("UPDATE core.cameras SET heading_deg = 7.1 WHERE id % 3 = 0")


def walk(client: TestClient, **params: object) -> list[dict[str, Any]]:
    answer = client.get(CAMERAS, params=params)  # type: ignore[arg-type]
    found: list[dict[str, Any]] = []
    for _ in range(40):
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["numberMatched"] == 25
        found += page["features"]
        onward = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not onward:
            return found
        assert "cursor=" in onward[0] and "offset=" not in onward[0]
        answer = client.get(onward[0])
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("limit", [1, 7, 24, 25, 26])
@pytest.mark.parametrize(
    "sortby",
    [None, "name", "-name", "heading_deg", "-heading_deg", "kind,-heading_deg,name", "-id", "range_m"],
)
def test_a_walk_meets_every_feature_once_in_order(client: TestClient, limit: int, sortby: str | None) -> None:
    params: dict[str, object] = {"sortby": sortby} if sortby else {}
    whole = client.get(CAMERAS, params={**params, "limit": 100}).json()["features"]  # type: ignore[dict-item]
    assert [f["id"] for f in walk(client, limit=limit, **params)] == [f["id"] for f in whole]
    assert len(whole) == 25


def test_a_walk_keeps_filter_properties_and_crs(client: TestClient) -> None:
    params = {"filter": "name < 'Camera 1'", "properties": "name", "sortby": "-heading_deg", "limit": "4"}
    first = client.get(CAMERAS, params=params).json()
    onward = next(link["href"] for link in first["links"] if link["rel"] == "next")
    second = client.get(onward).json()
    assert (first["numberMatched"], second["numberMatched"]) == (10, 10)
    assert all(set(feature["properties"]) == {"name"} for feature in second["features"])
    assert not {f["id"] for f in first["features"]} & {f["id"] for f in second["features"]}


@pytest.mark.parametrize("token", ["", "x", "W10", "WyIiLFtdLCJhIl0", "!!!", "é", "W" * 5000, "bnVsbA"])
def test_a_made_up_cursor_is_refused(client: TestClient, token: str) -> None:
    assert client.get(CAMERAS, params={"cursor": token}).status_code == 400


def test_a_cursor_belongs_to_its_order_and_not_to_an_offset(client: TestClient) -> None:
    page = client.get(CAMERAS, params={"limit": 2, "sortby": "name"}).json()
    onward = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert client.get(onward.replace("sortby=name", "sortby=-name")).status_code == 400
    assert client.get(onward + "&offset=3").status_code == 400


def test_what_is_unchanged_is_not_sent_again(
    app: FastAPI, client: TestClient, admin: psycopg.Connection, staff: dict[str, str]
) -> None:
    first = client.get(CAMERAS, params={"limit": 3})
    etag = first.headers["etag"]

    def again(**params: object) -> int:
        asked: dict[str, Any] = {"limit": 3, **params}
        return client.get(CAMERAS, params=asked, headers={"If-None-Match": etag}).status_code

    assert again() == 304
    assert again(limit=4) == again(sortby="name") == 200
    # Another's rights are another answer.
    seen = client.get(CAMERAS, params={"limit": 3}, headers={**staff, "If-None-Match": etag})
    assert seen.status_code == 200 and seen.headers["etag"] != etag
    admin.execute("UPDATE core.cameras SET name = name || '!' WHERE name = 'Camera 00'")
    settled(client, lambda: caught_up(admin, app))
    assert again() == 200
    # A hidden row's change is none to the public.
    etag = client.get(CAMERAS, params={"limit": 3}).headers["etag"]
    admin.execute("UPDATE core.cameras SET name = name || '!' WHERE visibility = 2")
    settled(client, lambda: caught_up(admin, app))
    assert again() == 304
