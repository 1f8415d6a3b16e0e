"""The pump: one task in the whole deployment turns the change log into epochs and one NOTIFY a beat."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from psycopg import AsyncConnection

if TYPE_CHECKING:
    from geo.settings import Settings

CHANNEL = "diaban_changes"
LEADER_LOCK = 7_236_003
BEAT = (Path(__file__).parent / "pump.sql").read_text(encoding="utf-8")
# The log is a cursor's memory, not a history: consumers older than this read everything anew.
RETENTION = "DELETE FROM ops.change_log WHERE at < now() - interval '2 days'"
FORGET = "DELETE FROM ops.moved WHERE at < now() - interval '1 hour'"
RETENTION_EVERY_S = 600.0
RETRY_S = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Beat:
    """What one reading of the log found: layers whose epoch moved, and how many events."""

    moved: tuple[str, ...]
    events: int


async def run_pump(settings: Settings) -> None:
    """Beat until cancelled. Whoever holds the advisory lock pumps; the others wait to take over."""
    while True:
        try:
            async with await AsyncConnection.connect(
                settings.role_dsn("diaban_pump"), autocommit=True, application_name="diaban-pump"
            ) as connection:
                await _lead(connection, settings.pump_interval_ms / 1000)
        except psycopg.Error as error:
            log.warning("pump_lost", reason=type(error).__name__)
            await asyncio.sleep(RETRY_S)


async def _lead(connection: AsyncConnection[tuple[Any, ...]], interval_s: float) -> None:
    while not await _is_leader(connection):  # noqa: ASYNC110 - another process holds the lock
        await asyncio.sleep(RETRY_S)
    log.info("pump_leads")
    swept = 0.0
    while True:
        if swept <= 0:
            await connection.execute(RETENTION)
            await connection.execute(FORGET)
            swept = RETENTION_EVERY_S
        await beat(connection)
        await asyncio.sleep(interval_s)
        swept -= interval_s


async def _is_leader(connection: AsyncConnection[tuple[Any, ...]]) -> bool:
    answer = await connection.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_LOCK])
    row = await answer.fetchone()
    return bool(row and row[0])


async def beat(connection: AsyncConnection[tuple[Any, ...]]) -> Beat:
    """Read the log once and announce, in the same transaction, that layers moved."""
    async with connection.transaction():
        row = await (await connection.execute(BEAT)).fetchone()
        moved, events = row or (None, 0)
        if moved:
            await connection.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    return Beat(tuple(moved or ()), events)
