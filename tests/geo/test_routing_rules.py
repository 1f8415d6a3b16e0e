"""Rule sets: what is read, what is refused and with which sentence, and when a rule holds."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.calendar import ICT
from geo.errors import InvalidInput
from geo.routing import Body, Rule, RuleSet
from geo.routing.document import read_draft, write_rule
from geo.routing.faults import World, faults
from geo.routing.windows import ever_together, holds_at
from layers.description import Text
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = date(2026, 3, 2)
BODIES = {"so-xd": Body("so-xd", "department", Text(vi="Sở Xây dựng", en="Construction"))}
WORLD = World(
    TODAY,
    frozenset({"GT", "MT"}),
    {"roads": frozenset({"quoc_lo"}), "zoning": None},
    {"vn-a": ((date(2025, 7, 1), None),), "vn-old": ((date(2008, 1, 1), date(2025, 7, 1)),),
     "vn-end": ((date(2025, 7, 1), date(2026, 9, 1)),)},
)  # fmt: skip


def said(*rules: Rule) -> str:
    return " ".join(fault.en for fault in faults(RuleSet(1, rules, BODIES), WORLD))


def rule(name: str = "one", **more: Any) -> Rule:
    return Rule(**{"id": name, "priority": 1, "body": "so-xd", **more})


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (rule(body="nobody"), "there is no body 'nobody'"),
        (rule(categories=frozenset({"XX"})), "there is no category 'XX'"),
        (rule(layer="canals"), "there is no layer 'canals'"),
        (rule(layer="roads", road_classes=frozenset({"ngo"})), "no road class 'ngo'"),
        (rule(layer="zoning", road_classes=frozenset({"quoc_lo"})), "no road class 'quoc_lo'"),
        (rule(road_classes=frozenset({"quoc_lo"})), "need a layer"),
        (rule(units=frozenset({"vn-none"})), "there is no unit 'vn-none'"),
        (rule(units=frozenset({"vn-old"})), "'vn-old' does not exist on 2026-03-02"),
        (rule(units=frozenset({"vn-end"})), "dissolved from 2026-09-01; set valid_to"),
        (rule(units=frozenset({"vn-end"}), valid_to=date(2026, 9, 2)), "dissolved from 2026-09-01"),
        (rule(valid_from=date(2026, 5, 1), valid_to=date(2026, 5, 1)), "ends before it begins"),
        (rule(body="ward", outside=True), "acts only within a layer"),
    ],
)
def test_a_fault_is_a_sentence(bad: Rule, sentence: str) -> None:
    assert sentence in said(bad)
    (first, *_) = faults(RuleSet(1, (bad,), BODIES), WORLD)
    assert first.vi.startswith("«one»")


@pytest.mark.parametrize(
    "good",
    [
        rule(units=frozenset({"vn-end"}), valid_to=date(2026, 9, 1)),
        rule(units=frozenset({"vn-old"}), valid_to=date(2025, 7, 1)),
        rule(layer="roads", within_m=20.0, road_classes=frozenset({"quoc_lo"})),
        rule(layer="zoning"),
    ],
)
def test_what_can_be_saved(good: Rule) -> None:
    assert said(good) == ""


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({}, {}, True),
        ({"categories": frozenset({"GT"})}, {"categories": frozenset({"MT"})}, False),
        ({"categories": frozenset({"GT"})}, {}, True),
        ({"units": frozenset({"vn-a"})}, {"units": frozenset({"vn-end"})}, False),
        ({"weekdays": frozenset({6, 7})}, {"weekdays": frozenset({1})}, False),
        ({"hours": (time(17), time(7))}, {"hours": (time(7), time(17))}, False),
        ({"hours": (time(17), time(7))}, {"hours": (time(6, 59), time(17))}, True),
        ({"hours": (time(22), time(0))}, {"hours": (time(0), time(5))}, False),
        ({"valid_to": date(2026, 7, 1)}, {"valid_from": date(2026, 7, 1)}, False),
        ({"layer": "roads", "within_m": 5.0}, {"layer": "zoning"}, True),
        ({"outside": True}, {}, False),
    ],
)
def test_20_equal_priorities_that_may_meet_are_refused(
    one: dict[str, Any], other: dict[str, Any], together: bool
) -> None:
    a, b = rule("a", **one), rule("b", **other)
    assert ever_together(a, b) is ever_together(b, a) is together
    assert ("has priority 1 as 'b' has" in said(a, b)) is together
    assert "has priority" not in said(a, rule("b", **{**other, "priority": 2}))


hours = st.none() | st.tuples(st.times(), st.times()).filter(lambda pair: pair[0] != pair[1])
weekdays = st.none() | st.frozensets(st.integers(1, 7), min_size=1)
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 9))


@given(hours, hours, weekdays, weekdays, days, days, st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9)))
def test_what_never_meets_never_holds_at_one_moment(
    hours_a: Any, hours_b: Any, days_a: Any, days_b: Any, end: Any, begin: Any, moment: datetime
) -> None:
    a = rule("a", hours=hours_a, weekdays=days_a, valid_to=end)
    b = rule("b", hours=hours_b, weekdays=days_b, valid_from=begin)
    when = moment.replace(tzinfo=ICT)
    assert not (holds_at(a, when) and holds_at(b, when)) or ever_together(a, b)


def test_hours_are_half_open_and_pass_midnight() -> None:
    night = rule(hours=(time(17), time(7)), weekdays=frozenset({1, 2}))
    at = [(2, 16, 59), (2, 17, 0), (3, 6, 59), (3, 7, 0), (4, 1, 0)]  # 2 March 2026 is a Monday
    held = [holds_at(night, datetime(2026, 3, day, hour, minute, tzinfo=ICT)) for day, hour, minute in at]
    assert held == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"id": "X y"}, "rules[0].id"),
        ({"priority": 0}, "rules[0].priority"),
        ({"priority": True}, "rules[0].priority"),
        ({"priority": 1.5}, "rules[0].priority"),
        ({"categories": []}, "rules[0].categories"),
        ({"categories": "GT"}, "rules[0].categories"),
        ({"weekdays": [0]}, "rules[0].weekdays"),
        ({"weekdays": [True]}, "rules[0].weekdays"),
        ({"hours": ["24:00", "07:00"]}, "rules[0].hours"),
        ({"hours": ["07:00", "07:00"]}, "rules[0].hours"),
        ({"hours": ["07:00"]}, "rules[0].hours"),
        ({"valid_from": "2026-02-30"}, "rules[0].valid_from"),
        ({"within_m": 1e9}, "rules[0].within_m"),
        ({"within_m": float("nan")}, "rules[0].within_m"),
        ({"code": "__import__('os')"}, "rules[0]"),
        ({"outside": "yes"}, "rules[0].outside"),
    ],
)
def test_what_cannot_be_read(change: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_draft({"rules": [{"id": "one", "priority": 1, "body": "so-xd", **change}]})
    assert refused.value.parameter == path
    assert refused.value.allowed_vi


def test_a_rule_is_written_as_it_is_read() -> None:
    whole = {
        "id": "one", "priority": 3, "body": "so-xd", "categories": ["GT", "MT"], "units": ["vn-a"],
        "layer": "roads", "within_m": 20.0, "road_classes": ["quoc_lo"], "weekdays": [1, 7],
        "hours": ["17:00", "07:00"], "valid_from": "2026-01-01", "valid_to": "2027-01-01", "outside": False,
    }  # fmt: skip
    assert write_rule(read_draft({"rules": [whole]}).rules.rules[0]) == whole


@pytest.fixture
def centre(admin: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The owner with the claims of the operation centre, in a transaction that is rolled back."""
    settle(admin)
    with admin.transaction(force_rollback=True):
        admin.execute("""SELECT set_config('diaban.claims', '{"sub":"ioc","clearance":2}', true)""")
        yield admin


