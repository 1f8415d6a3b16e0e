"""Alarms of the daily scan: listed, told as they are raised, seen."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from api.definition import sends
from api.deps import Db, Who
from api.hotspots.ask import staff_only
from api.hotspots.send import send_json
from geo.calendar import today_ict
from geo.errors import NotFound
from geo.hotspots.alarms import read_alarms
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from geo.database import Caller, Database

router = APIRouter(tags=["hotspots"])

POLL_S = 5.0
HEARTBEAT_S = 20.0
SEEN = """
UPDATE hot.alarm SET seen_by = auth.subject(), seen_at = now() WHERE id = %s AND seen_by IS NULL RETURNING id
"""


@router.get("/api/hotspots/alarms", summary="Cảnh báo: nơi vừa tăng bất thường")
async def alarms(
    request: Request, db: Db, who: Who,
    after: Annotated[str | None, Query(description="Chỉ cảnh báo sau số này / ids above")] = None,
) -> Response:  # fmt: skip
    """The newest fifty alarms of the daily scan."""
    last = parse_integer("after", after, 0, 2**62) if after is not None else 0
    async with db.read(staff_only(who)) as connection:
        found = await read_alarms(connection, after=last)
        row = await (await connection.execute("SELECT max(day) FROM hot.scanned")).fetchone()
    scanned = row[0].isoformat() if row and row[0] else None
    return await send_json(request, who, {"alarms": found, "scanned": scanned})


@router.get("/api/hotspots/alarms/events", summary="Cảnh báo, gửi ngay khi có", **sends("text/event-stream"))
async def alarm_events(db: Db, who: Who) -> StreamingResponse:
    """Server-sent ``event: alarm`` for every alarm from now on; first those of the last week."""
    return StreamingResponse(
        _alarm_stream(db, staff_only(who)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@router.post("/api/hotspots/alarms/{number}/seen", summary="Đã xem cảnh báo")
async def seen(db: Db, who: Who, number: str) -> Response:
    """Note who saw an alarm first; 404 where there is none, or somebody did already."""
    wanted = parse_integer("number", number, 1, 2**62)
    async with db.write(staff_only(who)) as connection:
        row = await (await connection.execute(SEEN, [wanted])).fetchone()
    if row is None:
        raise NotFound("Không có cảnh báo này, hoặc đã có người xem.", "No such alarm, or somebody saw it.")
    return Response(status_code=204, headers={"Cache-Control": "no-store"})


async def _alarm_stream(db: Database, who: Caller) -> AsyncIterator[str]:
    last, silent = 0, 0.0
    yield "retry: 5000\n\n"
    while True:
        since = today_ict() - timedelta(days=7)
        async with db.read(who) as connection:
            found = await read_alarms(connection, after=last, since=since)
        for one in reversed(found):
            last = max(last, one["id"])
            yield f"event: alarm\nid: {one['id']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n"
        silent = 0.0 if found else silent + POLL_S
        if silent >= HEARTBEAT_S:
            silent = 0.0
            yield ": alive\n\n"
        await asyncio.sleep(POLL_S)
