"""``GET /api/hotspots/sheet.pdf``: what is on the screen, on paper."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from fastapi import APIRouter, Request, Response

from api.definition import sends
from api.deps import Chosen, Db, Layers, Who
from api.hotspots import Category, Channel, From, Group, Resolution, To, Ward, shown_for
from api.hotspots_ask import ground_of
from api.hotspots_pictures import State
from api.hotspots_send import send
from geo.errors import NotFound
from geo.hotspots.sheet import sheet, words_of

router = APIRouter(tags=["hotspots"])

FONTS = Path(__file__).parent / "assets" / "fonts"


@router.get("/api/hotspots/sheet.pdf", summary="Bản đồ điểm nóng để in (PDF)", **sends("application/pdf"))
async def pdf(
    *, request: Request, db: Db, layers: Layers, who: Who, settings: Chosen, from_: From = None,
    to: To = None, category: Category = None, channel: Channel = None, ward: Ward = None, group: Group = None,
    resolution: Resolution = None, state: State = None,
) -> Response:  # fmt: skip
    """A4 across, vector: map, legend, the cells with most, method and version of the data."""
    given = {"from": from_, "to": to, "category": category, "channel": channel, "ward": ward}
    shown, parameters = await shown_for(
        request, db, layers, who, given=given, group=group, resolution=resolution, state=state
    )
    ground = await ground_of(request, db, layers, who, 8)
    if ground.outline.is_empty:
        raise NotFound("Chưa có ranh giới xã, phường.", "There are no boundaries of wards yet.")
    notes = tuple(note.vi for note in layers.notes([layers.layer(n) for n in ("reports", "admin_units")]))
    words = words_of(parameters | {"n": shown.totals()}, settings.province_name, notes)
    end = datetime.fromisoformat(parameters["to"])
    data = await asyncio.to_thread(sheet, shown, ground, words, FONTS, end)
    return await send(request, who, data, "application/pdf", "diem-nong.pdf")
