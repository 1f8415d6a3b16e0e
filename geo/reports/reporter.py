"""Who sent a report: for calling back. Every read is written down before it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geo.errors import NotFound

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_WHICH = "SELECT id, geom IS NULL FROM core.any_report WHERE code = %s"
_COLUMNS = "SELECT reporter_name, reporter_phone, photo IS NOT NULL FROM "
_PLACED = _COLUMNS + "private.read_reports(%s, %s)"
_UNPLACED = _COLUMNS + "private.read_report_unplaced(%s, %s)"


@dataclass(frozen=True, slots=True)
class Reporter:
    """What a sender left of themselves; ``photo``: whether a picture came with the report."""

    name: str | None
    phone: str | None
    photo: bool


async def reporter_of(connection: AsyncConnection[tuple[Any, ...]], code: str, purpose: str) -> Reporter:
    """The sender of a report, read for ``purpose``; ``connection``: a writing transaction (of the log).

    Raises ``NotFound``; ``Forbidden`` for anyone but the operation centre and the unit that has the report.
    """
    row = await (await connection.execute(_WHICH, [code])).fetchone()
    if row is None:
        raise NotFound("Không có phản ánh nào với mã này.", "No report has this code.")
    number, unplaced = row
    found = await (
        await connection.execute((_UNPLACED if unplaced else _PLACED).encode(), [number, purpose])
    ).fetchone()
    return Reporter(*found) if found else Reporter(None, None, photo=False)
