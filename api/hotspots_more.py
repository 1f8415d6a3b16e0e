"""What staff ask beside the map: wards, hours, days, emerging cells, two periods, the reports of a cell."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots import GEOJSON, Category, Channel, From, Resolution, To, Ward
from api.hotspots_ask import asked, cell_in, check_order, day_in, ground_of, resolution_in, staff_only
from api.hotspots_send import send, send_json
from geo.calendar import start_of
from geo.errors import InvalidInput, NotFound
from geo.hotspots import RESOLUTION
from geo.hotspots.answer import collection
from geo.hotspots.cells import as_text, children
from geo.hotspots.filters import Filter
from geo.hotspots.stats.compare import compared
from geo.hotspots.stats.emerging import KINDS, emerging, name_of
from geo.hotspots.wards import ranked, ward_of_cells
from geo.types import parse_integer

if TYPE_CHECKING:
    from api.hotspots_ask import Asked
    from geo.hotspots.ground import Ground

router = APIRouter(tags=["hotspots"])

CELL_REPORTS_MAX = 200
RECENT_STEPS = 4
_REPORTS = """
SELECT code, category, status, channel, received_at, incident_code, ward_name, left(text, 200),
       ST_X(geom), ST_Y(geom)
  FROM reports
 WHERE h3_9 COLLATE "C" >= %(low)s AND h3_9 COLLATE "C" <= %(high)s
   AND received_at >= %(start)s AND received_at < %(end)s
   AND (%(categories)s::text[] = '{}' OR category = ANY (%(categories)s))
   AND (%(channels)s::text[] = '{}' OR channel = ANY (%(channels)s))
 ORDER BY received_at DESC, code LIMIT %(limit)s
"""


@router.get("/api/hotspots/wards", summary="Xếp hạng xã, phường theo dân số")
async def wards(
    *, request: Request, db: Db, layers: Layers, who: Who, from_: From = None, to: To = None,
    category: Category = None, channel: Channel = None,
) -> Response:  # fmt: skip
    """Today's wards by incidents per 1,000 people and 30 days, shrunk towards the mean."""
    given = {"from": from_, "to": to, "category": category, "channel": channel}
    question = await asked(request, db, layers, who, given)
    ground = await ground_of(request, db, layers, who, RESOLUTION)
    counts = question.facts.by_cell(question.wanted, RESOLUTION)
    of_cell = await asyncio.to_thread(_wards_of, ground, counts.cells)
    days = (question.wanted.end - question.wanted.start).days
    rows = ranked(ground.wards, of_cell, counts.incidents, counts.contacts, days)
    method = {
        "wards": "of today; a report belongs to the ward that the middle of its H3 cell 9 lies in",
        "rate": "incidents / 1,000 people / 30 d",
        "shrunk_rate": "global empirical Bayes (Marshall 1991)",
    }
    body = {"parameters": question.parameters(method=method), "wards": [row.as_dict() for row in rows]}
    return await send_json(request, who, body)


@router.get("/api/hotspots/hours", summary="Theo giờ và thứ trong tuần")
async def hours(
    *, request: Request, db: Db, layers: Layers, who: Who, from_: From = None, to: To = None,
    category: Category = None, channel: Channel = None, ward: Ward = None,
    cell: Annotated[str | None, Query(description="Ô H3 / cell")] = None,
) -> Response:  # fmt: skip
    """Incidents and contacts as 7 rows (Monday first) of 24 hours, Vietnamese time; and by day."""
    given = {"from": from_, "to": to, "category": category, "channel": channel, "ward": ward, "cell": cell}
    question = await asked(request, db, layers, who, given)
    incidents, contacts = question.facts.by_hour(question.wanted)
    body = {
        "parameters": question.parameters(),
        "incidents": incidents.tolist(),
        "contacts": contacts.tolist(),
        "days": question.facts.by_day(question.wanted).tolist(),
    }
    return await send_json(request, who, body)


@router.get("/api/hotspots/emerging", summary="Ô mới nổi, kéo dài, giảm dần…", **sends(GEOJSON))
async def emerging_cells(
    *, request: Request, db: Db, layers: Layers, who: Who, to: To = None, category: Category = None,
    channel: Channel = None, resolution: Resolution = None,
    steps: Annotated[str | None, Query(description="Số bước, 10–104 / steps")] = None,
    step_days: Annotated[str | None, Query(description="Số ngày một bước, 1–31 / days a step")] = None,
    kind: Annotated[str | None, Query(description="new,consecutive,…; all: mọi ô / every cell")] = None,
) -> Response:  # fmt: skip
    """Cells by their history over ``steps`` steps that end with ``to`` (Esri's 17 classes)."""
    level = resolution_in(resolution)
    count = parse_integer("steps", steps, 10, 104) if steps is not None else 52
    days = parse_integer("step_days", step_days, 1, 31) if step_days is not None else 7
    kinds = _kinds(kind)
    question = await asked(request, db, layers, who, {"to": to, "category": category, "channel": channel})
    ground = await ground_of(request, db, layers, who, level)
    body = await asyncio.to_thread(emerging_body, question, ground, steps=count, step_days=days, kinds=kinds)
    return await send(request, who, body.encode(), GEOJSON)


