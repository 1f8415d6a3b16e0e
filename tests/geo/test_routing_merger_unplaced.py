"""A merger and open cases without a point (edge case 18): to a person, unless their ward lives on."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from psycopg.types.json import Jsonb

from geo.routing import merger
from tests.geo.test_routing_equal import ADD
from tests.geo.units_ground import box, settle

if TYPE_CHECKING:
    import psycopg

DAY = date(2025, 7, 1)
CASES = [
    # Code, the ward that a person gave it to (identity, code, name), address.
    ("U-OLD", ("vn-old", "30002", "Thị trấn Cũ"), "Chợ cũ"),
    ("U-KEEP", ("vn-keep", "30099", "Xã Còn"), "Đầu cầu"),
    ("U-WAITS", (None, None, None), "Không rõ"),
]


@pytest.fixture(autouse=True)
def cases(admin: psycopg.Connection) -> None:
    admin.execute("DELETE FROM core.reports; DELETE FROM core.report_unplaced")
    settle(admin)
    admin.execute(ADD, ("vn-keep", "30099", "Xã Còn", box(105.70, 10.50, 105.72, 10.52)))
    admin.execute("UPDATE core.admin_units SET valid_from = '2008-01-01' WHERE unit_id = 'vn-keep'")
    for code, (unit_id, unit, name), address in CASES:
        row = admin.execute(
            "INSERT INTO core.report_unplaced (unit, code, category, status, channel, received_at, ward_code,"
            " ward_name, address) VALUES (%s, %s, 'MT', %s, 'phone', '2025-06-20T03:00:00Z', %s, %s, %s)"
            " RETURNING id",
            [unit, code, "forwarded" if unit else "received", unit, name, address],
        ).fetchone()
        assert row is not None
        decision = {
            "as_of": "2025-06-20", "unit_id": unit_id, "unit_code": unit, "confidence": "no_location",
            "candidates": [], "boundaries": [], "rule": "person", "rule_version": 1, "reason_vi": "-",
            "reason_en": "-", "body": "ward" if unit else "coordinator", "body_title_vi": name,
            "triage": None if unit else "no_location", "kind": "handover" if unit else "intake",
        }  # fmt: skip
        admin.execute("SELECT core.store_decision(%s, %s)", [row[0], Jsonb(decision)])


def standing(admin: psycopg.Connection) -> dict[str, tuple[str, str | None, str | None]]:
    rows = admin.execute("SELECT code, status, unit, ward_name FROM core.report_unplaced").fetchall()
    return {code: (status, unit, name) for code, status, unit, name in rows}


def test_18_without_a_point_a_person_decides(admin: psycopg.Connection) -> None:
    before = standing(admin)
    run, counts = merger.plan(admin, DAY, "test")
    assert counts == {"person": 1, "unchanged": 2}
    assert standing(admin) == before, "a plan changes nothing"
    merger.apply(admin, run)
    # Nobody guesses a ward; until someone decides, the sender sees the former one.
    assert standing(admin) == before | {"U-OLD": ("forwarded", None, "Thị trấn Cũ")}
    waiting = admin.execute(
        "SELECT code, triage, reason_vi, address FROM core.triage ORDER BY code"
    ).fetchall()
    assert [(code, triage) for code, triage, _, _ in waiting] == [
        ("U-OLD", "merger"),
        ("U-WAITS", "no_location"),
    ]
    assert "sau khi sắp xếp Thị trấn Cũ" in waiting[0][2]
    assert waiting[0][3] == "Chợ cũ"
    events = admin.execute(
        "SELECT count(*) FROM core.report_event e JOIN core.report_unplaced u ON u.id = e.report_id"
        " WHERE u.code = 'U-OLD'"
    ).fetchone()
    assert events == (3,), "received, forwarded, and one for the merger"
    told = admin.execute(
        "SELECT payload ->> 'waits_for_a_person' FROM core.outbox"
        " WHERE kind = 'reporter' AND recipient = 'U-OLD'"
    ).fetchall()
    assert told == [("true",)]
    assert merger.plan(admin, DAY, "test")[1] == {"unchanged": 3}
    assert merger.revert(admin, run, "test")["reverted"] == 1
    assert standing(admin) == before


def test_18_what_was_placed_meanwhile_is_left_alone(admin: psycopg.Connection) -> None:
    run, _ = merger.plan(admin, DAY, "test")
    admin.execute("UPDATE core.report_unplaced SET unit = '30001' WHERE code = 'U-OLD'")
    assert merger.apply(admin, run)["skipped"] == 1
    assert standing(admin)["U-OLD"][1] == "30001"


def test_18_statistics_without_a_point(admin: psycopg.Connection) -> None:
    """As reported with the ward that a person chose; re-based by shares, and marked as an estimate."""
    admin.execute("DELETE FROM core.admin_succession")
    for heir, share in (("vn-a", 0.25), ("vn-b", 0.75)):
        admin.execute(
            "INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, share_area, share_pop,"
            " legal_ref) VALUES ('vn-old', %s, '2025-07-01', 'part', 0.5, %s, 'test')",
            [heir, share],
        )
    admin.execute(
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)"
        " VALUES (ST_Point(105.61, 10.51, 4326), 'S-1', 'MT', 'closed', 'web', '2025-06-20T03:00:00Z', 'x')"
    )

    def counted(vintage: date | None) -> dict[str | None, tuple[int, int, float]]:
        rows = admin.execute(
            "SELECT unit_id, reports, incidents, estimated"
            "  FROM core.reports_by_unit('2025-06-01', '2025-07-01', %s)",
            [vintage],
        ).fetchall()
        return {unit: (reports, incidents, estimated) for unit, reports, incidents, estimated in rows}

    assert counted(None) == {"vn-old": (2, 2, 0), "vn-keep": (1, 1, 0), None: (1, 1, 0)}
    assert counted(DAY) == {
        "vn-a": (1, 1, 0.25),
        "vn-b": (0, 0, 0.75),
        "vn-keep": (1, 1, 0),
        None: (1, 1, 0),
    }
    assert counted(date(2025, 6, 30)) == counted(None)
