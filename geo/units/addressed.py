"""Units that an address names, old or new, in the database. No geocoder: a street has no place here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.units.address import Addressed, readings, settled
from geo.units.history import heirs
from geo.units.named import units_of_name

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    Connection = AsyncConnection[tuple[Any, ...]]

# An address names one ward; more readings than this are a text that is none.
READINGS_MAX = 6


async def units_by_address(
    connection: Connection, text: str, day: date, *, province: str | None = None, home: str | None = None
) -> Addressed:
    """The units of ``day`` that an address means: by names of any time, through mergers until that day.

    ``province``: the code of the one in which they must lie. ``home``: the same for an address that says
    neither district nor province.
    """
    for number, query in enumerate(readings(text)):
        if number == READINGS_MAX:
            break
        found = await units_of_name(connection, query, day)
        if found:
            living = await heirs(connection, [unit.unit_id for unit in found], day)
            within = province or (None if query.around else home)
            if (answer := settled(found, living, within)).units:
                return answer
    return Addressed("none")
