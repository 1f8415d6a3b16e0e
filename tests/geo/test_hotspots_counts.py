"""Counts kept by the editing transaction: exact whatever is inserted, edited, merged and deleted."""

from __future__ import annotations

import threading
from random import Random
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from geo.hotspots import cell_of
from geo.hotspots.keeper import give_cells
from tests.changes import as_pump

if TYPE_CHECKING:
    from geo.settings import Settings

PLACES = [(105.61, 10.51), (105.70, 10.60), (105.6115, 10.5115)]
# Receipt around midnight in Vietnam and around the end of a month.
TIMES = ["2026-01-31T16:59:59Z", "2026-01-31T17:00:00Z", "2026-02-03T01:00:00Z", "2026-02-03T01:00:00Z"]
# The rule in other words than the triggers': for each audience, the first report of each incident, and all
# reports.
RECOUNT = """
WITH seen AS (
  SELECT v, hot.cell_of(h3_9) AS cell, category, channel, coalesce(ward_code, '') AS ward,
         (received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
         extract(hour FROM received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::int AS hour,
         rank() OVER (PARTITION BY v, coalesce(incident_code, code)
                      ORDER BY received_at, code COLLATE "C") AS turn
    FROM core.reports, generate_series(0, 2) AS v WHERE visibility <= v)
SELECT v, cell, category, channel, ward, day, hour, count(*) FILTER (WHERE turn = 1), count(*) FROM seen
 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""
COUNTED = """
SELECT v, cell, category, channel, ward, day, hour, sum(incidents)::int, sum(contacts)::int
  FROM hot.fact, generate_series(0, 2) AS v WHERE vis <= v
 GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(incidents) <> 0 OR sum(contacts) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""
INSERT = """
INSERT INTO core.reports (geom, code, category, status, channel, received_at, incident_code, h3_9, ward_code,
                          visibility)
VALUES (ST_Point(%s, %s, 4326), %s, %s, 'closed', %s, %s, %s, %s, %s, %s)
ON CONFLICT (code) DO NOTHING
"""
codes = st.integers(0, 7).map(lambda n: f"DT-0000-000{n}")
inserts = st.tuples(
    st.just("insert"),
    codes,
    st.sampled_from(["GT", "MT", "ANTT"]),
    st.sampled_from(["web", "zalo"]),
    st.sampled_from(TIMES),
    st.one_of(st.none(), codes),
    st.sampled_from(PLACES),
    st.sampled_from(["30001", "30002", None]),
    st.integers(0, 2),
)
edits = st.one_of(
    st.tuples(st.just("category"), codes, st.sampled_from(["GT", "MT", "HC"])),
    st.tuples(st.just("status"), codes, st.sampled_from(["closed", "in_progress"])),
    st.tuples(st.just("incident_code"), codes, st.one_of(st.none(), codes)),
    st.tuples(st.just("visibility"), codes, st.integers(0, 2)),
    st.tuples(st.just("received_at"), codes, st.sampled_from(TIMES)),
    st.tuples(st.just("h3_9"), codes, st.sampled_from([cell_of(*place) for place in PLACES])),
    st.tuples(st.just("delete"), codes),
    st.tuples(st.just("merge"), codes, codes),
    st.tuples(st.just("delete incident"), codes),
    st.tuples(st.just("fold")),
    st.tuples(st.just("undone"), codes),
)


def do(connection: psycopg.Connection[Any], step: tuple[Any, ...]) -> None:
    kind = step[0]
    if kind == "insert":
        _, code, category, channel, at, incident, place, ward, visibility = step
        values = [*place, code, category, channel, at, incident, cell_of(*place), ward, visibility]
        connection.execute(INSERT, values)
    elif kind == "delete":
        connection.execute("DELETE FROM core.reports WHERE code = %s", [step[1]])
    elif kind == "delete incident":
        connection.execute("DELETE FROM core.reports WHERE coalesce(incident_code, code) = %s", [step[1]])
    elif kind == "merge":
        connection.execute(
            "UPDATE core.reports SET incident_code = %s WHERE coalesce(incident_code, code) = %s",
            [step[2], step[1]],
        )
    elif kind == "fold":
        connection.execute("SELECT hot.fold(0)")
    elif kind == "undone":
        with connection.transaction(force_rollback=True):
            connection.execute("DELETE FROM core.reports WHERE code <= %s", [step[1]])
    else:
        connection.execute(f"UPDATE core.reports SET {kind} = %s WHERE code = %s", [step[2], step[1]])  # type: ignore[arg-type]


