"""Reports that came by another door than intake: each gets a decision, and what it says of itself stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.routing.undecided import decide_all
from tests.changes import as_pump
from tests.geo.units_ground import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

# Code, longitude, state, unit, day of receipt. Two wards follow the old one on 2025-07-01; X-SEA is nobody's.
CASES = [
    ("X-OLD", 105.61, "closed", "30002", "2025-06-20"),
    ("X-OVER", 105.61, "closed", None, "2025-06-20"),
    ("X-NEW", 105.61, "received", None, "2025-07-20"),
    ("X-BUSY", 105.61, "in_progress", None, "2025-06-20"),
    ("X-OTHER", 105.61, "forwarded", "99999", "2025-07-20"),
    ("X-LATER", 105.61, "closed", "30001", "2025-06-20"),
    ("X-SEA", 109.61, "received", None, "2025-07-20"),
]


@pytest.fixture
def cases(admin: psycopg.Connection) -> Iterator[psycopg.Connection]:
    settle(admin)
    admin.execute("DELETE FROM core.reports")
    for code, lon, status, unit, day in CASES:
        admin.execute(
            "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9, unit)"
            " VALUES (ST_Point(%s, 10.51, 4326), %s, 'MT', %s, 'web', %s, 'x', %s)",
            [lon, code, status, f"{day}T03:00:00Z", unit],
        )
    yield admin
    admin.execute("DELETE FROM core.reports")


def decided_now(settings: Settings) -> int:
    return as_pump(settings, decide_all)


def decisions(admin: psycopg.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """By the report's code: unit, rule, confidence, day, triage and note of each decision."""
    found: dict[str, list[tuple[Any, ...]]] = {code: [] for code, *_ in CASES}
    for code, *rest in admin.execute(
        "SELECT code, unit_code, rule, confidence, as_of::text, triage, note, actor"
        " FROM core.reports AS report JOIN core.route_decision AS d ON d.report_id = report.id ORDER BY d.id"
    ):
        found[code].append(tuple(rest))
    return found


def units(admin: psycopg.Connection) -> dict[str, tuple[str, str | None]]:
    rows = admin.execute("SELECT code, status, unit FROM core.reports").fetchall()
    return {code: (status, unit) for code, status, unit in rows}


def test_every_report_has_one_decision_and_is_asked_once(
    settings: Settings, cases: psycopg.Connection
) -> None:
    assert decided_now(settings) == len(CASES)
    assert [len(each) for each in decisions(cases).values()] == [1] * len(CASES)
    assert decided_now(settings) == 0
    assert {each[0][6] for each in decisions(cases).values()} == {"diaban"}
    assert all("Ghi sau" in each[0][5] for each in decisions(cases).values())


def test_an_open_case_without_a_unit_is_placed_with_a_unit_of_today(
    settings: Settings, cases: psycopg.Connection
) -> None:
    decided_now(settings)
    now, made = units(cases), decisions(cases)
    unit = made["X-NEW"][0][0]
    assert unit is not None and unit != "30002"
    assert now["X-NEW"] == ("forwarded", unit)
    # A case on its way keeps its state; it came in under the old units and is acted on by a new one.
    assert now["X-BUSY"] == ("in_progress", unit)
    assert made["X-BUSY"][0][3] > "2025-07-01"
    events = cases.execute(
        "SELECT event.status FROM core.report_event AS event JOIN core.reports AS r ON r.id = report_id"
        " WHERE code = 'X-NEW' ORDER BY seq"
    ).fetchall()
    assert [status for (status,) in events] == ["received", "forwarded"]


def test_what_is_over_keeps_its_row_and_gets_the_record_of_its_day(
    settings: Settings, cases: psycopg.Connection
) -> None:
    decided_now(settings)
    assert units(cases)["X-OVER"] == ("closed", None)
    unit, rule, confidence, day, *_ = decisions(cases)["X-OVER"][0]
    assert (unit, rule, confidence, day) == ("30002", "ward-default", "inside", "2025-06-20")
    assert decisions(cases)["X-OLD"][0][:4] == ("30002", "ward-default", "inside", "2025-06-20")


