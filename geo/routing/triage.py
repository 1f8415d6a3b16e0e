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
    "address",
    "text",
    "since",
    "kind",
    "triage",
    "confidence",
    "body",
    "body_vi",
    "body_en",
    "unit_id",
    "unit_code",
    "rule",
    "rule_version",
    "reason_vi",
    "reason_en",
    "note",
    "stated",
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
    return list(map(_case, rows[:limit])), rows[limit - 1][-1] if len(rows) > limit else None


def _case(row: tuple[Any, ...]) -> dict[str, Any]:
    case = dict(zip(_COLUMNS, row, strict=False))
    title = {"vi": case.pop("body_vi"), "en": case.pop("body_en")}
    unit_id, code = case.pop("unit_id"), case.pop("unit_code")
    return case | {
        "body": {"id": case["body"], "title": title},
        "unit": {"id": unit_id, "code": code} if unit_id else None,
        "rule": {"id": case["rule"], "version": case.pop("rule_version")},
    }
