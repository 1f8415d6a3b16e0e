"""GET /api/hotspots: counts, filters, rights, bad input, and time to answer."""

from __future__ import annotations

import itertools
import json
import time
from random import Random
from typing import TYPE_CHECKING, Any

import h3
import pytest

from geo.calendar import today_ict
from geo.hotspots import cell_of
from tests.conftest import settled

if TYPE_CHECKING:
    import psycopg
    from starlette.testclient import TestClient

INSERT = """
INSERT INTO core.reports
       (geom, visibility, unit, code, category, status, channel, received_at, incident_code, h3_9)
VALUES (ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, '30001', %s, %s, 'closed', 'web', %s, %s, %s)
"""
SQL = "'; DROP TABLE core.reports; --"
HERE, THERE = (105.61, 10.51), (105.70, 10.60)
# place, visibility, code, category, received at, incident
ROWS = [
    (HERE, 0, "DT-0000-0001", "GT", "2026-01-10T08:00:00+07:00", "DT-0000-0001"),
    (HERE, 0, "DT-0000-0002", "GT", "2026-01-10T09:00:00+07:00", "DT-0000-0001"),
    ((105.6115, 10.5115), 0, "DT-0000-0003", "GT", "2026-01-11T09:00:00+07:00", "DT-0000-0001"),
    (HERE, 0, "DT-0000-0004", "MT", "2026-01-31T23:59:59+07:00", None),
    (HERE, 0, "DT-0000-0005", "MT", "2026-02-01T00:00:00+07:00", "DT-0000-0005"),
    (THERE, 0, "DT-0000-0006", "CS", "2026-01-15T08:00:00+07:00", "DT-0000-0006"),
    (THERE, 0, "DT-0000-0007", "ANTT", "2026-01-16T08:00:00+07:00", "DT-0000-0007"),
]
JANUARY = {"from": "2026-01-01", "to": "2026-02-01"}


@pytest.fixture(scope="module", autouse=True)
def reports(settings: Any, client: TestClient) -> None:
    import psycopg

    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin, admin.cursor() as cursor:
        cursor.executemany(
            INSERT,
            [
                (*place, vis, code, cat, at, incident, cell_of(*place))
                for place, vis, code, cat, at, incident in ROWS
            ],
        )
    settled(client, lambda: ask(client, **JANUARY)["parameters"]["n"]["contacts"] == 5)


