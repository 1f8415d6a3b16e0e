"""The queue of cases that a person must decide, as the caller's policies show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    Connection = AsyncConnection[tuple[Any, ...]]

_COLUMNS = [
    "code",
    "category",
    "status",
    "received_at",
    "lon",
    "lat",
    "accuracy_m",
    "text",
    "since",
    "kind",
    "triage",
    "confidence",
    "reason_vi",
    "reason_en",
    "note",
    "candidates",
]
_QUEUE = f"""
SELECT {", ".join(_COLUMNS)}, decision_id FROM core.triage
 WHERE decision_id > %(after)s ORDER BY decision_id LIMIT %(limit)s
"""  # noqa: S608 - constants only


async def queue(
    connection: Connection, limit: int, after: int = 0
) -> tuple[list[dict[str, Any]], int | None]:
    """Cases that wait, the longest first; and where to go on, None at the end."""
    cursor = await connection.execute(_QUEUE, {"limit": limit + 1, "after": after})
    rows = await cursor.fetchall()
    listed = [dict(zip(_COLUMNS, row, strict=False)) for row in rows[:limit]]
    return listed, rows[limit - 1][-1] if len(rows) > limit else None
