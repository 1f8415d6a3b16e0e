"""``GET /api/hotspots``: where reports concentrate, as hexagons with counts, rates and significance.

Staff ask what they like of what their clearance shows. The public asks for whole months and fixed groups of
categories, and reads areas that hold at least five incidents each.
"""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots_ask import (
    asked,
    cell_in,
    check_order,
    day_in,
    ground_of,
    group_in,
    resolution_in,
)
from api.hotspots_given import Box, Given, Question, Resolution, State
from api.hotspots_send import send, send_csv, send_json
from geo.calendar import start_of
from geo.errors import InvalidInput
from geo.hotspots.answer import STATES, Shown, arrow_table, csv_table, feature_collection
from geo.hotspots.atoms import FINEST, K, spread
from geo.hotspots.cells import resolution_of
from geo.hotspots.groups import GROUPS, MIXED, TITLES
from geo.hotspots.release import read_told, told_months
from geo.hotspots.stats.gistar import significance
from geo.types import Bbox, parse_integer

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Caller, Database

router = APIRouter(tags=["hotspots"])

# About 12 MB of GeoJSON, 1.5 MB zipped; a map of more cells shows nothing that a coarser one does not.
CELLS_MAX = 60_000
MOST_MAX = 1_000
FORMATS = ("geojson", "arrow", "csv")
GEOJSON = "application/geo+json"
ARROW = "application/vnd.apache.arrow.file"
COUNTED = {
    "name": "h3-count",
    "time": "received_at, [from, to), Asia/Ho_Chi_Minh",
    "incidents": "reports of one incident count once, where and when its first report is",
    "contacts": "every report counts",
    "rate": "incidents per km² of the cell's true area and 30 days",
}
TOLD = {
    "name": "k-anonymous-months",
    "k": K,
    "time": "months that are over, told once",
    "cells": "areas with at least k incidents a month, shared out evenly over their cells",
    "rate": "incidents per km² of the cell's true area and 30 days",
}
GI = {
    "name": "getis-ord-gi-star",
    "weights": "binary, the cell and those that touch it",
    "p": "two-sided, normal",
    "q": "false discovery rate, Benjamini-Hochberg",
    "few": "fewer than 5 incidents found or expected in cell and neighbours",
}


@router.get(
    "/api/hotspots", summary="Mật độ phản ánh theo ô lục giác H3", **sends(GEOJSON, ARROW, "text/csv")
)
async def hotspots(
    *, request: Request, db: Db, layers: Layers, who: Who, given: Given, bbox: Box = None,
    resolution: Resolution = None, state: State = None,
    cell: Annotated[str | None, Query(description="Chỉ ô này / this cell only")] = None,
    most: Annotated[str | None, Query(description="Chỉ n ô nhiều nhất, 1–1000 / the n first cells")] = None,
    f: Annotated[str | None, Query(description="geojson, arrow, csv")] = None,
) -> Response:  # fmt: skip
    """Incidents and contacts by H3 cell with the parameters, method, n and version of the data.

    Without ``from`` and ``to``: the last 365 days of data, or the last twelve months that the public was
    told. Cells at the edge of ``bbox`` keep their whole count. ``state`` asks for significance (Gi* with
    false discovery rate over the province) and keeps the cells of these states; ``all`` keeps every cell.
    ``most`` keeps the hottest cells, then those with the highest rate; n is of all. ``cell`` keeps one and
    takes its resolution.
    """
    form = _format(f)
    box = Bbox.parse(bbox) if bbox is not None else None
    one = cell_in("cell", cell)
    first = parse_integer("most", most, 1, MOST_MAX) if most is not None else None
    level = resolution if one is None else str(resolution_of(one))
    shown, parameters = await shown_for(request, db, layers, who, given=given, resolution=level, state=state)
    if box is not None:
        shown = shown.touching(box)
    if one is not None:
        shown = shown.only(shown.cells == one)
    parameters |= {"bbox": box.as_tuple() if box else None, "n": shown.totals()}
    if first is not None:
        shown = shown.foremost(first)
    if len(shown.cells) > CELLS_MAX:
        asked_for = parameters["resolution"]
        raise InvalidInput(
            "resolution", asked_for, f"nhỏ hơn {asked_for}, hoặc bbox nhỏ hơn",
            f"below {asked_for}, or a smaller bbox",
        )  # fmt: skip
    return await _sent(request, who, form, shown, parameters)


@router.get("/api/hotspots/choices", summary="Những gì có thể chọn")
async def choices(request: Request, db: Db, who: Who) -> Response:
    """The public's groups and months; the states of significance."""
    async with db.read(who) as connection:
        told = await told_months(connection)
    titles = {group: {"vi": TITLES[group][0], "en": TITLES[group][1]} for group in GROUPS}
    body = {
        "audience": "staff" if who.staff else "public",
        "k": K,
        "groups": [{"code": g, "title": titles[g], "categories": list(GROUPS[g])} for g in GROUPS],
        "months": [_month(told[0]), _month(told[1])] if told else None,
        "states": list(STATES.values()),
    }
    return await send_json(request, who, body)


