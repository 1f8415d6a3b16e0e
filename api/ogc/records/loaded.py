"""What was loaded into the layers, for those who may see it (row-level security decides)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

if TYPE_CHECKING:
    from datetime import datetime

    from geo.database import Caller, Database

LANDED: LiteralString = """
SELECT id, layer, source_name, sha256, crs, operation, created_at FROM ops.dataset
 WHERE state = 'landed' ORDER BY id DESC LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """One dataset that is in a layer now; ``at``: when it was loaded."""

    id: int
    layer: str
    source: str
    sha256: str
    crs: str | None
    operation: str | None
    at: datetime


async def landed(database: Database, caller: Caller) -> list[Loaded]:
    """The newest 500, newest first; the public is told none."""
    if not caller.staff:
        return []
    async with database.read(caller) as connection:
        rows = await (await connection.execute(LANDED)).fetchall()
    return [Loaded(*row) for row in rows]
