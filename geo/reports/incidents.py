"""Staff join a report to the incident of another, or part it from its own; the intake joins by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.errors import NotFound

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_RELINK = "SELECT core.relink_incident(%s, %s, %s)"


async def relink(
    connection: AsyncConnection[tuple[Any, ...]], code: str, target: str | None, reason: str
) -> str:
    """The code of the incident of which the report ``code`` is now.

    ``target``: the code of a report whose incident it is of; None parts it. Raises ``NotFound`` where either
    is no placed report, ``Forbidden`` for anyone but the operation centre and the unit that has it.
    """
    row = await (await connection.execute(_RELINK, [code, target, reason])).fetchone()
    if row is None or row[0] is None:
        raise NotFound(
            "Không có phản ánh đã có vị trí nào với mã này.", "No report with a place has this code."
        )
    return str(row[0])
