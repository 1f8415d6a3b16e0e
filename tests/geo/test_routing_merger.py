"""A merger of units: what is planned for open cases, that it can stop, go on and be taken back."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.errors import Conflict, NotFound
from geo.routing import RuleSet, merger, route
from geo.routing.merger import plan_case
from geo.routing.merger.cases import heirs
from geo.routing.merger.plan import Standing
from geo.routing.types import Body
from geo.types import LonLat
from layers.description import Text
from tests.geo.routing_ground import NO_RULES, NOW, by_postgis, question
from tests.geo.test_routing_equal import ADD
from tests.geo.units_ground import box, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.routing.merger import Line
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
    assert merger.wanted_vintage(cases, "2025-07-01") == merger.Wanted(DAY)
    for text in ("yesterday", "999999", "2025-02-30"):
        with pytest.raises(NotFound):
            merger.wanted_vintage(cases, text)


def test_the_legal_table_and_missing_points(settings: Settings, cases: psycopg.Connection) -> None:
    (inside, edge) = by_postgis(settings, question(105.61, 10.51), question(105.62, 10.51))
    old = Standing("ward", "vn-old", "Thị trấn Cũ")
    whole = plan_case(old, inside, {"vn-a": "whole"}, NO_RULES)
    assert whole.outcome == "automatic" and "nhập toàn bộ" in whole.reason.vi
    divided = {"vn-a": "part", "vn-b": "part"}
    assert "bị chia" in plan_case(old, inside, divided, NO_RULES).reason.vi
    against = plan_case(old, inside, {"vn-b": "whole"}, NO_RULES)
    assert (against.outcome, against.decision.triage, against.informed) == ("person", "merger", ("vn-b",))
    assert "không phải đơn vị kế thừa" in against.reason.vi
    assert plan_case(old, edge, divided, NO_RULES).outcome == "person"
    nowhere = route(None, None, "MT", None, NOW, NO_RULES, [])
    assert plan_case(old, nowhere, divided, NO_RULES).outcome == "person"
    assert plan_case(replace(old, unit_id="vn-a"), inside, {}, NO_RULES).outcome == "unchanged"
    sea = route(LonLat(108.5, 10), None, "MT", None, NOW, NO_RULES, [])
    assert plan_case(old, sea, {}, NO_RULES).outcome == "person"


def test_a_unit_that_lives_on_keeps_what_is_its_own(settings: Settings, cases: psycopg.Connection) -> None:
    (inside,) = by_postgis(settings, question(105.61, 10.51))  # in A
    lives = Standing("ward", "vn-keep", "Xã Còn", lives=True)
    assert plan_case(lives, inside, {}, NO_RULES).outcome == "unchanged", "this merger says nothing of it"
    given = replace(lives, by_person=True)
    assert plan_case(given, inside, {"vn-keep": "same"}, NO_RULES).outcome == "unchanged"
    moved = plan_case(lives, inside, {"vn-keep": "same"}, NO_RULES)
    assert moved.outcome == "person", "its border was drawn anew, and the law names no other unit"
    lost = plan_case(lives, inside, {"vn-keep": "same", "vn-a": "part"}, NO_RULES)
    assert lost.outcome == "automatic", "the law passed this part on"


def test_a_merger_changes_wards_and_not_who_acts(settings: Settings, cases: psycopg.Connection) -> None:
    police = Body("police", "police", Text(vi="Công an", en="Police"), per_unit=True)
    power = Body("power", "company", Text(vi="Điện lực", en="Power company"))
    rules = RuleSet(1, bodies={"police": police, "power": power})
    (inside, edge) = by_postgis(settings, question(105.61, 10.51), question(105.62, 10.51))
    at_police = plan_case(Standing("police", "vn-old", "Cũ"), inside, {"vn-a": "whole"}, rules)
    assert (at_police.outcome, at_police.decision.body.id) == ("automatic", "police")
    for decision in (inside, edge):
        kept = plan_case(Standing("power", "vn-old", "Cũ"), decision, {"vn-a": "whole"}, rules)
        assert (kept.outcome, kept.decision.body.id) == ("automatic", "power")
        assert kept.decision.informed, "another ward is told"
        assert kept.decision.triage is None
    assert plan_case(Standing("power", "vn-a", "A"), inside, {}, rules).outcome == "unchanged"
    gone = plan_case(Standing("closed-down", "vn-old", "Cũ"), inside, {}, rules)
    assert gone.outcome == "person" and "closed-down" in gone.reason.vi


def succeed(admin: psycopg.Connection, *rows: tuple[str, str, str, str]) -> None:
    with admin.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, legal_ref)"
            " VALUES (%s, %s, %s, %s, 'NQ thử')",
            rows,
        )


@pytest.fixture
def law(admin: psycopg.Connection) -> Iterator[None]:
    yield
    admin.execute("DELETE FROM core.admin_succession")


@pytest.mark.usefixtures("law")
def test_the_law_is_followed_through_a_chain_of_mergers(cases: psycopg.Connection) -> None:
    """A case that was never moved after the first merger finds its way through both."""
    succeed(
        cases,
        ("vn-first", "vn-old", "2010-01-01", "whole"),
        ("vn-old", "vn-a", "2025-07-01", "part"),
        ("vn-old", "vn-b", "2025-07-01", "part"),
        ("vn-c", "vn-c", "2020-01-01", "rename"),
        ("vn-b", "vn-b", "2025-07-01", "boundary_shift"),
    )
    found = heirs(cases, DAY)
    assert found["vn-first"] == {"vn-a": "part", "vn-b": "part"}
    assert found["vn-b"] == {"vn-b": "same"}
    assert "vn-c" not in found, "another name, years ago, is not this merger"
    cases.execute("UPDATE core.admin_succession SET recorded = tstzrange(lower(recorded), clock_timestamp())")
    assert heirs(cases, DAY) == {}, "what was taken back does not count"


@pytest.mark.usefixtures("law")
def test_where_the_law_names_another_a_person_decides_and_heirs_are_told(cases: psycopg.Connection) -> None:
    succeed(cases, ("vn-old", "vn-a", "2025-07-01", "part"), ("vn-old", "vn-c", "2025-07-01", "part"))
    run, counts = merger.plan(cases, DAY, "test")
    assert counts == {"automatic": 2, "person": 2}
    merger.apply(cases, run)
    told = cases.execute(
        "SELECT recipient, payload -> 'codes', payload -> 'waiting' FROM core.outbox"
        " WHERE run = %s AND kind = 'digest' ORDER BY recipient",
        [run],
    ).fetchall()
    assert told == [
        ("coordinator", ["M-B", "M-EDGE"], []),
        ("ward:vn-a", ["M-A"], ["M-B", "M-EDGE"]),
        ("ward:vn-c", ["M-C"], ["M-B", "M-EDGE"]),
    ]


def test_a_hand_over_to_a_department_survives_the_merger(cases: psycopg.Connection) -> None:
    cases.execute(
        "INSERT INTO core.body (id, kind, title_vi, title_en, per_unit)"
        " VALUES ('power', 'company', 'Điện lực', 'Power company', false) ON CONFLICT DO NOTHING"
    )
    cases.execute(
        "SELECT core.store_decision(id, jsonb_build_object('as_of', '2025-06-20', 'unit_id', 'vn-old',"
        " 'unit_code', '30002', 'confidence', 'inside', 'candidates', '[]'::jsonb, 'boundaries', '[]'::jsonb,"
        " 'rule', 'person', 'rule_version', 1, 'reason_vi', 'x', 'reason_en', 'x', 'actor', 'ioc',"
        " 'body', 'power', 'kind', 'handover')) FROM core.reports WHERE code = 'M-A'"
    )
    run, _ = merger.plan(cases, DAY, "test")
    merger.apply(cases, run)
    (body, unit_id) = cases.execute(
        "SELECT body, unit_id FROM core.current_route JOIN core.reports r ON r.id = report_id"
        " WHERE code = 'M-A'"
    ).fetchone() or ("", "")
    assert (body, unit_id) == ("power", "vn-a")
    assert merger.plan(cases, DAY, "test")[1] == {"unchanged": 4}


def test_nobody_is_given_a_case_before_they_are_there(cases: psycopg.Connection) -> None:
    later = date.today() + timedelta(days=30)
    run, _ = merger.plan(cases, later, "test")
    with pytest.raises(Conflict, match="from that day on"):
        merger.apply(cases, run)


MANY = 60
WORK = """
import sys, psycopg
from geo.routing import merger
from geo.routing.merger import run
run.BATCH = 5
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("SET application_name = 'killed'")
    merger.apply(connection, int(sys.argv[2]))
