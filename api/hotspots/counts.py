"""``GET /api/hotspots``: where reports concentrate, as hexagons with counts, rates and significance.

Staff ask what they like of what their clearance shows. The public asks for whole months and fixed groups of
categories, and reads areas that hold at least five incidents each.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots.ask import cell_in
from api.hotspots.given import Box, Given, Resolution, State
from api.hotspots.send import send, send_csv, send_json
from api.hotspots.shown import month_text, shown_for
from geo.errors import InvalidInput
from geo.hotspots.answer import STATES, Shown, arrow_table, csv_table, feature_collection
from geo.hotspots.atoms import K
from geo.hotspots.cells import resolution_of
from geo.hotspots.groups import GROUPS, TITLES
from geo.hotspots.release import told_months
from geo.types import Bbox, parse_integer

if TYPE_CHECKING:
    from geo.database import Caller

router = APIRouter(tags=["hotspots"])

# About 12 MB of GeoJSON, 1.5 MB zipped; a map of more cells shows nothing that a coarser one does not.
CELLS_MAX = 60_000
MOST_MAX = 1_000
FORMATS = ("geojson", "arrow", "csv")
GEOJSON = "application/geo+json"
ARROW = "application/vnd.apache.arrow.file"


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
        "months": [month_text(told[0]), month_text(told[1])] if told else None,
        "states": list(STATES.values()),
    }
    return await send_json(request, who, body)


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
