"""Runs that can be cited: what was asked, of which data, and the bytes that came of it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.hotspots.facts import Facts
    from geo.hotspots.filters import Filter

    Connection = AsyncConnection[tuple[Any, ...]]

# A change of a method gives new results, and so new names.
METHODS = 2
_FIND = """
SELECT id, parameters, data_digest, n, made_at, made_by, length(result), encode(sha256(result), 'hex')
  FROM hot.run
"""
_STORE = """
INSERT INTO hot.run (id, clearance, parameters, data_digest, n, made_by, result)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
"""


def digest_of(facts: Facts, wanted: Filter, resolution: int) -> str:
    """What the counts of a question are, by day, whatever else was edited and however lines are folded."""
    counts = facts.by_cell(wanted, resolution)
    state = hashlib.sha256()
    for column in (counts.cells, counts.incidents, counts.contacts, facts.by_day(wanted)):
        state.update(column.astype("<i8").tobytes())
    return state.hexdigest()


def name_of(parameters: dict[str, Any], data_digest: str, clearance: int) -> str:
    """The run's name: the same question of the same data has one."""
    said = json.dumps([METHODS, parameters, data_digest, clearance], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


async def find(connection: Connection, name: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """The runs that the connection's claims show, newest first; of one name, or all."""
    where, values = (" WHERE id = %s", [name]) if name is not None else ("", [])
    query = f"{_FIND}{where} ORDER BY made_at DESC, id LIMIT {limit:d}"
    rows = await (await connection.execute(query.encode(), values)).fetchall()
    return [
        {
            "id": row[0],
            "parameters": row[1],
            "data_digest": row[2],
            "n": row[3],
            "made_at": row[4].isoformat(),
            "made_by": row[5],
            "bytes": row[6],
            "sha256": row[7],
        }
        for row in rows
    ]


async def result_of(connection: Connection, name: str) -> bytes | None:
    """The stored bytes."""
    row = await (await connection.execute("SELECT result FROM hot.run WHERE id = %s", [name])).fetchone()
    return bytes(row[0]) if row else None


async def store(
    connection: Connection, name: str, *, clearance: int, parameters: dict[str, Any], data_digest: str,
    n: int, made_by: str, result: bytes,
) -> None:  # fmt: skip
    """Keep a run; one that is there stays as it is."""
    values = [name, clearance, Jsonb(parameters), data_digest, n, made_by, result]
    await connection.execute(_STORE, values)
