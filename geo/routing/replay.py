"""Who would have got what: the reports of some days, routed twice; what differs, counted and mapped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from geo.calendar import date_of, start_of
from geo.errors import TooCostly
from geo.routing.facts import Question, read_facts
from geo.types import LonLat

if TYPE_CHECKING:
    from datetime import datetime

    from psycopg import AsyncConnection

    from geo.routing.types import Decision, RuleSet

    Connection = AsyncConnection[tuple[Any, ...]]

CASES_MAX = 5_000
CHUNK = 500
MAPPED_MAX = 1_000
_CASES = """
SELECT code, category, received_at, occurred_at, accuracy_m, ST_X(geom), ST_Y(geom),
       (SELECT decision.stated ->> 'said' FROM core.route_decision AS decision
         WHERE decision.report_id = report.id ORDER BY decision.id LIMIT 1)
  FROM core.any_report AS report
 WHERE received_at >= %(from)s AND received_at < %(to)s
   AND (%(category)s::text IS NULL OR category = %(category)s)
 ORDER BY received_at, id LIMIT %(limit)s
"""
_DECIDED = """
SELECT DISTINCT ON (report.id) report.code, decision.body,
       CASE WHEN coalesce(body.per_unit, true) THEN decision.unit_id END,
       coalesce(decision.body_title_vi, decision.unit_code, '–'), decision.rule, decision.reason_vi,
       decision.triage IS NOT NULL
  FROM core.any_report AS report JOIN core.route_decision AS decision ON decision.report_id = report.id
  LEFT JOIN core.body AS body ON body.id = decision.body
 WHERE report.code = ANY (%s) ORDER BY report.id, decision.id
"""
FACTS_OF_MANY = """
SELECT pub.route_facts((asked ->> 'lon')::float8, (asked ->> 'lat')::float8, (asked ->> 'on_day')::date,
         (asked ->> 'event_day')::date, (asked ->> 'radius_m')::float8, asked ->> 'disc', asked -> 'layers')
  FROM jsonb_array_elements(%s) WITH ORDINALITY AS each(asked, n) ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two ways: rules, and the day whose units are asked (None: each report's own).

    ``decided``: what was really decided when each report came in, whatever rules and boundaries say now.
    """

    rules: RuleSet
    day: date | None = None
    decided: bool = False


@dataclass(frozen=True, slots=True)
class Got:
    """Who got a report, or would have: a body, in one ward where there is one in each."""

    body: str
    unit_id: str | None
    title: str
    rule: str
    reason: str
    waits: bool


async def replay(
    connection: Connection,
    begin: datetime,
    end: datetime,
    category: str | None,
    sides: tuple[Side, Side],
) -> dict[str, Any]:
    """Counts, a table of pairs and a FeatureCollection of what differs, for the reports that the caller sees.

    Raises ``TooCostly`` for more than 5,000 reports.
    """
    parameters = {"from": begin, "to": end, "category": category, "limit": CASES_MAX + 1}
    cases = await (await connection.execute(_CASES, parameters)).fetchall()
    if len(cases) > CASES_MAX:
        raise TooCostly(
            f"Hơn {CASES_MAX} phản ánh: xin chọn khoảng thời gian ngắn hơn hoặc một lĩnh vực.",
            f"More than {CASES_MAX} reports: choose a shorter time or one category.",
        )
    first, second = [await _side(connection, cases, side) for side in sides]
    return _compared([case[0] for case in cases], [_place(case) for case in cases], first, second)


async def _side(connection: Connection, cases: list[tuple[Any, ...]], side: Side) -> list[Got]:
    if not side.decided:
        questions = [_question(case, side) for case in cases]
        return [_got(each) for each in await decided(connection, questions, side.rules)]
    rows = await (await connection.execute(_DECIDED, [[case[0] for case in cases]])).fetchall()
    kept = {row[0]: Got(*row[1:]) for row in rows}
    nobody = Got("", None, "–", "", "", waits=False)
    return [kept.get(case[0], nobody) for case in cases]


def _got(decision: Decision) -> Got:
    unit = decision.unit.unit.unit_id if decision.unit is not None and decision.body.per_unit else None
    title, reason = decision.body_title.vi, decision.reason.vi
    return Got(decision.body.id, unit, title, decision.rule, reason, decision.triage is not None)


async def decided(connection: Connection, questions: list[Question], rules: RuleSet) -> list[Decision]:
    """The decisions on many cases, in their order; in chunks, so that none meets the statement's timeout."""
    answers: list[Decision] = []
    for start in range(0, len(questions), CHUNK):
        chunk = questions[start : start + CHUNK]
        cursor = await connection.execute(FACTS_OF_MANY, [asked_of(chunk, rules)])
        rows = await cursor.fetchall()
        answers += [
            question.answered(read_facts(row[0]), rules) for question, row in zip(chunk, rows, strict=True)
        ]
    return answers


def asked_of(questions: list[Question], rules: RuleSet) -> Jsonb:
    """The parameters of many questions as one JSON array."""
    return Jsonb([_plain(question.parameters(rules)) for question in questions])


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:  # noqa: ANN401 - a value for JSON
        if isinstance(value, Jsonb):
            return value.obj
        return value.isoformat() if isinstance(value, date) else value

    return {name: plain(value) for name, value in parameters.items()}


def _question(case: tuple[Any, ...], side: Side) -> Question:
    _, category, received_at, occurred_at, accuracy_m, _, _, said = case
    when = received_at
    if side.day is not None:
        # The hour stays the report's; the day of units, rules and weekdays is the other one.
        when = start_of(side.day) + (received_at - start_of(date_of(received_at)))
    return Question(_place(case), category, when, occurred_at, accuracy_m, said)


def _place(case: tuple[Any, ...]) -> LonLat | None:
    return None if case[5] is None else LonLat(case[5], case[6])


def _compared(
    codes: list[str], places: list[LonLat | None], first: list[Got], second: list[Got]
) -> dict[str, Any]:
    pairs: Counter[tuple[str, str, bool]] = Counter()
    features: list[dict[str, Any]] = []
    for code, place, one, other in zip(codes, places, first, second, strict=True):
        same = (one.body, one.unit_id) == (other.body, other.unit_id)
        pairs[one.title, other.title, same] += 1
        if not same and len(features) < MAPPED_MAX:
            features.append(_feature(code, place, one, other))
    different = sum(count for (_, _, same), count in pairs.items() if not same)
    return {
        "reports": len(codes),
        "same": len(codes) - different,
        "different": different,
        "triage": {"a": sum(each.waits for each in first), "b": sum(each.waits for each in second)},
        "table": [{"a": a, "b": b, "same": same, "reports": n} for (a, b, same), n in pairs.most_common()],
        "map": {"type": "FeatureCollection", "features": features},
        "map_complete": len(features) == different,
    }


def _feature(code: str, place: LonLat | None, one: Got, other: Got) -> dict[str, Any]:
    said = {"a": one.title, "b": other.title, "rule_a": one.rule, "rule_b": other.rule}
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]} if place else None,
        "properties": {"code": code, **said, "reason_a": one.reason, "reason_b": other.reason},
    }
