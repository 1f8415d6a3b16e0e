"""The edge cases of the specification, by number.

Those of mergers (17, 18, 21) are in ``test_routing_merger``, those of hand-overs (22-24) in
``tests/api/test_routing_hands``, bad coordinates at the doors (8, 29) and a boundary corrected backwards
(31) in ``tests/api/test_routing``. From door to door: addresses (10-13) in
``tests/api/test_report_addresses``, children (25) in ``tests/api/test_report_children``, duplicates (26, 27)
in ``tests/api/test_incidents``.
"""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import psycopg
import pytest

from geo.calendar import ICT
from geo.errors import InvalidInput
from geo.routing import Body, Near, Rule, RuleSet, checked_place, route
from geo.routing.accept import may_come_in
from geo.routing.document import ordered
from geo.types import LonLat
from geo.units.address import settled
from layers.description import Text
from tests.geo.routing_ground import NO_RULES, NOW, by_postgis, ground, in_memory, question
from tests.geo.test_routing_equal import ADD, OVERLAPPING
from tests.geo.units_ground import GAP_DEG, box, settle

if TYPE_CHECKING:
    from geo.routing import Decision, Question
    from geo.settings import Settings

DEPARTMENT = Body("so-xd", "department", Text(vi="Sở Xây dựng", en="Department of Construction"))
PORT = Body("cang-vu", "department", Text(vi="Cảng vụ", en="Port authority"))
BODIES = {"so-xd": DEPARTMENT, "cang-vu": PORT}
TODAY = NOW.astimezone(ICT).date()


@pytest.fixture(autouse=True)
def units(admin: psycopg.Connection) -> None:
    settle(admin)


def both(
    settings: Settings, admin: psycopg.Connection, asked: Question, rules: RuleSet = NO_RULES
) -> Decision:
    """The decision, after both routers agreed on it twice."""
    stored, again = by_postgis(settings, asked, asked, rules=rules)
    memory = in_memory(ground(admin, asked.received_at.astimezone(ICT).date()), asked, rules)
    for other in (again, memory):
        assert (unit(other), other.confidence, names(other)) == (
            unit(stored),
            stored.confidence,
            names(stored),
        )
    return stored


def unit(decision: Decision) -> str | None:
    return decision.unit.unit.unit_id if decision.unit else None


def names(decision: Decision) -> list[str]:
    return [each.unit.unit_id for each in decision.candidates]


def vintages_of(decision: Decision) -> frozenset[str]:
    return frozenset(each.unit.code[:3] for each in decision.candidates)


def test_01_inside_one_ward(settings: Settings, admin: psycopg.Connection) -> None:
    decision = both(settings, admin, question(105.61, 10.51))
    assert (unit(decision), decision.confidence, names(decision)) == ("vn-a", "inside", ["vn-a"])
    assert (decision.body.id, decision.rule, decision.triage) == ("ward", "ward-default", None)
    assert decision.body_title.vi == "UBND Phường An Hòa"
    assert not decision.ask_reporter


def test_02_on_a_shared_edge(settings: Settings, admin: psycopg.Connection) -> None:
    contains = "SELECT count(*) FROM core.admin_units WHERE ST_Contains(geom, ST_Point(105.62, 10.51, 4326))"
    assert admin.execute(contains + " AND valid_to IS NULL").fetchone() == (0,)
    decision = both(settings, admin, question(105.62, 10.51))
    assert (unit(decision), decision.confidence) == ("vn-a", "near_boundary")
    assert sorted(names(decision)) == ["vn-a", "vn-b"]
    assert decision.ask_reporter


def test_03_a_tripoint(settings: Settings, admin: psycopg.Connection) -> None:
    decision = both(settings, admin, question(105.62, 10.50))
    assert sorted(names(decision)) == ["vn-a", "vn-b", "vn-c"]
    assert (unit(decision), decision.confidence) == ("vn-a", "near_boundary")


