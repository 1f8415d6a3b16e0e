"""``GET /api/hotspots``: where reports concentrate, as hexagons with counts and how they were made."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Query, Request, Response

from api.caching import OPEN, accepts_gzip, freshness, matches
from api.deps import Db, Layers, Who
from geo.calendar import ICT, parse_instant
from geo.errors import InvalidInput
from geo.hotspots import (
    METHOD,
    RESOLUTIONS,
    Count,
    Window,
    counts,
    feature_collection,
    last_year_of_data,
    rolled_up,
    totals,
    touching,
)
from geo.types import Bbox, parse_integer

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Caller, Database

router = APIRouter(tags=["hotspots"])

LAYER = "reports"
DEFAULT_RESOLUTION = 8
# About 12 MB of GeoJSON, 1.5 MB zipped; a map of more cells shows nothing that a coarser one does not.
CELLS_MAX = 30_000
# Answers of the database kept by window, caller's rights and version of the data.
KEPT_MAX = 32
type Kept = OrderedDict[tuple[object, ...], list[Count]]


@router.get("/api/hotspots", summary="Mật độ phản ánh theo ô lục giác H3")
async def hotspots(
    *,
    request: Request,
    db: Db,
    layers: Layers,
    who: Who,
    from_: Annotated[
        str | None, Query(alias="from", description="Từ ngày hoặc thời điểm / from day or instant")
    ] = None,
    to: Annotated[str | None, Query(description="Đến (không gồm) / until, exclusive")] = None,
    category: Annotated[str | None, Query(description="Mã lĩnh vực, cách nhau bằng dấu phẩy / codes")] = None,
    bbox: Annotated[str | None, Query(description="tây,nam,đông,bắc / west,south,east,north")] = None,
    resolution: Annotated[str | None, Query(description="Độ phân giải H3, 5–9 / H3 resolution")] = None,
) -> Response:
    """Incidents and contacts by H3 cell as GeoJSON, with the parameters, method, n and version of the data.

    Without ``from`` and ``to``: the last 365 days of data. Cells at the edge of ``bbox`` keep their whole
    count.
    """
    level = _resolution(resolution)
    box = Bbox.parse(bbox) if bbox is not None else None
    categories = _categories(category, layers)
    version = layers.epoch(LAYER, who)
    window = await _window(db, who, from_, to, categories)
    stored = await _counted(request, db, who, window, version)
    shown = rolled_up(stored, level)
    if box is not None:
        shown = touching(shown, box)
    if len(shown) > CELLS_MAX:
        raise InvalidInput(
            "resolution", level, f"nhỏ hơn {level}, hoặc bbox nhỏ hơn", f"below {level}, or a smaller bbox"
        )
    parameters = {
        "from": window.start.astimezone(ICT).isoformat(),
        "to": window.end.astimezone(ICT).isoformat(),
        "category": list(categories),
        "bbox": box.as_tuple() if box else None,
        "resolution": level,
        "method": METHOD,
        "n": totals(shown),
        "data_version": version,
    }
    return await _answer(request, who, await asyncio.to_thread(feature_collection, shown, parameters))


async def _window(
    db: Database, who: Caller, start: str | None, end: str | None, categories: tuple[str, ...]
) -> Window:
    given_start = parse_instant("from", start) if start is not None else None
    given_end = parse_instant("to", end) if end is not None else None
    if given_start is None or given_end is None:
        async with db.read(who) as connection:
            default_start, default_end = await last_year_of_data(connection)
        given_start, given_end = given_start or default_start, given_end or default_end
    if given_start >= given_end:
        shown = f"{given_start.astimezone(ICT).isoformat()} / {given_end.astimezone(ICT).isoformat()}"
        raise InvalidInput("from,to", shown, "from trước to", "from before to")
    return Window(given_start, given_end, categories)


async def _counted(request: Request, db: Database, who: Caller, window: Window, version: int) -> list[Count]:
    state = request.app.state
    if not hasattr(state, "hotspot_counts"):
        state.hotspot_counts = OrderedDict()
    kept = cast("Kept", state.hotspot_counts)
    key = (who.policy_class, version, window)
    if key not in kept:
        async with db.read(who) as connection:
            kept[key] = await counts(connection, window)
        while len(kept) > KEPT_MAX:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _resolution(text: str | None) -> int:
    if text is None:
        return DEFAULT_RESOLUTION
    return parse_integer("resolution", text, RESOLUTIONS[0], RESOLUTIONS[-1])


def _categories(text: str | None, layers: Catalogue) -> tuple[str, ...]:
    if text is None or text == "":
        return ()
    layer = layers.layer(LAYER)
    known = [entry.code for entry in layer.codes[layer.field("category").codes or ""]]
    asked = text.split(",")
    if len(asked) > len(known) or not set(asked) <= set(known):
        listed = ", ".join(known)
        raise InvalidInput("category", text, listed, listed)
    return tuple(sorted(set(asked)))


async def _answer(request: Request, who: Caller, body: str) -> Response:
    data = body.encode()
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers: dict[str, Any] = {
        **OPEN,
        **freshness(who),
        "ETag": etag,
        "Vary": "Accept-Encoding, Authorization",
    }
    if matches(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    if accepts_gzip(request.headers.get("accept-encoding", "")):
        data = await asyncio.to_thread(gzip.compress, data, 3, mtime=0)
        headers["Content-Encoding"] = "gzip"
        headers["ETag"] = f"W/{etag}"
    return Response(data, headers=headers, media_type="application/geo+json")