def test_a_unit_without_the_name_of_its_ward_gets_it(settings: Settings, cases: psycopg.Connection) -> None:
    cases.execute(
        "UPDATE core.reports SET ward_code = '30009', ward_name = 'Phường nọ' WHERE code = 'X-LATER'"
    )
    decided_now(settings)
    rows = cases.execute("SELECT code, ward_code, ward_name FROM core.reports").fetchall()
    wards = {code: (ward, name) for code, ward, name in rows}
    # The code is two wards', one after the other: the name is that of the day on which it came in.
    assert wards["X-OLD"] == ("30002", "Thị trấn Cũ")
    assert wards["X-LATER"] == ("30009", "Phường nọ")
    assert wards["X-OVER"] == (None, None)


def test_a_unit_that_the_source_names_stands_and_the_router_says_otherwise_beside_it(
    settings: Settings, cases: psycopg.Connection
) -> None:
    decided_now(settings)
    unit, rule, *_ = decisions(cases)["X-OTHER"][0]
    assert (unit, rule) == ("99999", "source")
    assert units(cases)["X-OTHER"] == ("forwarded", "99999")
    said = cases.execute(
        "SELECT reason_vi, candidates FROM core.route_decision WHERE rule = 'source'"
    ).fetchone()
    assert said is not None
    assert "99999" in said[0] and "Vị trí nằm trong" in said[0] and len(said[1]) >= 1


def test_a_source_that_brought_its_codes_up_to_date_means_the_unit_of_today(
    settings: Settings, cases: psycopg.Connection
) -> None:
    decided_now(settings)
    made = cases.execute(
        "SELECT d.unit_id, d.rule, d.reason_vi FROM core.route_decision AS d"
        " JOIN core.reports AS r ON r.id = d.report_id WHERE r.code = 'X-LATER'"
    ).fetchone()
    assert made is not None
    assert made[:2] == ("vn-a", "source") and "Phường An Hòa" in made[2] and "Thị trấn Cũ" in made[2]


def test_what_is_nobodys_waits_for_a_person(settings: Settings, cases: psycopg.Connection) -> None:
    decided_now(settings)
    assert units(cases)["X-SEA"] == ("received", None)
    assert decisions(cases)["X-SEA"][0][4] == "outside"
    waiting = cases.execute("SELECT code FROM core.triage").fetchall()
    assert ("X-SEA",) in waiting


def test_a_person_who_was_faster_is_not_overruled(settings: Settings, cases: psycopg.Connection) -> None:
    number = cases.execute("SELECT id FROM core.reports WHERE code = 'X-NEW'").fetchone()
    assert number is not None
    document = (
        '{"as_of": "2026-01-01", "confidence": "inside", "boundaries": [], "candidates": [],'
        ' "rule": "person", "rule_version": 1, "reason_vi": "v", "reason_en": "e", "unit_code": "30001"}'
    )
    cases.execute("SELECT core.store_decision(%s, %s)", [number[0], document])
    stored = cases.execute(
        "SELECT ops.decide_afterwards(ARRAY[%s, 0]::bigint[], '[{}, {}]', ARRAY['forwarded', NULL])",
        [number[0]],
    ).fetchone()
    assert stored == (0,)
    assert [each[1] for each in decisions(cases)["X-NEW"]] == ["person"]


def test_a_report_that_is_being_changed_holds_up_no_other(
    settings: Settings, cases: psycopg.Connection
) -> None:
    with psycopg.connect(settings.admin_dsn) as other:
        other.execute("SELECT 1 FROM core.reports WHERE code = 'X-NEW' FOR UPDATE")
        assert decided_now(settings) == len(CASES) - 1
    assert decided_now(settings) == 1


@pytest.mark.parametrize("role", ["diaban_public", "diaban_reader", "diaban_writer"])
@pytest.mark.parametrize("call", ["ops.undecided(1)", "ops.decide_afterwards('{}', '[]', '{}')"])
def test_nobody_else_may(settings: Settings, role: str, call: str) -> None:
    with (
        psycopg.connect(settings.role_dsn(role)) as connection,  # type: ignore[arg-type]
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"SELECT {call}")  # type: ignore[arg-type]
