"""A request that may be left before it is answered: its questions to the database are cancelled then.

A visit is opened by the door (:func:`api.leaving.listening`) and found by :meth:`Database.read` through a
context variable, which worker threads inherit. No task is cancelled: the query fails in the server, and what
asked it ends by an ordinary exception, in whatever thread or task group it runs. (Cancelling tasks was tried:
in a task group a cancellation is repeated, which interrupts the sending of the cancel request itself.)
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager, suppress
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import QueryCanceled

from geo.errors import Left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from psycopg import AsyncConnection

    type Connection = AsyncConnection[tuple[Any, ...]]

CANCEL_S = 2.0
LEFT = ("Người hỏi đã rời đi.", "The client has left.")


class Visit:
    """What one request is asking the database at the moment."""

    def __init__(self) -> None:
        self.gone = False
        self._asking: set[Connection] = set()
        self._told: list[Callable[[], None]] = []

    async def leave(self) -> None:
        """The client is gone: cancel what is being asked; whatever would be asked next raises ``Left``."""
        self.gone = True
        for tell in self._told:
            tell()
        for connection in tuple(self._asking):
            # What cannot be cancelled ends by its statement timeout.
            with suppress(psycopg.Error):
                await connection.cancel_safe(timeout=CANCEL_S)

    def when_left(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` when the client leaves: for who waits for something that others wait for too."""
        if self.gone:
            tell()
        else:
            self._told.append(tell)

    @asynccontextmanager
    async def asking(self, connection: Connection) -> AsyncIterator[None]:
        """While ``connection`` is used. ``Left`` where the client is gone."""
        if self.gone:
            raise Left(*LEFT)
        self._asking.add(connection)
        try:
            yield
        except QueryCanceled:
            if self.gone:
                raise Left(*LEFT) from None
            raise
        finally:
            self._asking.discard(connection)
            if self.gone:
                # A cancel request may still be on its way: it must not hit whom the pool lends it to next.
                await connection.close()


_VISIT: ContextVar[Visit | None] = ContextVar("diaban_visit", default=None)


@contextmanager
def opened(visit: Visit) -> Iterator[None]:
    """Questions asked inside belong to ``visit``."""
    token = _VISIT.set(visit)
    try:
        yield
    finally:
        _VISIT.reset(token)


def present() -> Visit | None:
    """The visit of the request that is being answered."""
    return _VISIT.get()


def unvisited() -> Context:
    """A context like this one without its visit: for work that is not this request's alone."""
    context = copy_context()
    context.run(_VISIT.set, None)
    return context


@asynccontextmanager
async def visited(connection: Connection) -> AsyncIterator[None]:
    """The use of ``connection`` as part of the present visit, if there is one."""
    visit = _VISIT.get()
    if visit is None:
        yield
        return
    async with visit.asking(connection):
        yield
