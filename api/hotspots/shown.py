"""What a caller is shown of a question: counts of what staff may see, or what the public was told."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from api.hotspots.ask import asked, check_order, day_in, ground_of, group_in, resolution_in
from geo.calendar import start_of, today_ict
from geo.errors import InvalidInput
from geo.hotspots.answer import STATES, Shown
from geo.hotspots.atoms import FINEST, K, spread
from geo.hotspots.groups import MIXED
from geo.hotspots.release import read_told, told_months
from geo.hotspots.stats.gistar import significance

if TYPE_CHECKING:
    from fastapi import Request

    from api.hotspots.given import Question
    from geo.catalogue import Catalogue
    from geo.database import Caller, Database

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
        "told": [month_text(told[0]), month_text(told[1])] if told else None,
        "group": chosen,
        "mixed": sum(atom.incidents for atom in found if atom.group == MIXED),
        "resolution": level,
        "method": TOLD,
    }
    return shown, parameters


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
    return date(today_ict().year, 1, 1)


def month_text(day: date) -> str:
    """``2026-07``."""
    return f"{day:%Y-%m}"