async def shown_for(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, state: str | None,
) -> tuple[Shown, dict[str, Any]]:  # fmt: skip
    """What a caller is shown of a question: counts of what staff may see, or what the public was told."""
    if who.staff:
        return await _for_staff(request, db, layers, who, given=given, resolution=resolution, state=state)
    staff_ones = {name: given[name] for name in ("category", "channel", "ward")} | {"state": state}
    return await _for_public(
        request, db, layers, who, given=given, resolution=resolution, staff_ones=staff_ones
    )


async def _for_staff(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, state: str | None,
) -> tuple[Shown, dict[str, Any]]:  # fmt: skip
    level = resolution_in(resolution)
    states = _states(state)
    question = await asked(request, db, layers, who, given)
    days = (question.wanted.end - question.wanted.start).days
    counts = question.facts.by_cell(question.wanted, level)
    parameters = question.parameters(resolution=level, method=COUNTED)
    if not states:
        plain = (counts.incidents.astype(np.float64), counts.contacts.astype(np.float64))
        return Shown(counts.cells, *plain, days), parameters
    ground = await ground_of(request, db, layers, who, level)
    values = ground.spread(counts.cells, counts.incidents)
    found = await asyncio.to_thread(significance, values, ground.weights)
    shown = Shown(ground.cells, values, ground.spread(counts.cells, counts.contacts), days, found)
    wanted = [level for level, name in STATES.items() if name in states]
    outside = int(counts.incidents[ground.places(counts.cells) < 0].sum())
    parameters |= {"state": sorted(states), "significance": {**GI, "cells": len(values), "outside": outside}}
    return shown.only(np.isin(found.level, wanted)), parameters


async def _for_public(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question,
    resolution: str | None, staff_ones: dict[str, str | None],
) -> tuple[Shown, dict[str, Any]]:  # fmt: skip
    for name, value in staff_ones.items():
        if value:
            raise InvalidInput(
                name,
                value,
                "để trống; công chúng chọn theo nhóm (group) và theo tháng, cán bộ cần đăng nhập",
                "none; the public chooses a group and months, staff sign in",
            )
    level = resolution_in(resolution, FINEST)
    chosen = group_in(given["group"])
    start, end = _month_in("from", given["from"]), _month_in("to", given["to"])
    async with db.read(who) as connection:
        told = await told_months(connection)
        until = _next(told[1]) if told else _first_of_this_year()
        end = end or until
        start = start or date(end.year - 1, end.month, 1)
        check_order(start, end)
        found = await read_told(connection, start, end, chosen)
    ground = await ground_of(request, db, layers, who, FINEST)
    shares = await asyncio.to_thread(spread, found, ground.cells, level)
    cells = np.array(list(shares), dtype=np.int64)
    values = np.array(list(shares.values()), dtype=np.float64).reshape(-1, 2)
    shown = Shown(cells, values[:, 0], values[:, 1], (end - start).days)
    parameters = {
        "audience": "public",
        "from": start_of(start).isoformat(),
        "to": start_of(end).isoformat(),
        "told": [_month(told[0]), _month(told[1])] if told else None,
        "group": chosen,
        "mixed": sum(atom.incidents for atom in found if atom.group == MIXED),
        "resolution": level,
        "method": TOLD,
    }
    return shown, parameters


async def _sent(
    request: Request, who: Caller, form: str, shown: Shown, parameters: dict[str, Any]
) -> Response:
    if form == "arrow":
        data = await asyncio.to_thread(arrow_table, shown, parameters)
        return await send(request, who, data, ARROW, "diem-nong.arrow")
    if form == "csv":
        return await send_csv(request, who, csv_table(shown))
    body = await asyncio.to_thread(feature_collection, shown, parameters)
    return await send(request, who, body.encode(), GEOJSON)


def _format(text: str | None) -> str:
    form = text or "geojson"
    if form not in FORMATS:
        raise InvalidInput("f", form, ", ".join(FORMATS), ", ".join(FORMATS))
    return form


def _states(text: str | None) -> set[str]:
    if not text:
        return set()
    names = set(text.split(","))
    if names == {"all"}:
        return set(STATES.values())
    if not names <= set(STATES.values()):
        shown = ", ".join((*STATES.values(), "all"))
        raise InvalidInput("state", text, shown, shown)
    return names


def _month_in(parameter: str, text: str | None) -> date | None:
    day = day_in(parameter, text)
    if day is not None and day.day != 1:
        raise InvalidInput(
            parameter,
            text,
            "ngày đầu tháng, ví dụ 2026-07-01; cán bộ đăng nhập để chọn từng ngày",
            "the first day of a month, e.g. 2026-07-01; staff sign in to choose days",
        )
    return day


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _first_of_this_year() -> date:
    from geo.calendar import today_ict

    return date(today_ict().year, 1, 1)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
