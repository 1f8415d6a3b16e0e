"""Open cases as a merger finds them, and the units that follow others by law. SQL and rows only."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.routing.facts import Question
from geo.routing.merger.plan import Standing
from geo.types import LonLat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime

    from psycopg import Connection

    from geo.routing.merger.plan import Passing

    Db = Connection[tuple[Any, ...]]
    # The share that is done, 0 to 1.
    Progress = Callable[[float], None]

BATCH = 200
_OPEN = "report.status NOT IN ('closed', 'rejected', 'duplicate')"
COUNT = f"SELECT count(*) FROM core.any_report AS report WHERE {_OPEN}"  # noqa: S608 - constants
# The former unit: the one that was decided, or (imports) the one that bore the code when the report came in.
_CASES = f"""
SELECT report.id, report.code, report.category, ST_X(report.geom), ST_Y(report.geom), report.accuracy_m,
       report.received_at, report.occurred_at, report.unit, latest.id, coalesce(latest.body, 'ward'),
       former.unit_id, coalesce(former.name, report.ward_name), latest.triage IS NOT NULL,
       EXISTS (SELECT 1 FROM core.admin_units AS unit WHERE unit.unit_id = former.unit_id
                  AND daterange(unit.valid_from, unit.valid_to) @> %(day)s::date),
       coalesce(latest.rule = 'person', false), coalesce(latest.handovers, 0)
  FROM core.any_report AS report
  LEFT JOIN LATERAL (SELECT * FROM core.route_decision AS d WHERE d.report_id = report.id
                      ORDER BY d.id DESC LIMIT 1) AS latest ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(latest.unit_id, unit.unit_id) AS unit_id, unit.name
      FROM (SELECT latest.unit_id) AS decided LEFT JOIN core.admin_units AS unit
        ON CASE WHEN latest.unit_id IS NOT NULL THEN unit.unit_id = latest.unit_id
                ELSE unit.code = report.unit END
       AND daterange(unit.valid_from, unit.valid_to) @>
           coalesce(latest.as_of, (report.received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date)
     ORDER BY unit.id LIMIT 1) AS former ON true
 WHERE {_OPEN} AND report.id > %(last)s
 ORDER BY report.id LIMIT %(batch)s
"""  # noqa: S608 - constants
# Through every merger until the day, to units that live on it. A unit that follows itself (another name or
# border) counts on that very day only: what happened to it earlier says nothing of this merger.
_HEIRS = """
WITH RECURSIVE heir AS (
  SELECT from_unit, to_unit, effective, kind = 'part' AS divided FROM core.admin_succession
   WHERE effective <= %(day)s AND upper_inf(recorded) AND (from_unit <> to_unit OR effective = %(day)s)
  UNION
  SELECT heir.from_unit, following.to_unit, following.effective, heir.divided OR following.kind = 'part'
    FROM heir JOIN core.admin_succession AS following ON following.from_unit = heir.to_unit
   WHERE following.effective > heir.effective AND following.effective <= %(day)s
     AND upper_inf(following.recorded) AND following.from_unit <> following.to_unit
)
SELECT from_unit, to_unit, bool_or(divided) FROM heir
 WHERE EXISTS (SELECT 1 FROM core.admin_units AS unit WHERE unit.unit_id = heir.to_unit
                  AND daterange(unit.valid_from, unit.valid_to) @> %(day)s::date)
 GROUP BY from_unit, to_unit
"""


@dataclass(frozen=True, slots=True)
class Open:
    """One open case: its row, its newest decision (None: none yet) and where it stands."""

    id: int
    code: str
    category: str
    place: LonLat | None
    accuracy_m: float | None
    received_at: datetime
    occurred_at: datetime | None
    unit_code: str | None
    decision_id: int | None
    handovers: int
    standing: Standing

    def asked(self, moment: datetime) -> Question:
        """The router's question about it as of ``moment``."""
        return Question(
            self.place, self.category, moment, self.occurred_at or self.received_at, self.accuracy_m
        )


def batches(connection: Db, day: date) -> Iterator[list[Open]]:
    """Every open case, in batches by their numbers."""
    last = 0
    while rows := connection.execute(_CASES, {"day": day, "last": last, "batch": BATCH}).fetchall():
        last = rows[-1][0]
        yield [_open(row) for row in rows]


def heirs(connection: Db, day: date) -> Mapping[str, Mapping[str, Passing]]:
    """By identity: the units of ``day`` that the law names after it."""
    found: dict[str, dict[str, Passing]] = defaultdict(dict)
    for former, heir, divided in connection.execute(_HEIRS, {"day": day}):
        found[former][heir] = "same" if former == heir else "part" if divided else "whole"
    return found


def _open(row: tuple[Any, ...]) -> Open:
    number, code, category, lon, lat, accuracy_m, received_at, occurred_at, unit_code, decision_id = row[:10]
    body, unit_id, unit_name, waits, lives, by_person, handovers = row[10:]
    return Open(
        id=number,
        code=code,
        category=category,
        place=None if lon is None or lat is None else LonLat(lon, lat),
        accuracy_m=accuracy_m,
        received_at=received_at,
        occurred_at=occurred_at,
        unit_code=unit_code,
        decision_id=decision_id,
        handovers=handovers,
        standing=Standing(body, unit_id, unit_name, waits, lives, by_person),
    )


def value_of(connection: Db, statement: str, *arguments: object) -> Any:  # noqa: ANN401 - a column
    """The one column of a statement that gives one row."""
    row = connection.execute(statement.encode(), arguments).fetchone()
    assert row is not None  # noqa: S101 - every statement here gives one row
    return row[0]
