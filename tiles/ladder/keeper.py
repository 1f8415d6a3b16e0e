"""Ladders stay fresh: one task in the deployment has stale cells built and grown layers planned anew."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Any, LiteralString, NoReturn

import structlog

from geo.calendar import today_ict
from geo.database.leader import lead
from geo.errors import NotFound
from layers.description import Layer
from tiles.ladder.ahead import BEHIND
from tiles.ladder.points import MERGED_AT_ONCE, merge

if TYPE_CHECKING:
    import psycopg
    from psycopg import AsyncConnection

    from geo.settings import Settings

LEADER_LOCK = 7_236_004
# Until a cell is built its tiles come from the rows: waiting a little lets many edits be one building.
INTERVAL_S = 2.0
RETRY_S = 5.0
FAILED_S = 600.0
DSN = "DIABAN_LADDER_DSN"
# A layer needs planning when it is large and has no ladder, has grown or shrunk by half since, or is
# described otherwise in what the plan follows from. PostgreSQL itself counts rows anew
# when a tenth of them has changed.
WORK: LiteralString = """
WITH size AS (
  SELECT layer.name, greatest(class.reltuples, 0) AS row_count, planned.*,
         ops.ladder_basis(layer.description) AS described
    FROM ops.layer AS layer
    JOIN pg_class AS class ON class.relname = layer.name AND class.relnamespace = 'pub'::regnamespace
    LEFT JOIN LATERAL (SELECT max(source_rows) AS source_rows, max(description) AS description
                         FROM ops.ladder WHERE ladder.layer = layer.name) AS planned ON true
   WHERE layer.description->>'geometry' LIKE '%%Polygon'
      OR layer.description->>'geometry' = 'Point')
SELECT name, true FROM size
 WHERE CASE WHEN source_rows IS NULL THEN row_count >= 1000
            ELSE row_count > source_rows * 1.5 OR row_count < source_rows * 0.5
              OR description <> described END
UNION
SELECT DISTINCT cell.layer, false FROM ops.rung_cell AS cell
 WHERE (stale OR NOT holds @> %(on)s::date)
UNION
SELECT layer, false FROM ops.ladder WHERE kind = 'counted' AND NOT holds @> %(on)s::date
 ORDER BY 2 DESC, 1
"""
EDITED: LiteralString = "SELECT DISTINCT layer FROM ops.point_delta ORDER BY layer"

log = structlog.get_logger()


def layer_of(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> Layer:
    """The published layer of that name; :class:`geo.errors.NotFound` where there is none."""
    row = connection.execute("SELECT description FROM ops.layer WHERE name = %s", [name]).fetchone()
    if row is None:
        raise NotFound(f"Không có lớp {name}.", f"There is no layer {name}.")
    return Layer.model_validate(row[0])


async def run_keeper(settings: Settings) -> None:
    """Keep until cancelled, in one process of the deployment."""
    await lead(settings, "ladders", LEADER_LOCK, partial(_keep, settings.role_dsn("diaban_pump")), RETRY_S)


async def _keep(dsn: str, connection: AsyncConnection[tuple[Any, ...]]) -> NoReturn:
    failed: dict[str, float] = {}
    first = True
    while True:
        await asyncio.sleep(INTERVAL_S)
        for (edited,) in await (await connection.execute(EDITED)).fetchall():
            while await merge(connection, edited, today_ict()) == MERGED_AT_ONCE:
                pass
        bound = {"on": today_ict(), "first": first}
        rows = await (await connection.execute(WORK, bound)).fetchall()
        rows += await (await connection.execute(BEHIND, bound)).fetchall()
        first = False
        work: dict[str, bool] = {}
        for name, plan in rows:
            work.setdefault(name, plan)
        for name, plan in work.items():
            # A ladder that cannot be built must not be tried all the time: its tiles come from the rows.
            waits = time.monotonic() - failed.get(name, -FAILED_S) < FAILED_S
            if not waits and await _build(name, dsn, plan=plan):
                log.error("ladder_failed", layer=name)
                failed[name] = time.monotonic()


async def _build(name: str, dsn: str, *, plan: bool) -> int:
    command = [sys.executable, "-m", "tiles.ladder", name, *(["--plan"] if plan else [])]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, env=os.environ | {DSN: dsn}
    )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
