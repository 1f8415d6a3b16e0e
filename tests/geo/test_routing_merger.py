"""A merger of units: what is planned for open cases, that it can stop, go on and be taken back."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.errors import Conflict, NotFound
from geo.routing import merger, route
from geo.routing.merger import plan_case
from geo.routing.merger.plan import Standing
from geo.types import LonLat
from tests.geo.routing_ground import NO_RULES, NOW, by_postgis, question
from tests.geo.test_routing_equal import ADD
from tests.geo.units_ground import box, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.routing.merger.run import Line
    from geo.settings import Settings

DAY = date(2025, 7, 1)
RECEIVED = "2025-06-20T03:00:00Z"
# Name, longitude, latitude, status, unit. Before the merger all lie in OLD, which bore code 30002.
CASES = [
    ("M-A", 105.61, 10.51, "in_progress"),
    ("M-B", 105.63, 10.51, "forwarded"),
    ("M-C", 105.63, 10.49, "received"),
    ("M-EDGE", 105.62, 10.51, "forwarded"),
    ("M-CLOSED", 105.61, 10.511, "closed"),
]


@pytest.fixture
def cases(admin: psycopg.Connection) -> Iterator[psycopg.Connection]:
    settle(admin)
    admin.execute("DELETE FROM core.reports")
    for code, lon, lat, status in CASES:
        admin.execute(
            "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9, unit,"
            " ward_code, ward_name) VALUES (ST_Point(%s, %s, 4326), %s, 'MT', %s, 'web', %s, 'x', '30002',"
            " '30002', 'Thị trấn Cũ')",
            [lon, lat, code, status, RECEIVED],
        )
    admin.execute(ADD, ("vn-keep", "30099", "Xã Còn", box(105.70, 10.50, 105.72, 10.52)))
    yield admin
    admin.execute("DELETE FROM core.reports")


def rows(admin: psycopg.Connection) -> dict[str, tuple[Any, ...]]:
    found = admin.execute("SELECT code, status, unit, ward_code, ward_name FROM core.reports").fetchall()
    return {row[0]: row[1:] for row in found}


def events(admin: psycopg.Connection) -> Counter[str]:
    return Counter(
        row[0]
        for row in admin.execute(
            "SELECT r.code FROM core.report_event e JOIN core.reports r ON r.id = e.report_id"
        )
    )


def test_17_18_by_point_never_by_code(cases: psycopg.Connection) -> None:
    before, happened = rows(cases), events(cases)
    lines: list[Line] = []
    run, counts = merger.plan(cases, DAY, "test", tell=lines.append)
    assert counts == {"automatic": 3, "person": 1}
    assert rows(cases) == before, "a plan changes nothing"
    reasons = {line.code: line.planned.reason.vi for line in lines}
    assert reasons["M-B"].startswith("Từ Thị trấn Cũ sang Xã Bình Minh")
    assert "Cần người quyết định" in reasons["M-EDGE"]
    assert merger.apply(cases, run) == {"automatic": 3, "person": 1}
    after = rows(cases)
    # B bears the code that OLD bore: the row looks unchanged, and yet it is another unit's case.
    assert after["M-A"] == ("in_progress", "30001", "30001", "Phường An Hòa")
    assert after["M-B"] == ("forwarded", "30002", "30002", "Xã Bình Minh")
    assert after["M-C"] == ("received", "30003", "30003", "Xã Cái Bè")
    assert after["M-EDGE"] == ("forwarded", None, "30002", "Thị trấn Cũ")
    assert after["M-CLOSED"] == before["M-CLOSED"]
    moved = events(cases) - happened
    assert moved == {"M-A": 1, "M-B": 1, "M-C": 1, "M-EDGE": 1}, "one event a case, none for the closed one"
    kept = cases.execute(
        "SELECT r.code, d.kind, d.unit_id, d.triage, d.statistics_unit_id, d.run FROM core.route_decision d"
        " JOIN core.reports r ON r.id = d.report_id ORDER BY r.code"
    ).fetchall()
    assert kept == [
        ("M-A", "merger", "vn-a", None, "vn-old", run),
        ("M-B", "merger", "vn-b", None, "vn-old", run),
        ("M-C", "merger", "vn-c", None, "vn-old", run),
        ("M-EDGE", "merger", None, "merger", "vn-old", run),
    ]
    received = cases.execute("SELECT DISTINCT received_at FROM core.reports").fetchall()
    assert len(received) == 1, "deadlines count from where they counted"
    waiting = cases.execute("SELECT code, triage FROM core.triage").fetchall()
    assert waiting == [("M-EDGE", "merger")]
    again, counts = merger.plan(cases, DAY, "test")
    assert counts == {"unchanged": 4}
    assert merger.apply(cases, again) == {"unchanged": 4}


def test_one_digest_a_body_and_one_message_a_reporter(cases: psycopg.Connection) -> None:
    run, _ = merger.plan(cases, DAY, "test")
    merger.apply(cases, run)
    merger.apply(cases, run)
    box_ = cases.execute(
        "SELECT kind, recipient, payload -> 'codes' FROM core.outbox WHERE run = %s ORDER BY kind, recipient",
        [run],
    ).fetchall()
    assert box_ == [
        ("digest", "coordinator", ["M-EDGE"]),
        ("digest", "ward:vn-a", ["M-A"]),
        ("digest", "ward:vn-b", ["M-B"]),
        ("digest", "ward:vn-c", ["M-C"]),
        *[("reporter", code, None) for code in ("M-A", "M-B", "M-C", "M-EDGE")],
    ]
    assert cases.execute("SELECT count(*) FROM core.outbox WHERE sent_at IS NOT NULL").fetchone() == (0,)


def test_it_goes_on_where_it_stopped(cases: psycopg.Connection) -> None:
    run, _ = merger.plan(cases, DAY, "test")
    assert cases.execute("SELECT core.reroute_apply(%s, 2)", [run]).fetchone() == (2,)
    assert merger.unfinished(cases, DAY) == run
    assert merger.apply(cases, run) == {"automatic": 3, "person": 1}
    assert merger.unfinished(cases, DAY) is None
    assert max(Counter(events(cases)).values()) <= 3
    decisions = cases.execute("SELECT count(*) FROM core.route_decision WHERE run = %s", [run]).fetchone()
    assert decisions == (4,)


def test_it_can_be_taken_back(cases: psycopg.Connection) -> None:
    before = rows(cases)
    run, _ = merger.plan(cases, DAY, "test")
    merger.apply(cases, run)
    cases.execute("UPDATE core.reports SET status = 'closed' WHERE code = 'M-C'")
    assert merger.revert(cases, run, "test") == {"reverted": 3, "skipped": 1}
    after = rows(cases)
    assert after.pop("M-C")[:2] == ("closed", "30003")
    before.pop("M-C")
    assert after == before
    assert cases.execute("SELECT count(*) FROM core.triage").fetchone() == (0,)
    assert cases.execute(
        "SELECT count(*) FROM core.outbox WHERE run = %s AND cancelled_at IS NULL", [run]
    ).fetchone() == (0,)
    with pytest.raises(Conflict):
        merger.apply(cases, run)
    assert merger.plan(cases, DAY, "test")[1] == {"automatic": 2, "person": 1}


def test_who_acted_meanwhile_is_not_overruled(cases: psycopg.Connection) -> None:
    run, _ = merger.plan(cases, DAY, "test")
    cases.execute("UPDATE core.reports SET status = 'closed' WHERE code = 'M-A'")
    cases.execute("UPDATE core.reports SET unit = '30003' WHERE code = 'M-B'")
    assert merger.apply(cases, run) == {"automatic": 1, "person": 1, "skipped": 2}
    assert rows(cases)["M-A"][1] == "30002"


def test_two_runs_at_once(settings: Settings, cases: psycopg.Connection) -> None:
    run, _ = merger.plan(cases, DAY, "test")
    outcome: list[str] = []

    def work() -> None:
        with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
            try:
                merger.apply(connection, run)
                outcome.append("done")
            except Conflict:
                outcome.append("busy")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "done" in outcome
    assert cases.execute("SELECT count(*) FROM core.route_decision WHERE run = %s", [run]).fetchone() == (4,)


def test_which_vintage(cases: psycopg.Connection) -> None:
    assert merger.day_of_vintage(cases, "2025-07-01") == (DAY, None)
    for text in ("yesterday", "999999", "2025-02-30"):
        with pytest.raises(NotFound):
            merger.day_of_vintage(cases, text)


def test_the_legal_table_and_missing_points(settings: Settings, cases: psycopg.Connection) -> None:
    (inside, edge) = by_postgis(settings, question(105.61, 10.51), question(105.62, 10.51))
    old = Standing("ward", "vn-old", "Thị trấn Cũ")
    assert plan_case(old, inside, ["vn-a"], NO_RULES).outcome == "automatic"
    assert "nhập toàn bộ" in plan_case(old, inside, ["vn-a"], NO_RULES).reason.vi
    assert "bị chia" in plan_case(old, inside, ["vn-a", "vn-b"], NO_RULES).reason.vi
    against = plan_case(old, inside, ["vn-b"], NO_RULES)
    assert (against.outcome, against.decision.triage) == ("person", "merger")
    assert "không phải đơn vị kế thừa" in against.reason.vi
    assert plan_case(old, edge, ["vn-a", "vn-b"], NO_RULES).outcome == "person"
    nowhere = route(None, None, "MT", None, NOW, NO_RULES, [])
    assert plan_case(old, nowhere, ["vn-a", "vn-b"], NO_RULES).outcome == "person"
    assert plan_case(replace(old, unit_id="vn-a"), inside, [], NO_RULES).outcome == "unchanged"
    sea = route(LonLat(108.5, 10), None, "MT", None, NOW, NO_RULES, [])
    assert plan_case(old, sea, [], NO_RULES).outcome == "person"
