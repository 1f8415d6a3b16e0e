"""Clients that leave: what they asked the database is cancelled, on every door that listens.

::

    async with Listening(request.receive):
        ...  # every question to the database in here ends when the client leaves

Only for requests without a body: the listener reads the request's messages.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fastapi.responses import StreamingResponse

from geo.database.visit import Visit
from geo.errors import Left

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

# Most answers are given sooner and need no listener: making one costs as much as a cached answer.
PATIENCE_S = 0.1


class Listening:
    """Cancel what is asked inside when the client leaves; ``geo.errors.Left`` is raised there."""

    __slots__ = ("_listener", "_receive", "_timer", "_visit")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._visit = Visit()
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self._begin)
        self._visit.__enter__()

    async def __aexit__(self, *_: object) -> None:
        self._visit.__exit__()
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()

    def _begin(self) -> None:
        self._listener = asyncio.create_task(_listen(self._receive, self._visit))


async def _listen(receive: Receive, visit: Visit) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    await visit.leave()


class Stream(StreamingResponse):
    """A body made as it is sent. Starlette's own cancels its task; here what is asked ends by itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the client leaves."""
        try:
            async with Listening(receive):
                await self.stream_response(send)
        except (Left, OSError):
            return
