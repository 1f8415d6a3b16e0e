"""Work that one process of the whole deployment does, whichever is there: the others wait to take over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NoReturn

import psycopg
import structlog
from psycopg import AsyncConnection

from geo.errors import DiabanError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from geo.settings import Settings

    Connection = AsyncConnection[tuple[Any, ...]]

log = structlog.get_logger()


async def lead(
    settings: Settings,
    name: str,
    lock: int,
    work: Callable[[Connection], Awaitable[NoReturn]],
    retry_s: float,
) -> NoReturn:
    """Run ``work``, which never ends by itself, while this process holds the advisory ``lock``.

    ``work`` has a connection of the keepers' role with autocommit; the lock lives as long as that connection.
    A lost connection and a known error are told in the log, and ``retry_s`` later it begins again.
    """
    while True:
        try:
            async with await AsyncConnection.connect(
                settings.role_dsn("diaban_pump"), autocommit=True, application_name=f"diaban-{name}"
            ) as connection:
                while not await _is_leader(connection, lock):  # noqa: ASYNC110 - another process holds it
                    await asyncio.sleep(retry_s)
                log.info("leads", work=name)
                await work(connection)
        except (psycopg.Error, DiabanError) as error:
            log.warning("lead_lost", work=name, reason=type(error).__name__)
        await asyncio.sleep(retry_s)


async def _is_leader(connection: Connection, lock: int) -> bool:
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", [lock])).fetchone()
    return bool(row and row[0])
