"""A plan for every open case, kept in the database; no case is changed by it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from geo.calendar import date_of, start_of
from geo.routing.document import read_rule_set
from geo.routing.facts import read_facts
from geo.routing.merger.cases import COUNT, batches, heirs, value_of
from geo.routing.merger.plan import plan_case
from geo.routing.record import record
from geo.routing.replay import FACTS_OF_MANY, asked_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.routing.merger.cases import Db, Open, Progress
    from geo.routing.merger.plan import Planned
    from geo.routing.types import Decision, RuleSet

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
        rules = read_rule_set(value_of(connection, "SELECT pub.routing_rules()"))
        number = int(
            value_of(
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
        counts, total = Counter[str](), value_of(connection, COUNT)
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


def _decided(connection: Db, cases: list[Open], moment: datetime, rules: RuleSet) -> list[Decision]:
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
