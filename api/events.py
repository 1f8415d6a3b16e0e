"""Server-sent events: an open map learns within a beat that a layer moved."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from api.definition import sends
from api.deps import Changes, Layers, Who, caller
from geo.errors import Unauthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from geo.catalogue import Catalogue
    from geo.changes.listener import Broadcast
    from geo.changes.moved import Moved
    from geo.database import Caller

# A silent stream is closed by proxies; a comment line keeps it open and shows a dead client.
HEARTBEAT_S = 20.0

router = APIRouter(prefix="/api", tags=["map"])


@router.get("/events", **sends("text/event-stream"))
async def events(request: Request, broadcast: Changes, catalogue: Layers, who: Who) -> StreamingResponse:
    """A stream of ``event: layer`` with ``{"layer", "epoch", "bbox"}``; private edits are told to staff only.

    ``bbox``: west, south, east, north in degrees of what moved, null where it may be anywhere. The first
    event is ``event: layers`` with the epoch of each: who was away compares them with what it knew. It ends
    soon after the caller's token does.
    """
    return StreamingResponse(
        stream(broadcast, catalogue, who, lambda: caller(request)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def stream(
    broadcast: Broadcast, catalogue: Catalogue, who: Caller, again: Callable[[], Awaitable[Caller]]
) -> AsyncIterator[str]:
    """The events for ``who``; ``again`` answers who it is by now, or raises ``Unauthenticated``."""
    clearance = who.claims.clearance if who.claims else 0
    queue = broadcast.subscribe()
    loop = asyncio.get_running_loop()
    try:
        epochs = {name: catalogue.epoch(name, who) for name in catalogue.layers}
        yield f"retry: 2000\nevent: layers\ndata: {json.dumps(epochs)}\n\n"
        beat = loop.time() + HEARTBEAT_S
        while True:
            try:
                moved = await asyncio.wait_for(queue.get(), max(0.0, beat - loop.time()))
            except TimeoutError:
                if who.claims is not None and await _changed(who, again):
                    return
                beat = loop.time() + HEARTBEAT_S
                yield ": alive\n\n"
                continue
            if any(touched.vis <= clearance for touched in moved.touched):
                name, epoch = moved.layer, catalogue.epoch(moved.layer, who)
                said = {"layer": name, "epoch": epoch, "bbox": _bbox(moved, catalogue, who)}
                yield f"event: layer\ndata: {json.dumps(said)}\n\n"
    finally:
        broadcast.unsubscribe(queue)


async def _changed(who: Caller, again: Callable[[], Awaitable[Caller]]) -> bool:
    """Whether the token has ended, or gives other rights than when the stream began."""
    try:
        return await again() != who
    except Unauthenticated:
        return True
    except Unavailable:  # the database is away: that is no answer
        return False


def _bbox(moved: Moved, catalogue: Catalogue, caller: Caller) -> tuple[float, float, float, float] | None:
    """The box around what the caller may know of; of public places no more than their public copy says."""
    clearance = caller.claims.clearance if caller.claims else 0
    boxes = [touched.box for touched in moved.touched if touched.vis <= clearance]
    known = [box for box in boxes if box is not None]
    if not known or len(known) < len(boxes):
        return None
    west, south, east, north = zip(*known, strict=True)
    box = (min(west), min(south), max(east), max(north))
    layer = catalogue.layers.get(moved.layer)
    grid = None if caller.staff or layer is None else layer.public_grid_deg
    if grid is None:
        return box
    # The corners as the public copy has them: rounding outwards would tell in which quarter a place lies.
    return (
        (round(box[0] / grid) - 1) * grid,
        (round(box[1] / grid) - 1) * grid,
        (round(box[2] / grid) + 1) * grid,
        (round(box[3] / grid) + 1) * grid,
    )
