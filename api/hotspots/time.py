"""Hotspots in time, for staff: which cells emerge, and two periods beside each other."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots.ask import asked, check_order, day_in, ground_of, resolution_in
from api.hotspots.counts import GEOJSON
from api.hotspots.given import Category, Channel, From2, GivenByStaff, Question, Resolution, To, To2
from api.hotspots.send import send, send_csv
from geo.errors import InvalidInput
from geo.hotspots.filters import Filter
from geo.hotspots.stats.emerging import KINDS
from geo.hotspots.tables import histories, periods
from geo.types import parse_integer

if TYPE_CHECKING:
    from api.hotspots.ask import Asked
    from geo.catalogue import Catalogue
    from geo.database import Caller, Database
    from geo.hotspots.tables import CellTable

router = APIRouter(tags=["hotspots"])

STEPS = 52
STEP_DAYS = 7
Form = Annotated[str | None, Query(alias="f", description="geojson, csv")]


@router.get("/api/hotspots/emerging", summary="Ô mới nổi, kéo dài, giảm dần…", **sends(GEOJSON, "text/csv"))
async def emerging_cells(
    *, request: Request, db: Db, layers: Layers, who: Who, to: To = None, category: Category = None,
    channel: Channel = None, resolution: Resolution = None,
    steps: Annotated[str | None, Query(description="Số bước, 10–104 / steps")] = None,
    step_days: Annotated[str | None, Query(description="Số ngày một bước, 1–31 / days a step")] = None,
    kind: Annotated[str | None, Query(description="new,consecutive,…; all: mọi ô / every cell")] = None,
    form: Form = None,
) -> Response:  # fmt: skip
    """Cells by their history over ``steps`` steps that end with ``to`` (Esri's 17 classes)."""
    given: Question = {"to": to, "category": category, "channel": channel}
    count = parse_integer("steps", steps, 10, 104) if steps is not None else STEPS
    days = parse_integer("step_days", step_days, 1, 31) if step_days is not None else STEP_DAYS
    as_csv, kinds = _is_csv(form), _kinds(kind)
    question, table = await emerging_for(
        request, db, layers, who, given=given, resolution=resolution, steps=count, step_days=days, kinds=kinds
    )
    return await _sent(request, who, question, table, as_csv=as_csv)


async def emerging_for(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, steps: int = STEPS, step_days: int = STEP_DAYS, kinds: set[str] | None,
) -> tuple[Asked, CellTable]:  # fmt: skip
    """The question and its emerging cells; all cells of the ground where ``kinds`` is None."""
    level = resolution_in(resolution)
    question = await asked(request, db, layers, who, given)
    ground = await ground_of(request, db, layers, who, level)
    table = await asyncio.to_thread(
        histories, question.facts, question.wanted, ground, steps=steps, step_days=step_days, kinds=kinds
    )
    return question, table


@router.get("/api/hotspots/compare", summary="So sánh hai giai đoạn", **sends(GEOJSON, "text/csv"))
async def compare(
    *, request: Request, db: Db, layers: Layers, who: Who, given: GivenByStaff,
    resolution: Resolution = None, from2: From2 = None, to2: To2 = None, form: Form = None,
) -> Response:  # fmt: skip
    """Cells in the period and in an earlier one (by default 364 days before), with significance."""
    as_csv = _is_csv(form)
    question, table = await compared_for(
        request, db, layers, who, given=given, resolution=resolution, from2=from2, to2=to2
    )
    return await _sent(request, who, question, table, as_csv=as_csv)


async def compared_for(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, from2: str | None, to2: str | None,
) -> tuple[Asked, CellTable]:  # fmt: skip
    """The question and its cells in both periods."""
    level = resolution_in(resolution)
    first, last = day_in("from2", from2), day_in("to2", to2)
    question = await asked(request, db, layers, who, given)
    now = question.wanted
    # 364 days: the same weekdays, so that Sundays are not compared with Mondays.
    first = first or now.start - timedelta(days=364)
    last = last or first + (now.end - now.start)
    check_order(first, last)
    before = Filter(first, last, now.categories, now.channels, now.wards)
    return question, await asyncio.to_thread(periods, question.facts, now, before, level)


async def _sent(
    request: Request, who: Caller, question: Asked, table: CellTable, *, as_csv: bool
) -> Response:
    if as_csv:
        return await send_csv(request, who, await asyncio.to_thread(table.csv))
    body = await asyncio.to_thread(table.geojson, question.parameters() | table.said)
    return await send(request, who, body.encode(), GEOJSON)


def _is_csv(form: str | None) -> bool:
    if form not in (None, "geojson", "csv"):
        raise InvalidInput("f", form, "geojson, csv", "geojson, csv")
    return form == "csv"


def _kinds(text: str | None) -> set[str] | None:
    """The kinds that are kept; None for every cell."""
    if text is None or text == "":
        return set(KINDS)
    kinds = set(text.split(","))
    if kinds == {"all"}:
        return None
    if not kinds <= set(KINDS):
        shown = ", ".join((*KINDS, "all"))
        raise InvalidInput("kind", text, shown, shown)
    return kinds
