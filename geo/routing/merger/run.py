"""Runs of a merger in the database: planned, applied in batches that may stop anywhere, taken back.

Everything here works on an administrator's connection (the command's), not on a door's.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from geo.calendar import start_of
from geo.errors import Conflict, NotFound
from geo.routing.document import read_rule_set
from geo.routing.facts import Question, read_facts
from geo.routing.merger.plan import Standing, plan_case
from geo.routing.record import record
from geo.routing.replay import FACTS_OF_MANY, asked_of
from geo.types import LonLat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Connection

    from geo.routing.merger.plan import Planned
    from geo.routing.types import RuleSet

    Db = Connection[tuple[Any, ...]]

BATCH = 200
RUN_LOCK = 7_236_012
# The former unit: the one that was decided, or (imports) the one that bore the code when the report came in.
_CASES = """
SELECT report.id, report.code, report.category, ST_X(report.geom), ST_Y(report.geom), report.accuracy_m,
       report.received_at, report.occurred_at, report.unit, latest.id, coalesce(latest.body, 'ward'),
       coalesce(latest.unit_id, former.unit_id), coalesce(former.name, report.ward_name),
       latest.triage IS NOT NULL, coalesce(latest.handovers, 0)
  FROM core.reports AS report
  LEFT JOIN LATERAL (SELECT * FROM core.route_decision AS d WHERE d.report_id = report.id
                      ORDER BY d.id DESC LIMIT 1) AS latest ON true
  LEFT JOIN LATERAL (
    SELECT unit.unit_id, unit.name FROM core.admin_units AS unit
     WHERE CASE WHEN latest.unit_id IS NOT NULL THEN unit.unit_id = latest.unit_id
                ELSE unit.code = report.unit END
       AND daterange(unit.valid_from, unit.valid_to) @>
           coalesce(latest.as_of, (report.received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)
     ORDER BY unit.id LIMIT 1) AS former ON true
 WHERE report.status NOT IN ('closed', 'rejected', 'duplicate') AND report.id > %s
 ORDER BY report.id LIMIT %s
"""
_SUCCESSORS = """
SELECT from_unit, array_agg(DISTINCT to_unit) FROM core.admin_succession
 WHERE effective <= %s AND upper_inf(recorded) GROUP BY from_unit
"""
_ITEM = """
INSERT INTO core.reroute_item (run, report_id, outcome, reason_vi, reason_en, from_decision, from_body,
                               from_unit, from_unit_id, decision)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One case of a plan, for people."""

    code: str
    former: str | None
    planned: Planned


def day_of_vintage(connection: Db, text: str) -> tuple[date, str | None]:
    """The day of ``--vintage``, a date or the number of an active vintage, and its legal reference."""
    if not text.isdigit():
        try:
            return date.fromisoformat(text), None
        except ValueError:
            raise NotFound(
                f"«{text}» không phải ngày YYYY-MM-DD hay số của một kỳ ranh giới.",
                f"'{text}' is neither a day YYYY-MM-DD nor the number of a vintage.",
            ) from None
    there = connection.execute("SELECT to_regclass('core.admin_vintage') IS NOT NULL").fetchone()
    row = None
    if there and there[0]:
        row = connection.execute(
            "SELECT valid_from, legal_ref, state FROM core.admin_vintage WHERE vintage_id = %s", [int(text)]
        ).fetchone()
    if row is None:
        raise NotFound(f"Không có kỳ ranh giới số {text}.", f"There is no vintage number {text}.")
    if row[2] != "active":
        raise Conflict(
            f"Kỳ ranh giới {text} chưa có hiệu lực ({row[2]}). Kích hoạt trước: ./diaban units activate.",
            f"The vintage {text} is not active ({row[2]}). Activate it first: ./diaban units activate.",
        )
    return row[0], row[1]


def plan(
    connection: Db,
    day: date,
    actor: str,
    legal_ref: str | None = None,
    tell: Callable[[Line], None] | None = None,
) -> tuple[int, Counter[str]]:
    """Plan for every open case and keep the plan; its number and the counts of outcomes. Changes no case."""
    with connection.transaction():
        rules = _rules(connection)
        row = connection.execute(
            "INSERT INTO core.reroute_run (vintage, legal_ref, rule_version, actor) VALUES (%s, %s, %s, %s)"
            " RETURNING id",
            [day, legal_ref, rules.version, actor],
        ).fetchone()
        assert row is not None  # noqa: S101 - INSERT … RETURNING gives its row
        number, counts, last = int(row[0]), Counter[str](), 0
        successors = _successors(connection, day)
        while cases := connection.execute(_CASES, [last, BATCH]).fetchall():
            last = cases[-1][0]
            for case, planned in zip(cases, _planned(connection, cases, day, rules, successors), strict=True):
                counts[planned.outcome] += 1
                _keep(connection, number, case, planned, actor)
                if tell is not None:
                    tell(Line(case[1], case[12], planned))
    return number, counts


def apply(connection: Db, run: int, progress: Callable[[int], None] | None = None) -> Counter[str]:
    """Apply what is left of a run, a transaction a batch; then its messages. Counts of what came of it."""
    with _alone(connection):
        if _state(connection, run)[1] is not None:
            raise Conflict(f"Lần chuyển {run} đã bị hoàn lại.", f"Run {run} was reverted.")
        while done := _number(connection, "SELECT core.reroute_apply(%s, %s)", run, BATCH):
            if progress is not None:
                progress(done)
        _number(connection, "SELECT core.reroute_messages(%s)", run)
    return _counts(connection, run)


def revert(
    connection: Db, run: int, actor: str, progress: Callable[[int], None] | None = None
) -> Counter[str]:
    """Take back what a run has applied, a transaction a batch; cases that moved on since stay."""
    with _alone(connection):
        _state(connection, run)
        while done := _number(connection, "SELECT core.reroute_revert(%s, %s, %s)", run, BATCH, actor):
            if progress is not None:
                progress(done)
    return _counts(connection, run)


def unfinished(connection: Db, day: date) -> int | None:
    """The run for a day that was begun and not finished, to go on with."""
    row = connection.execute(
        "SELECT max(run.id) FROM core.reroute_run AS run WHERE vintage = %s AND applied_at IS NULL"
        " AND reverted_at IS NULL AND EXISTS (SELECT 1 FROM core.reroute_item AS item"
        " WHERE item.run = run.id AND item.applied_at IS NOT NULL)",
        [day],
    ).fetchone()
    return row[0] if row else None


def _planned(
    connection: Db, cases: list[tuple[Any, ...]], day: date, rules: RuleSet, successors: dict[str, list[str]]
) -> list[Planned]:
    # A merger in the past is planned as of now: responsibility needs a unit that lives today.
    moment = max(start_of(day), datetime.now(UTC))
    questions = [
        Question(LonLat(case[3], case[4]), case[2], moment, case[7] or case[6], case[5]) for case in cases
    ]
    rows = connection.execute(FACTS_OF_MANY, [asked_of(questions, rules)]).fetchall()
    return [
        plan_case(
            Standing(case[10], case[11], case[12], case[13]),
            question.answered(read_facts(row[0]), rules),
            successors.get(case[11] or "", ()),
            rules,
        )
        for case, question, row in zip(cases, questions, rows, strict=True)
    ]


def _keep(connection: Db, run: int, case: tuple[Any, ...], planned: Planned, actor: str) -> None:
    document = record(planned.decision, kind="merger", handovers=case[14], actor=actor)
    connection.execute(
        _ITEM,
        [
            run,
            case[0],
            planned.outcome,
            planned.reason.vi,
            planned.reason.en,
            case[9],
            case[10],
            case[8],
            case[11],
            Jsonb(document),
        ],
    )


def _rules(connection: Db) -> RuleSet:
    row = connection.execute("SELECT pub.routing_rules()").fetchone()
    assert row is not None  # noqa: S101 - a function call gives its row
    return read_rule_set(row[0])


def _successors(connection: Db, day: date) -> dict[str, list[str]]:
    row = connection.execute("SELECT to_regclass('core.admin_succession') IS NOT NULL").fetchone()
    if not (row and row[0]):
        return {}
    return dict(connection.execute(_SUCCESSORS, [day]).fetchall())


@contextmanager
def _alone(connection: Db) -> Iterator[None]:
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", [RUN_LOCK]).fetchone()
    if not (row and row[0]):
        raise Conflict("Một lần chuyển khác đang chạy.", "Another run is at work.")
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [RUN_LOCK])


def _state(connection: Db, run: int) -> tuple[Any, ...]:
    row = connection.execute(
        "SELECT applied_at, reverted_at FROM core.reroute_run WHERE id = %s", [run]
    ).fetchone()
    if row is None:
        raise NotFound(f"Không có lần chuyển số {run}.", f"There is no run number {run}.")
    return row


def _number(connection: Db, statement: str, *arguments: object) -> int:
    with connection.transaction():
        row = connection.execute(statement, arguments).fetchone()
    return int(row[0]) if row else 0


def _counts(connection: Db, run: int) -> Counter[str]:
    rows = connection.execute(
        "SELECT CASE WHEN skipped IS NOT NULL THEN 'skipped' WHEN reverted_at IS NOT NULL THEN 'reverted'"
        " WHEN applied_at IS NOT NULL THEN outcome WHEN outcome = 'unchanged' THEN outcome ELSE 'left' END,"
        " count(*) FROM core.reroute_item WHERE run = %s GROUP BY 1",
        [run],
    )
    return Counter(dict(rows.fetchall()))
