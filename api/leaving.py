"""Clients that leave: what they asked the database is cancelled, on every door that listens.

::

    async with listening(request.receive):
        ...  # every question to the database in here ends when the client leaves

Only for requests without a body: the listener reads the request's messages.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fastapi.responses import StreamingResponse

from geo.database.visit import Visit, opened
from geo.errors import Left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Scope, Send

# Most answers are given sooner and need no listener: making one costs as much as a cached answer.
PATIENCE_S = 0.1


@asynccontextmanager
async def listening(receive: Receive) -> AsyncIterator[None]:
    """Cancel what is asked inside when the client leaves; ``geo.errors.Left`` is raised there."""
    visit = Visit()
    listeners: list[asyncio.Task[None]] = []

    def begin() -> None:
        listeners.append(asyncio.create_task(_listen(receive, visit)))

    timer = asyncio.get_running_loop().call_later(PATIENCE_S, begin)
    try:
        with opened(visit):
            yield
    finally:
        timer.cancel()
        for listener in listeners:
            listener.cancel()


async def _listen(receive: Receive, visit: Visit) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    await visit.leave()


class Stream(StreamingResponse):
    """A body made as it is sent. Starlette's own cancels its task; here what is asked ends by itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the end, or until the client leaves."""
        try:
            async with listening(receive):
                await self.stream_response(send)
        except (Left, OSError):
            return
