"""A connection that knows statements by name: parsed once on it, bound as texts, read without a cursor.

A page of ten features or a stored tile costs the database 0.1 ms, and psycopg's cursor as much again: it
chooses a form for every value and makes all that reads results anew. Half a megabyte comes in sixty pieces,
for each of which psycopg makes a future, a timer and a reader of the socket. What is asked most is asked by
:meth:`Connection.ask`; everything else by ``execute``.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection, DataError, Error, OperationalError
from psycopg.errors import InvalidSqlStatementName, error_from_result
from psycopg.generators import execute
from psycopg.pq import ExecStatus, Format, TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from datetime import date

    from psycopg.pq.abc import PGconn, PGresult
    from psycopg.rows import AsyncRowFactory

    type Waits[T] = Generator[Any, Any, T]
    type Bound = str | int | float | date | None

PLACEHOLDER = re.compile(rb"%(?:\((\w+)\)s|(%))")
ANSWERED = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
# Of one connection; what was asked longest ago makes room. PostgreSQL keeps a plan for each.
NAMED_MAX = 100
# How long a statement whose asker was cancelled may take to end. Then the pool closes the connection.
CANCEL_S = 5.0
_NUMBERS = count()


class Named:
    """A statement with psycopg's ``%(name)s`` for values; made once, for each is parsed on each connection.

    ``binary``: the form of its results. PostgreSQL takes the types of its values from where they stand.
    """

    __slots__ = ("binary", "name", "text", "values")

    def __init__(self, text: bytes, *, binary: bool = False) -> None:
        places: dict[bytes, int] = {}

        def numbered(found: re.Match[bytes]) -> bytes:
            return b"$%d" % places.setdefault(found[1], len(places) + 1) if found[1] else b"%"

        self.text = PLACEHOLDER.sub(numbered, text)
        self.values = tuple(place.decode() for place in places)
        self.name = b"diaban_%d" % next(_NUMBERS)
        self.binary = Format.BINARY if binary else Format.TEXT


class Connection(AsyncConnection[tuple[Any, ...]]):
    """One of a pool's; autocommit."""

    def __init__(self, pgconn: PGconn, *rows: AsyncRowFactory[tuple[Any, ...]]) -> None:
        """As psycopg makes it."""
        super().__init__(pgconn, *rows)
        self._named: OrderedDict[bytes, None] = OrderedDict()

    async def ask(self, statement: Named, values: Mapping[str, Bound]) -> PGresult:
        """The rows as PostgreSQL sent them. Raises what ``execute`` would; cancelled, so is the statement."""
        bound = [_text(values[name]) for name in statement.values]
        async with self.lock:
            if statement.name not in self._named:
                await self.wait(self._parse(statement))
            self._named.move_to_end(statement.name)
            try:
                return await self._asked(statement, bound)
            except InvalidSqlStatementName:
                self._named.clear()
                if self.info.transaction_status != TransactionStatus.IDLE:
                    raise
                await self.wait(self._parse(statement))
                return await self._asked(statement, bound)

    async def forget(self) -> None:
        """After a rollback: psycopg deallocates its own statements then, and ours with them."""
        async with self.lock:
            self._named.clear()
            with suppress(OperationalError):  # a connection that is lost knows nothing
                await self.wait(self._forgotten())

    def _forgotten(self) -> Waits[None]:
        self.pgconn.send_query(b"DEALLOCATE ALL")
        yield from self._answered()

    def _parse(self, statement: Named) -> Waits[None]:
        if len(self._named) >= NAMED_MAX:
            oldest, _ = self._named.popitem(last=False)
            self.pgconn.send_query(b"DEALLOCATE " + oldest)
            yield from self._answered()
        self.pgconn.send_prepare(statement.name, statement.text)
        yield from self._answered()
        self._named[statement.name] = None

    async def _asked(self, statement: Named, bound: Sequence[bytes | None]) -> PGresult:
        self.pgconn.send_query_prepared(statement.name, bound, result_format=statement.binary)
        if self.pgconn.flush():  # more than the socket takes at once
            return await self.wait(self._answered())
        try:
            return self._good(await self._received())
        except asyncio.CancelledError:
            if self.info.transaction_status == TransactionStatus.ACTIVE:
                with suppress(Error, TimeoutError):
                    async with asyncio.timeout(CANCEL_S):
                        await self.cancel_safe(timeout=CANCEL_S)
                        await self.wait(execute(self.pgconn))
            raise

    async def _received(self) -> list[PGresult]:
        """What the server answers to what was sent: one future, and one reader that stays until the end."""
        loop, pgconn, socket = asyncio.get_running_loop(), self.pgconn, self.pgconn.socket
        results: list[PGresult] = []
        done: asyncio.Future[None] = loop.create_future()

        def read() -> None:
            if done.done():
                return
            try:
                pgconn.consume_input()
                while not pgconn.is_busy():
                    if (result := pgconn.get_result()) is None:
                        return done.set_result(None)
                    results.append(result)
            except Error as error:
                # Before it closes a connection, the server says why.
                if results:
                    done.set_result(None)
                else:
                    done.set_exception(error)

        loop.add_reader(socket, read)
        try:
            await done
        finally:
            loop.remove_reader(socket)
        return results

    def _answered(self) -> Waits[PGresult]:
        return self._good((yield from execute(self.pgconn)))

    def _good(self, results: Sequence[PGresult]) -> PGresult:
        if not results:
            raise OperationalError("the server gave no answer")
        result = results[0]
        if result.status not in ANSWERED:
            raise error_from_result(result, self.info.encoding)
        return result


def _text(value: Bound) -> bytes | None:
    if value is None:
        return None
    text = str(value)
    if "\x00" in text:  # libpq would cut it there
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
    return text.encode()
