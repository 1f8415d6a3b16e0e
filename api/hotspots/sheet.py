"""``GET /api/hotspots/sheet.pdf``: what is on the screen, on paper."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.definition import sends
from api.deps import Chosen, Db, Layers, Who
from api.hotspots.ask import ground_of, staff_only
from api.hotspots.given import Bandwidth, From2, Given, Question, Resolution, To2
from api.hotspots.pictures import bandwidth_in, surface_for
from api.hotspots.send import send
from api.hotspots.shown import shown_for
from api.hotspots.time import compared_for, emerging_for
from geo.errors import InvalidInput, NotFound
from geo.hotspots import sheet_views
from geo.hotspots.sheet import sheet
from geo.hotspots.sheet_words import words_of
from geo.hotspots.stats.emerging import KINDS

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Caller, Database
    from geo.hotspots.sheet_views import Drawn

router = APIRouter(tags=["hotspots"])

FONTS = Path(__file__).parents[1] / "assets" / "fonts"
VIEWS = ("density", "heat", "signal", "emerging", "compare")
View = Annotated[str | None, Query(description=", ".join(VIEWS))]


@router.get("/api/hotspots/sheet.pdf", summary="Bản đồ điểm nóng để in (PDF)", **sends("application/pdf"))
async def pdf(
    *, request: Request, db: Db, layers: Layers, who: Who, settings: Chosen, given: Given,
    view: View = None, resolution: Resolution = None, bandwidth_m: Bandwidth = None, from2: From2 = None,
    to2: To2 = None,
) -> Response:  # fmt: skip
    """A4 across, vector: map, legend, the cells that matter most, method and version of the data."""
    name = view or VIEWS[0]
    if name not in VIEWS:
        raise InvalidInput("view", name, ", ".join(VIEWS), ", ".join(VIEWS))
    ground = await ground_of(request, db, layers, who, 8)
    if ground.outline.is_empty:
        raise NotFound("Chưa có ranh giới xã, phường.", "There are no boundaries of wards yet.")
    if name in ("emerging", "compare"):
        drawn, parameters = await _in_time(
            request, db, layers, staff_only(who), given=given, resolution=resolution,
            earlier=(from2, to2) if name == "compare" else None,
        )  # fmt: skip
    else:
        drawn, parameters = await _now(
            request, db, layers, who, given=given, resolution=resolution, name=name,
            bandwidth_m=bandwidth_in(bandwidth_m),
        )  # fmt: skip
    notes = tuple(note.vi for note in layers.notes([layers.layer(n) for n in ("reports", "admin_units")]))
    words = words_of(parameters, settings.province_name, notes)
    end = datetime.fromisoformat(parameters["to"])
    data = await asyncio.to_thread(sheet, drawn, ground, words, FONTS, end)
    return await send(request, who, data, "application/pdf", "diem-nong.pdf")


async def _now(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, name: str, bandwidth_m: int,
) -> tuple[Drawn, dict[str, Any]]:  # fmt: skip
    state = "all" if name == "signal" else None
    shown, parameters = await shown_for(
        request, db, layers, who, given=given, resolution=resolution, state=state
    )
    parameters |= {"n": shown.totals()}
    if name == "signal":
        return sheet_views.signal(shown), parameters
    if name == "density":
        return sheet_views.density(shown), parameters
    made = await surface_for(request, db, layers, who, given=given, bandwidth_m=bandwidth_m)
    return sheet_views.density(shown, made), parameters | {"density": made.parameters["density"]}


async def _in_time(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, earlier: tuple[str | None, str | None] | None,
) -> tuple[Drawn, dict[str, Any]]:  # fmt: skip
    if given["group"]:
        raise InvalidInput("group", given["group"], "để trống", "none")
    if earlier is None:
        question, table = await emerging_for(
            request, db, layers, who, given=given | {"from": None}, resolution=resolution, kinds=set(KINDS)
        )
        return sheet_views.emerging(table), question.parameters() | table.said
    question, table = await compared_for(
        request, db, layers, who, given=given, resolution=resolution, from2=earlier[0], to2=earlier[1]
    )
    return sheet_views.compared(table), question.parameters() | table.said
