"""Reports by unit, as reported or re-based to the units of another day; under the caller's own policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.calendar import start_of

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

_BY_UNIT = "SELECT unit_id, code, name, reports, incidents, estimated FROM core.reports_by_unit(%s, %s, %s)"


async def by_unit(
    connection: AsyncConnection[tuple[Any, ...]], first: date, end: date, vintage: date | None = None
) -> list[dict[str, Any]]:
    """Reports received in ``[first, end)`` on the Vietnamese calendar, by the unit of the day of the event.

    With ``vintage`` by the unit of that day at the report's point. A report without a point counts with the
    unit that a person gave it to; where that was divided since, each heir has its share of it in
    ``estimated``, beside ``reports``. A row without unit counts what lies outside, or has no unit yet.
    """
    cursor = await connection.execute(_BY_UNIT, [start_of(first), start_of(end), vintage])
    names = ("id", "code", "name", "reports", "incidents", "estimated")
    rows = [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]
    return [row | {"estimated": round(row["estimated"], 3)} for row in rows]