def ask(client: TestClient, headers: dict[str, str] | None = None, **params: str) -> dict[str, Any]:
    answer = client.get("/api/hotspots", params=params, headers=headers or {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    body: dict[str, Any] = answer.json()
    return body


def table(body: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {f["id"]: (f["properties"]["incidents"], f["properties"]["contacts"]) for f in body["features"]}


def test_incidents_once_contacts_each(client: TestClient) -> None:
    body = ask(client, **JANUARY, resolution="9")
    near = cell_of(105.6115, 10.5115)
    assert near != cell_of(*HERE)
    # The third report of the incident lies in the neighbouring cell: a contact there, no second incident.
    assert table(body) == {cell_of(*HERE): (2, 3), near: (0, 1), cell_of(*THERE): (1, 1)}
    assert body["parameters"]["n"] == {"cells": 3, "incidents": 3, "contacts": 5}


@pytest.mark.parametrize("resolution", range(5, 10))
def test_sums_are_the_same_at_every_resolution(client: TestClient, resolution: int) -> None:
    body = ask(client, **JANUARY, resolution=str(resolution))
    assert {h3.get_resolution(f["id"]) for f in body["features"]} == {resolution}
    n = body["parameters"]["n"]
    assert (n["incidents"], n["contacts"]) == (3, 5)


def test_geometry_and_density(client: TestClient) -> None:
    for feature in ask(client, **JANUARY)["features"]:
        ring = feature["geometry"]["coordinates"][0]
        assert ring[0] == ring[-1]
        assert 102 < ring[0][0] < 110
        area = sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring))
        assert area > 0  # counter-clockwise, RFC 7946
        shown = feature["properties"]
        assert shown["per_km2"] == pytest.approx(shown["incidents"] / h3.cell_area(feature["id"]), abs=1e-3)


def test_half_open_on_the_vietnamese_calendar(client: TestClient) -> None:
    def contacts(start: str, end: str) -> int:
        return int(ask(client, **{"from": start, "to": end})["parameters"]["n"]["contacts"])

    assert contacts("2026-01-31", "2026-02-01") == 1
    assert contacts("2026-02-01", "2026-02-02") == 1
    assert contacts("2026-01-31T16:59:59Z", "2026-01-31T17:00:00Z") == 1
    assert contacts("2026-01-31T17:00:00Z", "2026-01-31T17:00:01Z") == 1


def test_filters(client: TestClient) -> None:
    assert table(ask(client, **JANUARY, category="CS", resolution="9")) == {cell_of(*THERE): (1, 1)}
    assert ask(client, **JANUARY, category="MT,CS")["parameters"]["category"] == ["CS", "MT"]
    assert table(ask(client, **JANUARY, bbox="105.69,10.59,105.71,10.61", resolution="9")) == {
        cell_of(*THERE): (1, 1)
    }
    assert ask(client, **JANUARY, bbox="100,5,101,6")["features"] == []


def test_restricted_categories_are_for_staff(
    client: TestClient, operator: dict[str, str], staff: dict[str, str]
) -> None:
    assert ask(client, **JANUARY, category="ANTT")["features"] == []
    for headers in (operator, staff):
        assert ask(client, headers, **JANUARY, category="ANTT")["parameters"]["n"]["contacts"] == 1
    assert ask(client, **JANUARY, category="ANTT")["features"] == []  # and no cache mixes them up
    kept = client.get("/api/hotspots", params=JANUARY, headers=staff)
    assert kept.headers["cache-control"] == "private, no-store"


def test_default_range_is_the_last_year_of_data(client: TestClient) -> None:
    parameters = ask(client)["parameters"]
    assert parameters["to"] == "2026-02-02T00:00:00+07:00"
    assert parameters["from"] == "2025-02-02T00:00:00+07:00"
    assert parameters["resolution"] == 8
    assert parameters["method"]["name"] == "h3-count"


def test_equal_questions_equal_bytes(client: TestClient) -> None:
    first = client.get("/api/hotspots", params=JANUARY)
    again = client.get("/api/hotspots", params=JANUARY, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    plain = client.get("/api/hotspots", params=JANUARY, headers={"Accept-Encoding": "identity"})
    assert plain.content == first.content


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-30"}, "to"),
        ({"from": "2026-02-01", "to": "2026-01-01"}, "from,to"),
        ({"from": "2026-02-01", "to": "2026-02-01"}, "from,to"),
        ({"from": "2199-01-01"}, "from,to"),
        ({"from": SQL}, "from"),
        ({"to": SQL}, "to"),
        ({"category": "XX"}, "category"),
        ({"category": SQL}, "category"),
        ({"category": "GT," * 500}, "category"),
        ({"bbox": "nan,10,106,11"}, "bbox"),
        ({"bbox": "105,10,inf,11"}, "bbox"),
        ({"bbox": "105,10,106"}, "bbox"),
        ({"bbox": "106,10,105,11"}, "bbox"),
        ({"bbox": "105,10,106,91"}, "bbox"),
        ({"bbox": SQL}, "bbox"),
        ({"bbox": ""}, "bbox"),
        ({"resolution": "4"}, "resolution"),
        ({"resolution": "10"}, "resolution"),
        ({"resolution": "8.5"}, "resolution"),
        ({"resolution": "nan"}, "resolution"),
        ({"resolution": "9" * 5000}, "resolution"),
        ({"resolution": SQL}, "resolution"),
    ],
)
def test_bad_input_says_what_is_allowed(client: TestClient, params: dict[str, str], parameter: str) -> None:
    answer = client.get("/api/hotspots", params=params)
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["parameter"] == parameter
    assert body["allowed"]
    assert len(json.dumps(body)) < 2_000


def test_50_000_reports_are_answered_at_once(client: TestClient, admin: psycopg.Connection) -> None:
    """Uncached: each question has a window of its own."""
    random = Random(1)
    towns = [(random.uniform(105.3, 106.2), random.uniform(9.95, 10.8)) for _ in range(40)]
    points = [tuple(random.gauss(mean, 0.012) for mean in random.choice(towns)) for _ in range(50_000)]
    day = today_ict().isoformat()
    with (
        admin.transaction(),
        admin.cursor() as cursor,
        cursor.copy(
            "COPY core.reports (geom, unit, code, category, status, channel, received_at, incident_code,"
            " h3_9) FROM STDIN"
        ) as copy,
    ):
        for number, (lon, lat) in enumerate(points):
            incident = f"DT-9{number // 5 * 5:05d}"
            copy.write_row(
                (f"SRID=4326;POINT({lon} {lat})", "30001", f"DT-9{number:05d}", "GT", "closed", "web",
                 f"{day} 00:00:{number % 60:02d}+07", incident, cell_of(lon, lat))
            )  # fmt: skip
    admin.execute("ANALYZE core.reports; ANALYZE pub.reports")
    settled(client, lambda: ask(client, **{"from": day})["parameters"]["n"]["contacts"] == 50_000, 20)
    for resolution in ("9", "8", "6"):
        times = []
        for second in range(5):
            window = {"from": f"{day}T00:00:00.00{second}{resolution}", "resolution": resolution}
            begun = time.perf_counter()
            answer = client.get("/api/hotspots", params=window)
            times.append(time.perf_counter() - begun)
            assert answer.json()["parameters"]["n"]["incidents"] >= 9_900
        print(f"resolution {resolution}: {[round(t * 1000) for t in times]} ms")
        # Aim: 0.3 s on a machine that does nothing else. Here the best of five, with room for other work;
        # a plan without its sort in memory or a slip into the quadratic is far beyond.
        assert min(times) < 1.0
