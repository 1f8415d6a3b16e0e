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

from geo.calendar import date_of, start_of
from geo.errors import Conflict, NotFound
from geo.routing.document import read_rule_set
from geo.routing.facts import read_facts
from geo.routing.merger.cases import BATCH, COUNT, batches, heirs
from geo.routing.merger.plan import plan_case
from geo.routing.record import record
from geo.routing.replay import FACTS_OF_MANY, asked_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from geo.routing.merger.cases import Db, Open
    from geo.routing.merger.plan import Planned
    from geo.routing.types import RuleSet

    # The share that is done, 0 to 1.
    Progress = Callable[[float], None]

RUN_LOCK = 7_236_012
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


def plan(
    connection: Db,
    day: date,
    actor: str,
    legal_ref: str | None = None,
    *,
    tell: Callable[[Line], None] = lambda _line: None,
    progress: Progress = lambda _share: None,
) -> tuple[int, Counter[str]]:
    """Plan for every open case and keep the plan; its number and the counts of outcomes. Changes no case."""
    with connection.transaction():
        rules = read_rule_set(_value(connection, "SELECT pub.routing_rules()"))
        number = int(
            _value(
                connection,
                "INSERT INTO core.reroute_run (vintage, legal_ref, rule_version, actor)"
                " VALUES (%s, %s, %s, %s) RETURNING id",
                day,
                legal_ref,
                rules.version,
                actor,
            )
        )
        # A merger in the past is planned as of now: responsibility needs a unit that lives today.
        moment = max(start_of(day), datetime.now(UTC))
        following = heirs(connection, date_of(moment))
        counts, total = Counter[str](), _value(connection, COUNT)
        for cases in batches(connection, date_of(moment)):
            decisions = _decided(connection, cases, moment, rules)
            for case, decision in zip(cases, decisions, strict=True):
                planned = plan_case(
                    case.standing, decision, following.get(case.standing.unit_id or "", {}), rules
                )
                counts[planned.outcome] += 1
                _keep(connection, number, case, planned, actor)
                tell(Line(case.code, case.standing.unit_name, planned))
            progress(counts.total() / total)
    return number, counts


def apply(connection: Db, run: int, progress: Progress = lambda _share: None) -> Counter[str]:
    """Apply what is left of a run, a transaction a batch; the last sends its messages. What came of it.

    ``Conflict`` before the day of the merger: nobody may be given a case who is not there yet.
    """
    with _alone(connection):
        day, reverted = _state(connection, run)
        if reverted is not None:
            raise Conflict(f"Lần chuyển {run} đã bị hoàn lại.", f"Run {run} was reverted.")
        if day > date_of(datetime.now(UTC)):
            raise Conflict(
                f"Ranh giới mới có hiệu lực từ {day:%d/%m/%Y}; đến ngày ấy mới chuyển được.",
                f"The new units begin on {day.isoformat()}; cases can be moved from that day on.",
            )
        _repeat(connection, "SELECT core.reroute_apply(%s, %s)", [run, BATCH], run, progress)
    return _counts(connection, run)


def revert(connection: Db, run: int, actor: str, progress: Progress = lambda _share: None) -> Counter[str]:
    """Take back what a run has applied, a transaction a batch; cases that moved on since stay."""
    with _alone(connection):
        _state(connection, run)
        _repeat(connection, "SELECT core.reroute_revert(%s, %s, %s)", [run, BATCH, actor], run, progress)
    return _counts(connection, run)


def unfinished(connection: Db, day: date) -> int | None:
    """The run for a day that was begun and not finished, to go on with."""
    found: int | None = _value(
        connection,
        "SELECT max(run.id) FROM core.reroute_run AS run WHERE vintage = %s AND applied_at IS NULL"
        " AND reverted_at IS NULL AND EXISTS (SELECT 1 FROM core.reroute_item AS item"
        " WHERE item.run = run.id AND item.applied_at IS NOT NULL)",
        day,
    )
    return found


def _decided(connection: Db, cases: list[Open], moment: datetime, rules: RuleSet) -> list[Any]:
    questions = [case.asked(moment) for case in cases]
    rows = connection.execute(FACTS_OF_MANY, [asked_of(questions, rules)]).fetchall()
    return [
        question.answered(read_facts(facts), rules)
        for question, (facts,) in zip(questions, rows, strict=True)
    ]


def _keep(connection: Db, run: int, case: Open, planned: Planned, actor: str) -> None:
    more = {"kind": "merger", "handovers": case.handovers, "actor": actor}
    if planned.informed:
        more["informed"] = list(planned.informed)
    document, standing = record(planned.decision, **more), case.standing
    reason = planned.reason
    connection.execute(
        _ITEM,
        [run, case.id, planned.outcome, reason.vi, reason.en, case.decision_id, standing.body, case.unit_code,
         standing.unit_id, Jsonb(document)],
    )  # fmt: skip


@contextmanager
def _alone(connection: Db) -> Iterator[None]:
    if not _value(connection, "SELECT pg_try_advisory_lock(%s)", RUN_LOCK):
        raise Conflict("Một lần chuyển khác đang chạy.", "Another run is at work.")
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [RUN_LOCK])


def _state(connection: Db, run: int) -> tuple[date, datetime | None]:
    row = connection.execute(
        "SELECT vintage, reverted_at FROM core.reroute_run WHERE id = %s", [run]
    ).fetchone()
    if row is None:
        raise NotFound(f"Không có lần chuyển số {run}.", f"There is no run number {run}.")
    return row[0], row[1]


def _repeat(connection: Db, step: str, arguments: list[object], run: int, progress: Progress) -> None:
    """A transaction a batch, until a batch is empty."""
    total = max(1, _value(connection, "SELECT count(*) FROM core.reroute_item WHERE run = %s", run))
    done = 0
    while True:
        with connection.transaction():
            some = int(_value(connection, step, *arguments))
        if not some:
            return
        done += some
        progress(min(1.0, done / total))


def _value(connection: Db, statement: str, *arguments: object) -> Any:  # noqa: ANN401 - a column
    row = connection.execute(statement.encode(), arguments).fetchone()
    assert row is not None  # noqa: S101 - every statement here gives one row
    return row[0]


def _counts(connection: Db, run: int) -> Counter[str]:
    rows = connection.execute(
        "SELECT CASE WHEN skipped IS NOT NULL THEN 'skipped' WHEN reverted_at IS NOT NULL THEN 'reverted'"
        " WHEN applied_at IS NOT NULL THEN outcome WHEN outcome = 'unchanged' THEN outcome ELSE 'left' END,"
        " count(*) FROM core.reroute_item WHERE run = %s GROUP BY 1",
        [run],
    )
    return Counter(dict(rows.fetchall()))