def test_04_a_seam_of_the_pieces_is_no_border(settings: Settings, admin: psycopg.Connection) -> None:
    seam = """
        SELECT ST_X(p.geom), ST_Y(p.geom)
          FROM core.admin_part AS a JOIN core.admin_part AS b USING (feature_id), core.admin_units AS u,
               ST_LineInterpolatePoint(ST_LineMerge(ST_Intersection(a.geom, b.geom)), 0.5) AS p(geom)
         WHERE u.unit_id = 'vn-c' AND u.id = a.feature_id AND a.ctid < b.ctid
           AND ST_Dimension(ST_Intersection(a.geom, b.geom)) = 1
           AND ST_Distance(p.geom::geography, ST_Boundary(u.geom)::geography) > 100 LIMIT 1"""
    place = admin.execute(seam).fetchone()
    assert place is not None, "the ward is not cut: this test would prove nothing"
    decision = both(settings, admin, question(*place))
    assert (names(decision), decision.confidence) == (["vn-c"], "inside")


def test_05_an_official_overlap(settings: Settings, admin: psycopg.Connection) -> None:
    for row in OVERLAPPING:
        admin.execute(ADD, row)
    asked = question(105.715, 10.515)
    decision = both(settings, admin, asked)
    assert (len(names(decision)), decision.confidence, decision.triage) == (3, "overlap", None)
    waiting = both(settings, admin, asked, RuleSet(1, overlap="triage"))
    assert (waiting.body.id, unit(waiting), waiting.triage) == ("coordinator", None, "overlap")
    assert len(waiting.candidates) == 3


def test_06_a_gap_of_three_metres(settings: Settings, admin: psycopg.Connection) -> None:
    decision = both(settings, admin, question(105.64 + GAP_DEG / 3, 10.51))
    assert (unit(decision), decision.confidence) == ("vn-b", "gap_snapped")
    assert decision.candidates[0].distance_m == pytest.approx(1.0, abs=0.05)


def test_07_in_the_sea(settings: Settings, admin: psycopg.Connection) -> None:
    asked = question(105.68, 10.51)
    decision = both(settings, admin, asked)
    assert (unit(decision), decision.confidence, decision.triage) == (None, "outside", "outside")
    assert may_come_in(decision, "phone")
    assert not may_come_in(decision, "web")
    desk = RuleSet(2, (Rule("sea", 5, "cang-vu", outside=True),), BODIES)
    maritime = both(settings, admin, asked, desk)
    assert (maritime.body.id, maritime.triage, maritime.rule) == ("cang-vu", None, "sea")
    assert may_come_in(maritime, "web")
    assert both(settings, admin, question(105.61, 10.51), desk).body.id == "ward"


def test_08_outside_vietnam_and_swapped() -> None:
    with pytest.raises(InvalidInput, match="no fix"):
        checked_place(0, 0)
    with pytest.raises(InvalidInput, match=r"did you mean lon=106\.7, lat=10\.8"):
        checked_place(10.8, 106.7)
    assert checked_place("2.35", "48.85") == LonLat(2.35, 48.85)


def test_09_the_share_of_the_disc_decides(settings: Settings, admin: psycopg.Connection) -> None:
    # 10 m inside A, with B as near in the east and the whole width of C in the south.
    asked = question(105.6199, 10.5001, accuracy_m=200)
    decision = both(settings, admin, asked)
    assert sorted(names(decision)) == ["vn-a", "vn-b", "vn-c"]
    assert (unit(decision), decision.confidence, decision.ask_reporter) == ("vn-c", "near_boundary", True)
    shares = [decision.shares[each.unit.feature_id] for each in decision.candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=0.01)
    assert unit(both(settings, admin, replace(asked, accuracy_m=5))) == "vn-a"


