"""A request that may be left before it is answered: its questions to the database are cancelled then.

A visit is opened by the door (:func:`api.leaving.Listening`) and found by :meth:`Database.read` through a
context variable, which worker threads inherit. No task is cancelled: the query fails in the server, and what
asked it ends by an ordinary exception, in whatever thread or task group it runs. (Cancelling tasks was tried:
in a task group a cancellation is repeated, which interrupts the sending of the cancel request itself.)
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.errors import QueryCanceled

from geo.errors import Left

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg import AsyncConnection

    type Connection = AsyncConnection[tuple[Any, ...]]

CANCEL_S = 2.0
LEFT = ("Người hỏi đã rời đi.", "The client has left.")


class Visit:
    """What one request is asking the database at the moment: questions within ``with visit:`` are its own."""

    __slots__ = ("_asking", "_token", "_told", "gone")

    def __init__(self) -> None:
        self.gone = False
        self._asking: set[Connection] = set()
        self._told: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        self._token = _VISIT.set(self)

    def __exit__(self, *_: object) -> None:
        _VISIT.reset(self._token)

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

    def ask(self, connection: Connection) -> None:
        """From now on ``connection`` is used. ``Left`` where the client is gone."""
        if self.gone:
            raise Left(*LEFT)
        self._asking.add(connection)

    async def asked(self, connection: Connection, error: BaseException | None) -> None:
        """``connection`` is not used any more, ``error`` ended it. ``Left`` where that was our doing."""
        self._asking.discard(connection)
        if not self.gone:
            return
        # A cancel request may still be on its way: it must not hit whom the pool lends it to next.
        await connection.close()
        if isinstance(error, QueryCanceled):
            raise Left(*LEFT) from None


_VISIT: ContextVar[Visit | None] = ContextVar("diaban_visit", default=None)


def present() -> Visit | None:
    """The visit of the request that is being answered."""
    return _VISIT.get()


def unvisited() -> Context:
    """A context like this one without its visit: for work that is not this request's alone."""
    context = copy_context()
    context.run(_VISIT.set, None)
    return context
