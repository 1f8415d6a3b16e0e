"""What a question may cost: bounded before it is asked, while it is asked, and together with all others."""

from __future__ import annotations

import asyncio
import time
from math import cos, sin
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest

from api.ogc import admission
from api.ogc.admission import Admission, costly
from geo.database import Caller
from geo.errors import TooCostly, Unavailable
from geo.features import COUNT_LIMIT, FeatureQuery, Filter, Known, Predicate, count_rows, known
from tests.api.ogc_ground import put_rows
from tests.conftest import settled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AsyncExitStack

    from starlette.testclient import TestClient

    from geo.settings import Settings
    from layers.description import Layer

ITEMS = "/ogc/collections/cameras/items"
ROWS = COUNT_LIMIT + 2_000
FILTERED = FeatureQuery(Filter(predicate=Predicate("true", ())))


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        connection.execute(
            "INSERT INTO core.cameras (geom, visibility, unit, name, kind, status)"
            " SELECT ST_Point(105.7, 10.5, 4326), 0, '29869', repeat('cao lanh ', 60) || i, kind, status"
            " FROM (SELECT kind, status FROM core.cameras LIMIT 1) c, generate_series(1, %s) i",
            [ROWS - 25],
        )


def matched(client: TestClient, **params: object) -> int | None:
    answer = client.get(ITEMS, params={"limit": 1, **params})  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    number = answer.json().get("numberMatched")
    return None if number is None else int(number)


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine counting may seem dear: it is done anew for each state of the layer all the same."""
    monkeypatch.setattr(known, "REST_S", 0.0)


@pytest.mark.usefixtures("restless")
def test_a_whole_layer_is_counted_however_large(client: TestClient, admin: psycopg.Connection) -> None:
    """QGIS shows no features at all in a layer whose number is not told."""
    assert matched(client) == matched(client, resulttype="hits") == matched(client, offset=11_000) == ROWS
    assert matched(client, filter="name IS NOT NULL") is None
    assert matched(client, filter="name LIKE 'Camera %'") == 25
    admin.execute("DELETE FROM core.cameras WHERE name LIKE '% 77'")
    settled(client, lambda: matched(client) == ROWS - 1)


@pytest.mark.usefixtures("restless")
@pytest.mark.parametrize("offset", [4_990, 5_000, 6_001, 10_999, 11_980, 12_500])
def test_a_far_page_is_the_same_as_by_counting(
    client: TestClient, admin: psycopg.Connection, offset: int
) -> None:
    def ids() -> list[int]:
        answer = client.get(ITEMS, params={"limit": 7, "offset": offset}).json()
        assert [link["href"].count(f"offset={offset - 7}") for link in answer["links"]].count(1) == 1
        return [feature["id"] for feature in answer["features"]]

    def expected() -> list[int]:
        page = "SELECT id FROM pub.cameras ORDER BY id LIMIT 7 OFFSET %s"
        return [identifier for (identifier,) in admin.execute(page, [offset])]

    settled(client, lambda: ids() == expected())
    first = "UPDATE core.cameras SET visibility = %s WHERE name LIKE 'cao lanh %% 1'"
    admin.execute(first, [2])
    settled(client, lambda: ids() == expected())
    admin.execute(first, [0])
    settled(client, lambda: ids() == expected())
    milestones = client.app.state.ogc.milestones._known  # type: ignore[attr-defined]
    assert offset < 5_000 or ("cameras", "public") in milestones


class Counter:
    """A database that counts how often it was asked, and cannot do it in time."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self, _: Caller) -> AsyncExitStack:
        self.asked += 1
        raise TooCostly("", "")