def emerging_body(
    question: Asked, ground: Ground, *, steps: int, step_days: int, kinds: set[str] | None
) -> str:
    """GeoJSON of the cells of these kinds (None: every cell of the ground)."""
    wanted = question.wanted
    cube = question.facts.by_step(wanted, ground.resolution, ground.cells, steps, step_days).astype(
        np.float64
    )
    found = emerging(cube, ground.weights)
    names = [name_of(value) for value in found.kind.tolist()]
    keep = np.array([kinds is None or name.rpartition("_")[0] in kinds for name in names], dtype=bool)
    columns = {
        "kind": np.array(names, dtype=object),
        "trend": found.trend.round(3),
        "hot_steps": found.hot,
        "cold_steps": found.cold,
        "incidents": cube.sum(axis=1).astype(np.int64),
        "recent": cube[:, -RECENT_STEPS:].sum(axis=1).astype(np.int64),
    }
    start = wanted.end - timedelta(days=steps * step_days)
    parameters = question.parameters(
        resolution=ground.resolution, steps=steps, step_days=step_days, cells=len(ground.cells),
        n=int(cube.sum()), recent_steps=RECENT_STEPS, method="Gi* over the cube, FDR 0.05, Mann-Kendall",
    ) | {"from": start_of(start).isoformat()}  # fmt: skip
    chosen = {name: values[keep] for name, values in columns.items()}
    return collection(ground.cells[keep], chosen, parameters)


@router.get("/api/hotspots/compare", summary="So sánh hai giai đoạn", **sends(GEOJSON))
async def compare(
    *, request: Request, db: Db, layers: Layers, who: Who, from_: From = None, to: To = None,
    category: Category = None, channel: Channel = None, resolution: Resolution = None,
    from2: Annotated[str | None, Query(description="Giai đoạn trước, từ / earlier period, from")] = None,
    to2: Annotated[str | None, Query(description="Giai đoạn trước, đến (không gồm) / until")] = None,
) -> Response:  # fmt: skip
    """Cells in the period and in an earlier one (by default 364 days before), with significance."""
    level = resolution_in(resolution)
    given = {"from": from_, "to": to, "category": category, "channel": channel}
    first, last = day_in("from2", from2), day_in("to2", to2)
    question = await asked(request, db, layers, who, given)
    now = question.wanted
    # 364 days: the same weekdays, so that Sundays are not compared with Mondays.
    first = first or now.start - timedelta(days=364)
    last = last or first + (now.end - now.start)
    check_order(first, last)
    before = Filter(first, last, now.categories, now.channels)
    counts = [question.facts.by_cell(wanted, level) for wanted in (before, now)]
    cells = np.union1d(counts[0].cells, counts[1].cells)
    columns = [np.zeros(len(cells), dtype=np.int64) for _ in counts]
    for column, count in zip(columns, counts, strict=True):
        column[np.searchsorted(cells, count.cells)] = count.incidents
    lengths = (last - first).days, (now.end - now.start).days
    p, q = compared(columns[0].astype(float), columns[1].astype(float), *lengths)
    expected = columns[0] * (lengths[1] / lengths[0])
    change = np.sign(columns[1] - expected).astype(np.int64) * (q <= 0.05)
    shown = {
        "before": columns[0],
        "now": columns[1],
        "expected": expected.round(2),
        "p": p.round(5),
        "q": q.round(5),
        "change": change,
    }
    parameters = question.parameters(
        resolution=level, from2=start_of(first).isoformat(), to2=start_of(last).isoformat(),
        n={"before": int(columns[0].sum()), "now": int(columns[1].sum())},
        method="conditional binomial test of two Poisson rates, FDR 0.05",
    )  # fmt: skip
    body = await asyncio.to_thread(collection, cells, shown, parameters)
    return await send(request, who, body.encode(), GEOJSON)


@router.get("/api/hotspots/cells/{cell}/reports", summary="Các phản ánh của một ô")
async def reports_of_cell(
    *, request: Request, db: Db, layers: Layers, who: Who, cell: str, from_: From = None, to: To = None,
    category: Category = None, channel: Channel = None,
) -> Response:  # fmt: skip
    """The newest reports in a cell, each only if the caller may see that row; at most 200."""
    found = cell_in("cell", cell)
    if found is None:
        raise NotFound("Không có ô này.", "No such cell.")
    given = {"from": from_, "to": to, "category": category, "channel": channel}
    question = await asked(request, db, layers, staff_only(who), given)
    wanted = question.wanted
    resolution = (found >> 52) & 0xF
    inner = children(found, RESOLUTION) if resolution < RESOLUTION else (found,)
    values = {
        "low": as_text(inner[0]),
        "high": as_text(inner[-1]),
        "start": start_of(wanted.start),
        "end": start_of(wanted.end),
        "categories": list(wanted.categories),
        "channels": list(wanted.channels),
        "limit": CELL_REPORTS_MAX + 1,
    }
    async with db.read(who) as connection:
        rows = await (await connection.execute(_REPORTS, values)).fetchall()
    names = (
        "code",
        "category",
        "status",
        "channel",
        "received_at",
        "incident_code",
        "ward",
        "text",
        "lon",
        "lat",
    )
    body = {
        "cell": as_text(found),
        "parameters": question.parameters(),
        "more": len(rows) > CELL_REPORTS_MAX,
        "reports": [
            dict(zip(names, (*row[:4], row[4].isoformat(), *row[5:]), strict=True))
            for row in rows[:CELL_REPORTS_MAX]
        ],
    }
    return await send_json(request, who, body)


def _wards_of(ground: Ground, cells: np.ndarray[Any, np.dtype[np.int64]]) -> Any:  # noqa: ANN401
    return ward_of_cells(cells, ground.polygons)


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