def same(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute(COUNTED).fetchall() == connection.execute(RECOUNT).fetchall()


@examples(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.one_of(inserts, inserts, edits), min_size=1, max_size=25))
def test_exact_after_any_sequence(admin: psycopg.Connection[Any], steps: list[tuple[Any, ...]]) -> None:
    admin.execute("TRUNCATE core.reports CASCADE")
    for step in steps:
        do(admin, step)
    same(admin)


def test_one_incident_counts_once_and_where_its_first_report_is(admin: psycopg.Connection[Any]) -> None:
    admin.execute("TRUNCATE core.reports CASCADE")
    at = ["2026-01-10T08:00:00+07:00", "2026-01-10T09:00:00+07:00"]
    for number, place in enumerate(PLACES[:2]):
        values = [*place, f"DT-{number}", "GT", "web", at[number], "DT-0", cell_of(*place), "30001", 0]
        admin.execute(INSERT, values)
    rows = admin.execute("SELECT cell, incidents, contacts FROM hot.fact ORDER BY hour").fetchall()
    assert rows == [(int(cell_of(*PLACES[0]), 16), 1, 1), (int(cell_of(*PLACES[1]), 16), 0, 1)]
    admin.execute("DELETE FROM core.reports WHERE code = 'DT-0'")
    sums = admin.execute(
        "SELECT cell, sum(incidents), sum(contacts) FROM hot.fact GROUP BY 1 HAVING sum(contacts) > 0"
    ).fetchall()
    assert sums == [(int(cell_of(*PLACES[1]), 16), 1, 1)]


def test_restricted_first_reports_do_not_show_in_what_the_public_counts(
    admin: psycopg.Connection[Any],
) -> None:
    """The first report of an incident is restricted, the second public: that is the public's first."""
    admin.execute("TRUNCATE core.reports CASCADE")
    for number, (place, visibility) in enumerate(zip(PLACES[:2], (1, 0), strict=True)):
        at = f"2026-01-10T0{number}:00:00+07:00"
        values = [*place, f"DT-{number}", "GT", "web", at, "DT-0", cell_of(*place), "30001", visibility]
        admin.execute(INSERT, values)
    first, second = (int(cell_of(*place), 16) for place in PLACES[:2])
    by_class = "SELECT cell, sum(incidents) FROM hot.fact WHERE vis <= %s GROUP BY 1 HAVING sum(contacts) > 0"
    assert dict(admin.execute(by_class, [0]).fetchall()) == {second: 1}
    assert dict(admin.execute(by_class, [1]).fetchall()) == {first: 1, second: 0}


def test_exact_with_many_editors_at_once(settings: Settings, admin: psycopg.Connection[Any]) -> None:
    """Eight editors on three incidents lose no count; who would wait for another in a ring is told."""
    admin.execute("TRUNCATE core.reports CASCADE")
    refused: list[str] = []
    done: list[int] = []

    def edit(number: int) -> None:
        random = Random(number)
        with psycopg.connect(settings.admin_dsn) as connection:
            # A ring is looked for after this long; by default each costs a second of waiting.
            connection.execute("SET deadlock_timeout = '20ms'")
            connection.commit()
            for turn in range(40):
                code, place = f"DT-{number}-{turn}", random.choice(PLACES)
                incident = f"DT-{random.randrange(3)}"
                values = [
                    *place,
                    code,
                    "GT",
                    "web",
                    random.choice(TIMES),
                    incident,
                    cell_of(*place),
                    "30001",
                    0,
                ]
                try:
                    connection.execute(INSERT, values)
                    if turn % 3 == 0:
                        do(connection, ("merge", f"DT-{random.randrange(3)}", f"DT-{random.randrange(3)}"))
                    if turn % 5 == 0:
                        do(connection, ("delete", f"DT-{number}-{random.randrange(40)}"))
                    connection.commit()
                except psycopg.errors.DeadlockDetected:
                    connection.rollback()
                    refused.append(code)
        done.append(number)

    editors = [threading.Thread(target=edit, args=[number]) for number in range(8)]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert sorted(done) == list(range(8))
    same(admin)
    assert len(refused) < 8 * 40 / 2


