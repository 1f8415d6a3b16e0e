"""A unit through time: its versions, what was recorded of them, what it came from and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from geo.units.rows import COLUMNS, IN_FORCE, WIDTH, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from psycopg import AsyncConnection

    from geo.units.types import Unit

    Connection = AsyncConnection[tuple[Any, ...]]

# A chain of mergers longer than this is a circle.
STEPS_MAX = 12


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded of one version from ``recorded_from`` on; until now where ``recorded_to`` is None."""

    feature_id: int
    unit_id: str
    code: str
    name: str
    kind: str
    province_code: str
    province_name: str | None
    district_name: str | None
    valid_from: date
    valid_to: date | None
    recorded_from: datetime
    recorded_to: datetime | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Passing:
    """One event between two units, or of one unit where both identities are the same.

    ``share_area``, ``share_pop``: of the old unit, 0 to 1. ``unit_id``, ``code``, ``name``, … are the other
    unit's.
    """

    unit_id: str
    code: str
    name: str
    kind_of_unit: str
    province_code: str
    province_name: str | None
    effective: date
    kind: str
    share_area: float | None
    share_pop: float | None
    legal_ref: str


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of a unit. ``records`` in the order of recording, present ones have no end."""

    records: tuple[Record, ...]
    predecessors: tuple[Passing, ...]
    successors: tuple[Passing, ...]


_RECORD_COLUMNS = ", ".join(field.name for field in fields(Record))
_RECORDS = (
    f"SELECT {_RECORD_COLUMNS} FROM pub.admin_record WHERE unit_id = %(unit)s"  # noqa: S608 - constants only
    " ORDER BY valid_from, recorded_from, record_id"
)
# The other unit as it was on the day before (a predecessor) or on the day (a successor); a corrected one may
# be gone.
_PASSINGS = """
SELECT p.other, coalesce(u.code, ''), coalesce(u.name, p.other), coalesce(u.kind, ''),
       coalesce(u.province_code, ''), u.province_name, p.effective, p.kind, p.share_area, p.share_pop,
       p.legal_ref
  FROM (SELECT s.*, {other} AS other FROM pub.admin_succession AS s WHERE {own} = ANY (%(units)s)) AS p
  LEFT JOIN LATERAL (
    SELECT code, name, kind, province_code, province_name FROM pub.admin_units AS v
     WHERE v.unit_id = p.other
     ORDER BY daterange(v.valid_from, v.valid_to) @> (p.effective - {before}) DESC, v.valid_from DESC LIMIT 1
  ) AS u ON true
 ORDER BY p.effective, p.share_area DESC NULLS LAST, p.other
"""
_FROM = _PASSINGS.format(other="s.from_unit", own="s.to_unit", before=1)
_TO = _PASSINGS.format(other="s.to_unit", own="s.from_unit", before=0)
_HEIRS = f"""
WITH RECURSIVE heir(origin, unit_id, step) AS (
  SELECT unit, unit, 0 FROM unnest(%(units)s::text[]) AS unit
  UNION
  SELECT heir.origin, s.to_unit, step + 1
    FROM heir JOIN pub.admin_succession AS s ON s.from_unit = heir.unit_id
   WHERE s.effective <= %(day)s AND s.to_unit <> s.from_unit AND step < %(steps)s
)
SELECT {COLUMNS}, heir.origin FROM (SELECT DISTINCT origin, unit_id FROM heir) AS heir
  JOIN pub.admin_units AS u USING (unit_id) WHERE {IN_FORCE} ORDER BY u.code, u.unit_id
"""  # noqa: S608 - constants only


async def history(connection: Connection, unit_id: str) -> History | None:
    """The history of an identity; None where nothing was ever recorded under it."""
    cursor = await connection.execute(_RECORDS.encode(), {"unit": unit_id})
    records = tuple(Record(*row) for row in await cursor.fetchall())
    if not records:
        return None
    asked = {"units": [unit_id]}
    came = await (await connection.execute(_FROM.encode(), asked)).fetchall()
    went = await (await connection.execute(_TO.encode(), asked)).fetchall()
    return History(records, tuple(Passing(*row) for row in came), tuple(Passing(*row) for row in went))


async def heirs(connection: Connection, units: Sequence[str], day: date) -> dict[str, list[Unit]]:
    """For each identity the units in which it lives on, through mergers until ``day``: itself while it lives.

    Identities of which nothing is left are missing.
    """
    values = {"units": list(units), "day": day, "steps": STEPS_MAX}
    cursor = await connection.execute(_HEIRS.encode(), values)
    found: dict[str, list[Unit]] = {}
    for row in await cursor.fetchall():
        found.setdefault(row[WIDTH], []).append(unit_of(row))
    return found
