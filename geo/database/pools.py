"""Connection pools: one for the public projection, one for reading under policies, one for writing."""

from __future__ import annotations

import select
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from psycopg_pool import AsyncConnectionPool

from geo.database.errors import translated
from geo.database.visit import visited

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from psycopg import AsyncConnection

    from geo.database.caller import Caller
    from geo.settings import Settings

    Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]

# How long a request waits for a connection before it is told to come back.
WAIT_S = 5.0
SET_CLAIMS = "SELECT set_config('diaban.claims', %s, true)"


class Database:
    """The three pools of one worker. Statement timeouts are set on the roles by the migration."""

    def __init__(self, settings: Settings) -> None:
        self._public = _pool(settings, "diaban_public", settings.pool_max, autocommit=True)
        self._reader = _pool(settings, "diaban_reader", settings.pool_max, autocommit=True)
        self._writer = _pool(settings, "diaban_writer", max(2, settings.pool_max // 2), autocommit=True)

    async def open(self) -> None:
        """Start the pools; returns at once, a database that is away shows at the first question."""
        for pool in (self._public, self._reader, self._writer):
            await pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        for pool in (self._public, self._reader, self._writer):
            await pool.close()

    @asynccontextmanager
    async def read(self, caller: Caller) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
        """A connection that sees what ``caller`` may see; its ``search_path`` is the caller's schema.

        Raises :mod:`geo.errors` for every database error that is not a defect of the statement.
        """
        with translated():
            if caller.claims is None or not caller.staff:
                async with self._public.connection() as connection, visited(connection):
                    yield connection
            else:
                async with self._claimed(self._reader, caller) as connection, visited(connection):
                    yield connection

    @asynccontextmanager
    async def write(self, caller: Caller) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
        """One transaction of the writing role with the caller's claims; it commits at the end."""
        with translated():
            async with self._claimed(self._writer, caller) as connection:
                yield connection

    @asynccontextmanager
    async def _claimed(self, pool: Pool, caller: Caller) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
        claims = caller.claims.as_setting() if caller.claims else ""
        async with pool.connection() as connection, connection.transaction():
            # Local to the transaction: a pooled connection never carries one caller's rights to the next.
            await connection.execute(SET_CLAIMS, [claims])
            yield connection


def _pool(settings: Settings, role: str, size: int, *, autocommit: bool) -> Pool:
    return AsyncConnectionPool(
        settings.role_dsn(role),
        min_size=1,
        max_size=size,
        timeout=WAIT_S,
        kwargs={"autocommit": autocommit, "application_name": "diaban"},
        check=_check,
        open=False,
    )


async def _check(connection: AsyncConnection[tuple[Any, ...]]) -> None:
    """Before a connection is lent: an idle one that has something to read was closed by the server.

    Asking the server every time costs a round trip a read; a broken socket shows without one.
    """
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    if poller.poll(0):
        await AsyncConnectionPool.check_connection(connection)
