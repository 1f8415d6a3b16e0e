"""The pump: one task in the whole deployment turns the change log into epochs and one NOTIFY a beat."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from geo.database.leader import lead

if TYPE_CHECKING:
    from psycopg import AsyncConnection

    from geo.settings import Settings

CHANNEL = "diaban_changes"
LEADER_LOCK = 7_236_003
BEAT = (Path(__file__).parent / "pump.sql").read_text(encoding="utf-8")
# The log is a cursor's memory, not a history: consumers older than this read everything anew.
RETENTION = "DELETE FROM ops.change_log WHERE at < now() - interval '2 days'"
FORGET = "DELETE FROM ops.moved WHERE at < now() - interval '1 hour'"
RETENTION_EVERY_S = 600.0
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Beat:
    """What one reading of the log found: layers whose epoch moved, and how many events."""

    moved: tuple[str, ...]
    events: int


async def run_pump(settings: Settings) -> None:
    """Beat until cancelled, in one process of the deployment."""
    await lead(settings, "pump", LEADER_LOCK, partial(_keep, settings.pump_interval_ms / 1000), RETRY_S)


async def _keep(interval_s: float, connection: AsyncConnection[tuple[Any, ...]]) -> NoReturn:
    swept = 0.0
    while True:
        if swept <= 0:
            await connection.execute(RETENTION)
            await connection.execute(FORGET)
            swept = RETENTION_EVERY_S
        await beat(connection)
        await asyncio.sleep(interval_s)
        swept -= interval_s


async def beat(connection: AsyncConnection[tuple[Any, ...]]) -> Beat:
    """Read the log once and announce, in the same transaction, that layers moved."""
    async with connection.transaction():
        row = await (await connection.execute(BEAT)).fetchone()
        moved, events = row or (None, 0)
        if moved:
            await connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return Beat(tuple(moved or ()), events)