def test_10_no_point_goes_to_a_person() -> None:
    decision = route(None, None, "MT", None, NOW, NO_RULES, [])
    assert (decision.confidence, decision.triage, decision.body.id) == (
        "no_location",
        "no_location",
        "coordinator",
    )
    assert settled([], {}, "82").answer == "none"


def test_11_an_old_address(settings: Settings, admin: psycopg.Connection) -> None:
    before, here = date(2025, 6, 30), LonLat(105.61, 10.51)
    (old,) = [each.unit for each in ground(admin, before).candidates(here)]
    assert old.name == "Thị trấn Cũ"
    a, b = (each.unit for each in ground(admin, TODAY).candidates(LonLat(105.62, 10.51)))
    one = settled([old], {"vn-old": [b]}, "82")
    assert (one.answer, one.units, one.through) == ("one", (b,), ((old, (b,)),))
    split = settled([old], {"vn-old": [b, a]}, "82")
    assert (split.answer, [each.unit_id for each in split.units]) == ("ask", ["vn-a", "vn-b"])
    # With a point nothing is ambiguous.
    assert unit(both(settings, admin, question(105.63, 10.51))) == "vn-b"


def test_12_a_name_needs_its_province(admin: psycopg.Connection) -> None:
    here = ground(admin, TODAY).candidates(LonLat(105.61, 10.51))[0].unit
    there = replace(here, unit_id="vn-far", province_code="79")
    living = {"vn-a": [here], "vn-far": [there]}
    assert settled([here, there], living).answer == "ask"
    assert settled([here, there], living, "79").units == (there,)
    assert settled([here, there], living, "01").answer == "none"


@pytest.mark.parametrize(("day", "expected"), [(date(2025, 6, 30), "vn-old"), (date(2025, 7, 1), "vn-b")])
def test_13_one_code_two_days(admin: psycopg.Connection, day: date, expected: str) -> None:
    (found,) = ground(admin, day).candidates(LonLat(105.63, 10.51))
    assert (found.unit.code, found.unit.unit_id) == ("30002", expected)


def test_14_received_before_midnight_routed_after(settings: Settings) -> None:
    received = datetime(2025, 6, 30, 23, 59, 59, tzinfo=ICT)
    routed = datetime(2025, 7, 1, 0, 0, 1, tzinfo=ICT)
    (decision,) = by_postgis(settings, question(105.63, 10.51, occurred_at=received, received_at=routed))
    assert (unit(decision), decision.as_of) == ("vn-b", date(2025, 7, 1))
    assert decision.statistics is not None
    assert (decision.statistics.unit.unit_id, decision.statistics_as_of) == ("vn-old", date(2025, 6, 30))