def test_a_layer_that_is_dear_to_count_is_left_alone_for_a_while(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer: Layer = client.app.state.catalogue.layer("cameras")  # type: ignore[attr-defined]
    totals, database = Known(count_rows), Counter()

    def read(epoch: int) -> int | None:
        return asyncio.run(totals.read(database, Caller.anonymous(), layer, epoch))  # type: ignore[arg-type]

    assert [read(1), read(1), read(2)] == [None, None, None]
    assert database.asked == 1
    monkeypatch.setattr(known, "REST_S", 0.0)
    totals._known.clear()
    assert [read(1), read(2)] == [None, None]
    assert database.asked == 3


@pytest.fixture
def impatient(settings: Settings, client: TestClient) -> Iterator[None]:
    """A statement timeout of 0.3 s, on new connections of the pool."""
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        role = f"ALTER ROLE diaban_public IN DATABASE {connection.info.dbname}"
        # Waits until they are gone: nobody is lent one that is about to end.
        end = "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = 'diaban_public'"
        connection.execute(f"{role} SET statement_timeout = 300")
        connection.execute(f"{end} AND datname = current_database()")
        yield
        connection.execute(f"{role} RESET statement_timeout")
        connection.execute(f"{end} AND datname = current_database()")


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fmt", ["json", "html", "csv", "fgb"])
def test_what_takes_too_long_is_422_in_time(client: TestClient, fmt: str) -> None:
    every = " OR ".join(f"ACCENTI(CASEI(name)) LIKE '%c%a%o%l%x{i}%'" for i in range(60))
    begun = time.monotonic()
    answer = client.get(ITEMS, params={"filter": every, "f": fmt})
    assert answer.status_code == 422, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    # 0.3 s of the database; the rest is what a loaded machine takes.
    assert time.monotonic() - begun < 30
    # The pool is whole; a busy machine may take more than 0.3 s for a small question too.
    small = {"name": "Camera 01", "resulttype": "hits"}
    settled(client, lambda: client.get(ITEMS, params=small).json().get("numberMatched") == 1)


def ring(count: int) -> str:
    turns = [6.283185307179586 * i / count for i in range(count)]
    points = [f"{105.6 + 0.1 * cos(turn):.9f} {10.4 + 0.1 * sin(turn):.9f}" for turn in turns]
    return f"S_INTERSECTS(geometry, POLYGON(({','.join([*points, points[0]])})))"


HOSTILE = {
    "500 brackets": "(" * 500 + "name='x'" + ")" * 500,
    "300 minus signs": "heading_deg = " + "-" * 300 + "1",
    "3000 NOT": "NOT " * 3_000 + "name='x'",
    "nested collections": "S_INTERSECTS(geometry, " + "GEOMETRYCOLLECTION(" * 200 + "POINT(1 1)" + ")" * 201,
    "a bow tie": "S_INTERSECTS(geometry, POLYGON((105 10, 106 11, 106 10, 105 11, 105 10)))",
    "1,500 vertices": ring(1_500),
    "no number": "S_INTERSECTS(geometry, POINT(NaN 1))",
    "endless": "S_INTERSECTS(geometry, POINT(1e999 1))",
    "600 values": "heading_deg IN (" + ",".join(["1"] * 600) + ")",
    "a long text": "name = '" + "x" * 9_000 + "'",
    "a NUL": "name = 'a\x00b'",
    "a power too large": "heading_deg = 9 ^ 9 ^ 9 AND heading_deg ^ 99999 > 1",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_filters_are_400_at_once(client: TestClient, what: str) -> None:
    """The list of what ended other servers' processes, or held a backend past its timeout."""
    begun = time.monotonic()
    answer = client.get(f"{ITEMS}?filter={quote(HOSTILE[what])}")
    assert answer.status_code == 400, (what, answer.status_code, answer.text[:200])
    assert time.monotonic() - begun < 30


def test_a_filter_within_the_bounds_is_answered(client: TestClient) -> None:
    assert matched(client, filter=ring(200)) == 25
    assert matched(client, filter=ring(200).replace("S_INTERSECTS", "S_WITHIN").replace("105.", "95.")) == 0


def test_filters_orders_and_far_pages_are_costly() -> None:
    assert not costly(FeatureQuery(limit=10_000)) and not costly(FeatureQuery(offset=10_000))
    assert costly(FILTERED) and costly(FeatureQuery(sort=(("name", False),)))
    assert costly(FeatureQuery(offset=10_001))


def test_costly_questions_wait_for_their_turn_and_no_other_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "TURN_S", 0.05)

    async def crowd() -> None:
        turns = Admission(4)
        async with turns.turn(FILTERED), turns.turn(FILTERED):
            async with turns.turn(FeatureQuery()):
                pass
            with pytest.raises(Unavailable):
                async with turns.turn(FILTERED):
                    pass
        async with turns.turn(FILTERED):
            pass

    asyncio.run(crowd())


def test_a_crowd_of_filters_leaves_the_map_alone(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "TURN_S", 0.05)
    door = client.app.state.ogc  # type: ignore[attr-defined]
    monkeypatch.setattr(door.admission, "_turns", asyncio.Semaphore(0))
    for asked in (
        {"filter": "heading_deg > 1"},
        {"sortby": "name"},
        {"filter": "heading_deg > 1", "f": "csv"},
    ):
        answer = client.get(ITEMS, params=asked)
        assert answer.status_code == 503 and answer.headers["retry-after"]
    assert matched(client) and client.get(f"{ITEMS}?f=csv&limit=3").status_code == 200
