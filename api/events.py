"""Server-sent events: an open map learns within a beat that a layer moved."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.definition import sends
from api.deps import Changes, Layers, Who

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from geo.catalogue import Catalogue
    from geo.changes.listener import Broadcast
    from geo.changes.moved import Moved
    from geo.database import Caller

# A silent stream is closed by proxies; a comment line keeps it open and shows a dead client.
HEARTBEAT_S = 20.0

router = APIRouter(prefix="/api", tags=["map"])


@router.get("/events", **sends("text/event-stream"))
async def events(broadcast: Changes, catalogue: Layers, caller: Who) -> StreamingResponse:
    """A stream of ``event: layer`` with ``{"layer", "epoch", "bbox"}``; private edits are told to staff only.

    ``bbox``: west, south, east, north in degrees of what moved, null where it may be anywhere. The first
    event is ``event: layers`` with the epoch of each: who was away compares them with what it knew.
    """
    return StreamingResponse(
        _stream(broadcast, catalogue, caller),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _stream(broadcast: Broadcast, catalogue: Catalogue, caller: Caller) -> AsyncIterator[str]:
    clearance = caller.claims.clearance if caller.claims else 0
    queue = broadcast.subscribe()
    try:
        epochs = {name: catalogue.epoch(name, caller) for name in catalogue.layers}
        yield f"retry: 2000\nevent: layers\ndata: {json.dumps(epochs)}\n\n"
        while True:
            try:
                moved = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                yield ": alive\n\n"
                continue
            if any(touched.vis <= clearance for touched in moved.touched):
                name, epoch = moved.layer, catalogue.epoch(moved.layer, caller)
                said = {"layer": name, "epoch": epoch, "bbox": _bbox(moved, catalogue, caller)}
                yield f"event: layer\ndata: {json.dumps(said)}\n\n"
    finally:
        broadcast.unsubscribe(queue)


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