"""
WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE %s = ANY (pg_blocking_pids(pid)))"


def test_kill_9_in_the_middle(settings: Settings, cases: psycopg.Connection) -> None:
    """Whatever was committed is kept, whatever was not is done again: every case moves exactly once."""
    cases.execute(
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9, unit, ward_code,"
        " ward_name) SELECT ST_Point(105.61, 10.505 + i * 0.0001, 4326), 'K-' || i, 'MT', 'forwarded', 'web',"
        f" '{RECEIVED}', 'x', '30002', '30002', 'Thị trấn Cũ' FROM generate_series(1, {MANY}) AS i"
    )
    happened = events(cases)
    run, counts = merger.plan(cases, DAY, "test")
    assert counts["automatic"] == MANY + 3
    command = [sys.executable, "-c", WORK, settings.admin_dsn, str(run)]
    with psycopg.connect(settings.admin_dsn) as holder:
        # At the 33rd case it stops, in the middle of the seventh batch.
        holder.execute(
            "SELECT FROM core.reports WHERE id = (SELECT report_id FROM core.reroute_item WHERE run = %s"
            " ORDER BY report_id OFFSET 32 LIMIT 1) FOR UPDATE",
            [run],
        )
        with subprocess.Popen(command) as work:
            until = time.monotonic() + 120
            while cases.execute(WAITS, [holder.info.backend_pid]).fetchone() != (True,):
                assert time.monotonic() < until and work.poll() is None
                time.sleep(0.05)
            work.kill()
        cases.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'killed'"
        )
    applied = cases.execute(
        "SELECT count(*) FROM core.reroute_item WHERE run = %s AND applied_at IS NOT NULL", [run]
    ).fetchone()
    assert applied == (30,)
    assert cases.execute("SELECT count(*) FROM core.outbox WHERE run = %s", [run]).fetchone() == (0,)
    assert merger.unfinished(cases, DAY) == run
    assert merger.apply(cases, run) == {"automatic": MANY + 3, "person": 1}
    assert set((events(cases) - happened).values()) == {1}
    twice = cases.execute(
        "SELECT report_id FROM core.route_decision WHERE run = %s GROUP BY 1 HAVING count(*) > 1", [run]
    ).fetchall()
    assert twice == []
    reporters = "SELECT count(*) FROM core.outbox WHERE run = %s AND kind = 'reporter'"
    assert cases.execute(reporters, [run]).fetchone() == (MANY + 4,)


def test_a_run_that_is_done_has_its_messages(cases: psycopg.Connection) -> None:
    """They come with the mark, not after it: who dies in between leaves a run to go on with."""
    run, _ = merger.plan(cases, DAY, "test")
    while cases.execute("SELECT core.reroute_apply(%s, 2)", [run]).fetchone() != (0,):
        assert merger.unfinished(cases, DAY) == run
    assert merger.unfinished(cases, DAY) is None
    assert cases.execute("SELECT count(*) FROM core.outbox WHERE run = %s", [run]).fetchone() == (8,)