@pytest.mark.parametrize(("second", "expected"), [(59, "vn-old"), (60, "vn-b")])
def test_15_the_same_instant_in_utc(settings: Settings, second: int, expected: str) -> None:
    moment = datetime(2025, 6, 30, 16 + second // 60, 0 if second == 60 else 59, second % 60, tzinfo=UTC)
    (decision,) = by_postgis(settings, question(105.63, 10.51, received_at=moment))
    assert unit(decision) == expected


def test_16_occurred_before_received_after(settings: Settings) -> None:
    occurred = datetime(2025, 5, 2, 8, tzinfo=ICT)
    (decision,) = by_postgis(settings, question(105.63, 10.51, occurred_at=occurred))
    assert unit(decision) == "vn-b"
    assert decision.statistics is not None
    assert decision.statistics.unit.unit_id == "vn-old"


def test_19_a_department_acts_and_the_ward_is_told(settings: Settings, admin: psycopg.Connection) -> None:
    rules = RuleSet(7, (Rule("gt", 10, "so-xd", categories=frozenset({"GT"})),), BODIES)
    decision = both(settings, admin, question(105.61, 10.51, category="GT"), rules)
    assert (decision.body.id, unit(decision), decision.informed) == ("so-xd", "vn-a", ("vn-a",))
    assert (decision.rule, decision.rule_version) == ("gt", 7)
    assert "Sở Xây dựng" in decision.reason.vi
    assert "Department of Construction" in decision.reason.en
    assert both(settings, admin, question(105.61, 10.51, category="MT"), rules).body.id == "ward"


def test_20_priority_decides_never_the_order() -> None:
    """That equal priorities are refused on saving is tested in ``test_routing_rules`` and at the door."""
    one = Rule("one", 1, "so-xd", outside=True)
    other = Rule("other", 2, "cang-vu", outside=True)
    for rules in ((one, other), (other, one)):
        decision = route(LonLat(105, 10), None, "GT", None, NOW, RuleSet(1, ordered([*rules]), BODIES), [])
        assert decision.rule == "one"


def test_25_a_child_is_routed_on_its_own(settings: Settings) -> None:
    rules = RuleSet(1, (Rule("gt", 10, "so-xd", categories=frozenset({"GT"})),), BODIES)
    parent, child = question(105.61, 10.51, category="GT"), question(105.63, 10.51, category="MT")
    first, second = by_postgis(settings, parent, child, rules=rules)
    assert (first.body.id, second.body.id, unit(second)) == ("so-xd", "ward", "vn-b")


def test_26_27_many_reports_of_one_incident_count_once(admin: psycopg.Connection) -> None:
    admin.execute(
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, incident_code, h3_9)"
        " SELECT ST_Point(105.61, 10.51, 4326), 'T27-' || n, 'DVT', 'received', 'phone', %s, 'T27-1', 'x'"
        "   FROM generate_series(1, 500) AS n",
        [NOW],
    )
    rows = admin.execute(
        "SELECT unit_id, reports, incidents FROM core.reports_by_unit(%s, %s, %s)",
        [datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC), TODAY],
    ).fetchall()
    assert rows == [("vn-a", 500, 1)]


def test_28_an_invalid_polygon_is_refused(admin: psycopg.Connection) -> None:
    bow_tie = "POLYGON((105.8 10.5, 105.9 10.6, 105.9 10.5, 105.8 10.6, 105.8 10.5))"
    with pytest.raises(psycopg.errors.CheckViolation):
        admin.execute(ADD, ("vn-bow", "30050", "Xã Nơ", bow_tie))
    assert admin.execute(
        "SELECT count(*) FROM core.admin_part WHERE geom && ST_Point(105.85, 10.55, 4326)"
    ).fetchone() == (0,)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e308", "181", "", None, "1;2"])
def test_29_impossible_coordinates(value: object) -> None:
    with pytest.raises(InvalidInput):
        checked_place(value, 10.5)
    with pytest.raises(InvalidInput):
        checked_place(105.6, value)


def test_30_islands(settings: Settings, admin: psycopg.Connection) -> None:
    islands = f"MULTIPOLYGON({box(106.0, 9.0, 106.01, 9.01)[7:]}, {box(106.1, 9.0, 106.11, 9.01)[7:]})"
    admin.execute(ADD, ("vn-island", "30060", "Đặc khu Đảo", islands))
    second = both(settings, admin, question(106.105, 9.005))
    assert (unit(second), second.confidence) == ("vn-island", "inside")
    assert both(settings, admin, question(106.05, 9.005)).confidence == "outside"


