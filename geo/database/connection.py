"""A connection that knows statements by name: parsed once on it, bound as texts, read without a cursor.

A page of ten features or a stored tile costs the database 0.1 ms, and psycopg's cursor as much again: it
chooses a form for every value and makes all that reads results anew. What is asked most is asked by
:meth:`Connection.ask`; everything else by ``execute``.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from psycopg import AsyncConnection, DataError, OperationalError
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
                return await self.wait(self._asked(statement, bound))
            except InvalidSqlStatementName:
                self._named.clear()
                if self.info.transaction_status != TransactionStatus.IDLE:
                    raise
                await self.wait(self._parse(statement))
                return await self.wait(self._asked(statement, bound))

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

    def _asked(self, statement: Named, bound: Sequence[bytes | None]) -> Waits[PGresult]:
        self.pgconn.send_query_prepared(statement.name, bound, result_format=statement.binary)
        return (yield from self._answered())

    def _answered(self) -> Waits[PGresult]:
        result: PGresult
        (result,) = yield from execute(self.pgconn)
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
