"""Connection pools: one for the public projection, one for reading under policies, one for writing."""

from __future__ import annotations

import select
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING, LiteralString

from psycopg import Error, InternalError, ProgrammingError
from psycopg_pool import AsyncConnectionPool

from geo.database.connection import Connection
from geo.database.errors import translate, translated
from geo.database.visit import present
from geo.errors import Left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from geo.database.caller import Caller
    from geo.settings import Settings

    Pool = AsyncConnectionPool[Connection]

# How long a request waits for a connection before it is told to come back.
WAIT_S = 5.0
# A connection's first spatial question loads PostGIS (14 ms), its first transformation PROJ (10 ms).
WARM: LiteralString = """
SELECT ST_AsMVT(drawn) FROM (
  SELECT ST_AsMVTGeom(ST_Transform(place, 3857), ST_TileEnvelope(0, 0, 0)) AS geom, ST_AsGeoJSON(place)
    FROM ST_SetSRID(ST_MakePoint(105, 10), 4326) AS place) AS drawn
"""
SET_CLAIMS = "SELECT set_config('diaban.claims', %s, true)"


class Database:
    """The three pools of one worker. Statement timeouts are set on the roles by the migration.

    Half of the public's connections are there from the start; more come when they are asked for.
    """

    def __init__(self, settings: Settings) -> None:
        most = settings.pool_max
        self._public = _pool(settings, "diaban_public", most // 2, most)
        self._reader = _pool(settings, "diaban_reader", 1, most)
        self._writer = _pool(settings, "diaban_writer", 1, max(2, most // 2))

    async def open(self) -> None:
        """Start the pools; returns at once, a database that is away shows at the first question."""
        for pool in (self._public, self._reader, self._writer):
            await pool.open(wait=False)

    async def close(self) -> None:
        """Close all connections."""
        for pool in (self._public, self._reader, self._writer):
            await pool.close()

    def read(self, caller: Caller) -> AbstractAsyncContextManager[Connection]:
        """A connection that sees what ``caller`` may see; its ``search_path`` is the caller's schema.

        Raises :mod:`geo.errors` for every database error that is not a defect of the statement.
        """
        if caller.claims is None or not caller.staff:
            return _Lent(self._public)
        return self._read_claimed(caller)

    @asynccontextmanager
    async def _read_claimed(self, caller: Caller) -> AsyncIterator[Connection]:
        async with _Lent(self._reader) as connection, _claimed(connection, caller):
            yield connection

    @asynccontextmanager
    async def write(self, caller: Caller) -> AsyncIterator[Connection]:
        """One transaction of the writing role with the caller's claims; it commits at the end."""
        with translated():
            async with self._writer.connection() as connection, _claimed(connection, caller):
                yield connection


class _Lent:
    """One use of a connection, autocommit, as part of the present visit. A class: generators cost twice."""

    __slots__ = ("_connection", "_pool", "_visit")

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> Connection:
        self._visit = present()
        with translated():
            connection = self._connection = await self._pool.getconn()
        if self._visit is not None:
            try:
                self._visit.ask(connection)
            except Left:
                await self._pool.putconn(connection)
                raise
        return connection

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        try:
            if self._visit is not None:
                await self._visit.asked(self._connection, error)
        finally:
            await self._pool.putconn(self._connection)
        if isinstance(error, Error) and (known := translate(error)) is not None:
            raise known from error


@asynccontextmanager
async def _claimed(connection: Connection, caller: Caller) -> AsyncIterator[None]:
    claims = caller.claims.as_setting() if caller.claims else ""
    try:
        async with connection.transaction():
            # Local to the transaction: a pooled connection never carries one caller's rights to the next.
            await connection.execute(SET_CLAIMS, [claims])
            yield
    except BaseException:
        # In a transaction a statement that is not known any more cannot be asked anew.
        await connection.forget()
        raise


def _pool(settings: Settings, role: str, least: int, most: int) -> Pool:
    async def check(connection: Connection) -> None:
        """Before a connection is lent: an idle one that has something to read was closed by the server.

        Asking the server every time costs a round trip a read; a broken socket shows without one.
        """
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN)
        if poller.poll(0):
            try:
                await pool.check_connection(connection)
            except Error:
                # A server that was started again closed all of them, and the pool, trying one after another,
                # waits longer each time: with four it would give up.
                await pool.check()
                raise

    pool: Pool = AsyncConnectionPool(
        settings.role_dsn(role),
        connection_class=Connection,
        min_size=least,
        max_size=most,
        timeout=WAIT_S,
        kwargs={"autocommit": True, "application_name": "diaban"},
        configure=_warm,
        check=check,
        open=False,
    )
    return pool


async def _warm(connection: Connection) -> None:
    """Before a connection is lent for the first time. The database may be one that is yet to be migrated."""
    with suppress(ProgrammingError, InternalError):
        await connection.execute(WARM)