def test_single_reports_never_wait_for_each_other(settings: Settings, admin: psycopg.Connection[Any]) -> None:
    """Two open transactions in one cell, category, channel, ward and hour: the second commits first."""
    admin.execute("TRUNCATE core.reports CASCADE")
    values = [*PLACES[0], "DT-A", "GT", "web", TIMES[0], None, cell_of(*PLACES[0]), "30001", 0]
    with psycopg.connect(settings.admin_dsn) as slow, psycopg.connect(settings.admin_dsn) as quick:
        slow.execute(INSERT, values)
        quick.execute("SET lock_timeout = '10s'")
        quick.execute(INSERT, [*values[:2], "DT-B", *values[3:]])
        quick.commit()
        slow.commit()
    same(admin)
    assert admin.execute("SELECT sum(incidents), sum(contacts) FROM hot.fact").fetchone() == (2, 2)


def test_reports_that_were_there_before_are_counted_in_batches(
    settings: Settings, admin: psycopg.Connection[Any]
) -> None:
    """As on a database that had reports before counting: online, resumable, and exact while edits go on."""
    admin.execute("TRUNCATE core.reports CASCADE")
    admin.execute("ALTER TABLE core.reports DISABLE TRIGGER hot_count_insert")
    random = Random(3)
    for number in range(300):
        place, incident = random.choice(PLACES), f"DT-{random.randrange(120)}"
        values = [
            *place,
            f"DT-{number}",
            "GT",
            "web",
            random.choice(TIMES),
            incident,
            cell_of(*place),
            None,
            0,
        ]
        admin.execute(INSERT, values)
    admin.execute("ALTER TABLE core.reports ENABLE TRIGGER hot_count_insert")
    assert admin.execute("SELECT hot.count_more(40)").fetchone() == (40,)
    # In between: an edit of an incident that nobody counted yet, and of one that was.
    admin.execute("UPDATE core.reports SET category = 'MT' WHERE code IN ('DT-7', 'DT-200', 'DT-31')")
    admin.execute("DELETE FROM core.reports WHERE code IN ('DT-8', 'DT-100')")
    while admin.execute("SELECT hot.count_more(40)").fetchone() != (0,):
        pass
    same(admin)


@pytest.mark.parametrize("h3_9", ["x", "", "8965a1b2c3ffff", "8965A1b2c3fffff", "8965a1b2c3fffff0"])
def test_what_is_no_cell_counts_without_a_place(admin: psycopg.Connection[Any], h3_9: str) -> None:
    admin.execute("TRUNCATE core.reports CASCADE")
    admin.execute(INSERT, [*PLACES[0], "DT-A", "GT", "web", TIMES[0], None, h3_9, "30001", 0])
    assert admin.execute("SELECT cell, incidents FROM hot.fact").fetchall() == [(0, 1)]


def test_who_may_read_counts(settings: Settings) -> None:
    statements = ("SELECT count(*) FROM hot.fact", "SELECT hot.count_more(1)", "SELECT hot.fold(0)")
    for role in ("diaban_public", "diaban_reader"):
        with psycopg.connect(settings.role_dsn(role), autocommit=True) as connection:
            for statement in statements[0 if role == "diaban_public" else 1 :]:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)  # type: ignore[call-overload]
    with psycopg.connect(settings.role_dsn("diaban_reader"), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM hot.fact").fetchone() == (0,)  # no claims, no rows


def test_a_report_that_is_moved_without_its_cell_gets_the_right_one(
    settings: Settings, admin: psycopg.Connection[Any]
) -> None:
    """As an editor at /ogc does: in between it counts without a place, not in the former one."""
    admin.execute("TRUNCATE core.reports CASCADE")
    admin.execute(INSERT, [*PLACES[0], "DT-A", "GT", "web", TIMES[0], None, cell_of(*PLACES[0]), "30001", 0])
    admin.execute("UPDATE core.reports SET geom = ST_Point(%s, %s, 4326)", PLACES[1])
    by_cell = "SELECT cell, sum(incidents) FROM hot.fact GROUP BY 1 HAVING sum(contacts) > 0"
    assert admin.execute(by_cell).fetchall() == [(0, 1)]

    assert as_pump(settings, give_cells) == 1
    assert admin.execute(by_cell).fetchall() == [(int(cell_of(*PLACES[1]), 16), 1)]
    same(admin)
    assert as_pump(settings, give_cells) == 0
