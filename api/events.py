"""Server-sent events: an open map learns within a beat that a layer moved."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.deps import Changes, Layers, Who

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from geo.catalogue import Catalogue
    from geo.changes.listener import Broadcast
    from geo.database import Caller

# A silent stream is closed by proxies; a comment line keeps it open and shows a dead client.
HEARTBEAT_S = 20.0

router = APIRouter(prefix="/api", tags=["map"])


@router.get("/events")
async def events(broadcast: Changes, catalogue: Layers, caller: Who) -> StreamingResponse:
    """A stream of ``event: layer`` with ``{"layer", "epoch"}``; private edits are told to staff only."""
    return StreamingResponse(
        _stream(broadcast, catalogue, caller),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(broadcast: Broadcast, catalogue: Catalogue, caller: Caller) -> AsyncIterator[str]:
    told: dict[str, int] = {name: catalogue.epoch(name, caller) for name in catalogue.layers}
    queue = broadcast.subscribe()
    try:
        yield "retry: 2000\n\n"
        while True:
            try:
                name = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                yield ": alive\n\n"
                continue
            epoch = catalogue.epoch(name, caller)
            if told.get(name) != epoch:
                told[name] = epoch
                yield f"event: layer\ndata: {json.dumps({'layer': name, 'epoch': epoch})}\n\n"
    finally:
        broadcast.unsubscribe(queue)