def test_30_the_nearest_unit_only_inside_its_legal_water(
    settings: Settings, admin: psycopg.Connection
) -> None:
    """Two islands, one layer of waters (any published layer of polygons will do) around both."""
    for name, code, west in (("vn-west", "30061", 106.0), ("vn-east", "30062", 106.1)):
        admin.execute(ADD, (name, code, f"Đặc khu {name}", box(west, 9.0, west + 0.01, 9.01)))
    admin.execute(
        "INSERT INTO core.zoning (geom, plot_code, function_code, status, valid_from) VALUES"
        " (ST_Multi(ST_MakeEnvelope(105.95, 8.95, 106.2, 9.06, 4326)), 'W-1', 'OM', 'in_force', '2020-1-1')"
    )
    nearest = Rule("waters", 1, "ward", layer="zoning", outside=True)
    desk = Rule("sea", 5, "cang-vu", outside=True)
    rules = RuleSet(1, (nearest, desk), BODIES)
    inside = {"zoning": Near(0.0)}
    for lon, expected in ((106.05, "vn-west"), (106.06, "vn-east"), (106.15, "vn-east")):
        asked = question(lon, 9.005)
        (stored,) = by_postgis(settings, asked, rules=rules)
        memory = in_memory(ground(admin, TODAY), asked, rules, inside)
        assert (unit(stored), stored.body.id, stored.rule) == (expected, "ward", "waters")
        assert (unit(memory), names(memory), memory.reason) == (expected, names(stored), stored.reason)
        assert (stored.confidence, stored.triage, stored.informed) == ("outside", None, ())
        assert may_come_in(stored, "web")
        assert expected in stored.reason.vi and "gần nhất" in stored.reason.vi
        assert stored.candidates[0].distance_m > 1_000
    # Outside that water nobody is nearest; on land nothing changes; a slit is no sea.
    (off,) = by_postgis(settings, question(106.30, 9.005), rules=rules)
    assert (unit(off), off.body.id, off.rule) == (None, "cang-vu", "sea")
    (alone,) = by_postgis(settings, question(106.30, 9.005), rules=RuleSet(1, (nearest,), BODIES))
    assert (alone.confidence, alone.triage, unit(alone)) == ("outside", "outside", None)
    (island,) = by_postgis(settings, question(106.005, 9.005), rules=rules)
    assert (unit(island), island.confidence, island.rule) == ("vn-west", "inside", "ward-default")


def test_32_every_case_sees_one_vintage(settings: Settings, admin: psycopg.Connection) -> None:
    """Boundaries are exchanged again and again, each time in one transaction, while cases are routed."""
    stop = threading.Event()

    def exchange() -> None:
        with psycopg.connect(settings.admin_dsn) as connection:
            for number in itertools.count():
                if stop.is_set():
                    return
                with connection.transaction():
                    connection.execute("DELETE FROM core.admin_units WHERE unit_id IN ('vn-a', 'vn-b')")
                    first, second = ("vn-a", "vn-b") if number % 2 else ("vn-b", "vn-a")
                    west, east = box(105.60, 10.50, 105.62, 10.52), box(105.62, 10.50, 105.64, 10.52)
                    connection.execute(ADD, (first, f"31{number % 2}01", "Xã Một", west))
                    connection.execute(ADD, (second, f"31{number % 2}02", "Xã Hai", east))

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        decisions: list[Decision] = []
        until = time.monotonic() + 150
        while time.monotonic() < until and len({vintages_of(each) for each in decisions}) < 2:
            decisions += by_postgis(settings, *[question(105.62, 10.51)] * 100)
    finally:
        stop.set()
        thread.join()
    for decision in decisions:
        assert sorted(names(decision)) == ["vn-a", "vn-b"]
        assert len(vintages_of(decision)) == 1, "one case saw two vintages"
    seen = {vintages_of(each) for each in decisions}
    assert len(seen) >= 2, "nothing was exchanged meanwhile: this test proved nothing"


def test_a_rule_that_fails_stops_routing() -> None:
    broken = Rule("roads", 1, "so-xd", layer="roads", within_m=10, outside=True)
    later = Rule("later", 2, "cang-vu", outside=True)
    rules = RuleSet(3, (broken, later), BODIES)
    nearby = {"roads": Near(error="roads: gone")}
    decision = route(LonLat(105, 10), None, "GT", None, NOW, rules, [], nearby=nearby)
    assert (decision.triage, decision.body.id, decision.rule) == ("rule_error", "coordinator", "roads")
    assert "roads: gone" in decision.reason.vi
