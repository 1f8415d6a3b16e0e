"""What staff ask beside the map: wards, hours and days, the reports of a cell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.deps import Db, Layers, Who
from api.hotspots.ask import asked, cell_in, ground_of, staff_only
from api.hotspots.given import GivenByStaff, Ward
from api.hotspots.send import send_json
from geo.calendar import start_of
from geo.errors import NotFound
from geo.hotspots import RESOLUTION
from geo.hotspots.cells import as_text, children, resolution_of
from geo.hotspots.wards import ranked, ward_of_cells

if TYPE_CHECKING:
    import numpy as np

    from geo.hotspots.ground import Ground

router = APIRouter(tags=["hotspots"])

CELL_REPORTS_MAX = 200
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
async def wards(request: Request, db: Db, layers: Layers, who: Who, given: GivenByStaff) -> Response:
    """Today's wards by incidents per 1,000 people and 30 days, shrunk towards the mean."""
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
    *, request: Request, db: Db, layers: Layers, who: Who, given: GivenByStaff, ward: Ward = None,
    cell: Annotated[str | None, Query(description="Ô H3 / cell")] = None,
) -> Response:  # fmt: skip
    """Incidents and contacts as 7 rows (Monday first) of 24 hours, Vietnamese time; and by day."""
    question = await asked(request, db, layers, who, given | {"ward": ward, "cell": cell})
    incidents, contacts = question.facts.by_hour(question.wanted)
    body = {
        "parameters": question.parameters(),
        "incidents": incidents.tolist(),
        "contacts": contacts.tolist(),
        "days": question.facts.by_day(question.wanted).tolist(),
    }
    return await send_json(request, who, body)


@router.get("/api/hotspots/cells/{cell}/reports", summary="Các phản ánh của một ô")
async def reports_of_cell(
    *, request: Request, db: Db, layers: Layers, who: Who, cell: str, given: GivenByStaff
) -> Response:
    """The newest reports in a cell, each only if the caller may see that row; at most 200."""
    found = cell_in("cell", cell)
    if found is None:
        raise NotFound("Không có ô này.", "No such cell.")
    question = await asked(request, db, layers, staff_only(who), given)
    wanted = question.wanted
    resolution = resolution_of(found)
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