def saved(connection: psycopg.Connection, *rules: dict[str, Any], based_on: int | None = None) -> int | None:
    whole = [write_rule(rule(entry.pop("id"), **entry)) for entry in rules]
    draft = {"note": "", "overlap": "smaller", "bodies": [], "rules": whole}
    row = connection.execute("SELECT core.save_rules(%s, %s)", [json.dumps(draft), based_on]).fetchone()
    return row[0] if row else None


def test_versions_are_counted_and_kept(centre: psycopg.Connection) -> None:
    assert saved(centre, {"id": "one", "body": "coordinator"}, based_on=1) == 2
    assert saved(centre, {"id": "one", "body": "coordinator"}, based_on=1) is None
    with pytest.raises(psycopg.errors.InsufficientPrivilege), centre.transaction():
        centre.execute("UPDATE core.route_rule SET priority = 9")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([{"id": "one", "body": "ward"}, {"id": "two", "body": "ward"}], "both may match"),
        ([{"id": "one", "body": "ward", "categories": frozenset({"XX"})}], "category that does not exist"),
        ([{"id": "one", "body": "ward", "layer": "nothing"}], "layer that does not exist"),
        ([{"id": "one", "body": "ward", "units": frozenset({"vn-old"})}], "vn-old beyond its life"),
        ([{"id": "one", "body": "nobody"}], "foreign key"),
    ],
)
def test_the_database_refuses_too(centre: psycopg.Connection, rules: list[Any], words: str) -> None:
    with pytest.raises((psycopg.errors.CheckViolation, psycopg.errors.ForeignKeyViolation), match=words):
        saved(centre, *[dict(entry) for entry in rules])


def test_21_a_unit_does_not_end_under_a_rule(admin: psycopg.Connection) -> None:
    settle(admin)
    end = "UPDATE core.admin_units SET valid_to = '2027-01-01' WHERE unit_id = 'vn-d'"
    check = "SET CONSTRAINTS ALL IMMEDIATE"
    with admin.transaction(force_rollback=True):
        admin.execute("""SELECT set_config('diaban.claims', '{"sub":"ioc","clearance":2}', true)""")
        saved(admin, {"id": "one", "body": "ward", "units": frozenset({"vn-d"})})
        with (
            pytest.raises(psycopg.errors.CheckViolation, match="one names the unit vn-d"),
            admin.transaction(),
        ):
            admin.execute(end)
            assert admin.execute("SELECT * FROM core.rules_of_dissolved()").fetchall() == [("one", "vn-d")]
            admin.execute(check)
        # Renamed: it ends and begins again in one transaction.
        with admin.transaction():
            admin.execute(end)
            admin.execute(
                "INSERT INTO core.admin_units"
                " (unit_id, code, name, kind, level, province_code, valid_from, geom)"
                " SELECT unit_id, code, 'Phường Mới', 'phuong', level, province_code, valid_to, geom"
                "   FROM core.admin_units WHERE unit_id = 'vn-d'"
            )
            admin.execute(check)
