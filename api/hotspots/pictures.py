"""Hotspots for maps of others: vector tiles of cells, picture tiles and a GeoTIFF of the density."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, cast

import h3
from fastapi import APIRouter, Request, Response

from api.definition import sends
from api.deps import Db, Layers, Who
from api.hotspots.ask import ground_of, resolution_in
from api.hotspots.given import Bandwidth, Given, Question, Resolution, State
from api.hotspots.send import send
from api.hotspots.shown import shown_for
from geo.calendar import today_ict
from geo.errors import InvalidInput, NotFound
from geo.hotspots import RESOLUTION
from geo.hotspots.atoms import FINEST
from geo.hotspots.mvt import ZOOM_MAX, resolution_at, tile_of
from geo.hotspots.picture import png_tile
from geo.hotspots.plane import BANDWIDTHS_M, DEFAULT_BANDWIDTH_M
from geo.hotspots.surface import Surface, geotiff, surface
from geo.types import TileId, parse_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from geo.catalogue import Catalogue
    from geo.database import Caller, Database
    from geo.hotspots.answer import Shown

router = APIRouter(tags=["hotspots"])

MVT = "application/vnd.mapbox-vector-tile"
GEOTIFF = "image/tiff; application=geotiff"
# Of one question many tiles are asked for; the counting and the surface are made once.
KEPT_MAX = 24


@router.get("/api/hotspots/tiles/{z}/{x}/{y}.mvt", summary="Ô lục giác dạng vector tile", **sends(MVT))
async def tile(
    *, request: Request, db: Db, layers: Layers, who: Who, given: Given, z: str, x: str, y: str,
    state: State = None, resolution: Resolution = None,
) -> Response:  # fmt: skip
    """Layer ``hotspots``: ``cell``, ``incidents``, ``contacts``, ``rate``, ``state`` where asked.

    The resolution follows the zoom where none is asked for; a feature's id is the H3 index.
    """
    place = _tile(z, x, y)
    finest = RESOLUTION if who.staff else FINEST
    level = resolution_at(place.z, finest) if resolution is None else resolution_in(resolution, finest)
    shown, _ = await _shown(request, db, layers, who, given=given, state=state, level=level)
    data = await asyncio.to_thread(tile_of, shown, place)
    return await send(request, who, data, MVT)


@router.get("/api/hotspots/density/{z}/{x}/{y}.png", summary="Mật độ dạng ảnh", **sends("image/png"))
async def density_tile(
    *, request: Request, db: Db, layers: Layers, who: Who, given: Given, z: str, x: str, y: str,
    bandwidth_m: Bandwidth = None,
) -> Response:  # fmt: skip
    """Reports per km² and 30 days in a ramp that is the same for every zoom, period and filter."""
    place = _tile(z, x, y)
    made = await surface_for(request, db, layers, who, given=given, bandwidth_m=bandwidth_in(bandwidth_m))
    data = await asyncio.to_thread(png_tile, made, place)
    return await send(request, who, data, "image/png")


@router.get("/api/hotspots/density.tif", summary="Mật độ dạng GeoTIFF", **sends(GEOTIFF))
async def density_file(
    *, request: Request, db: Db, layers: Layers, who: Who, given: Given, bandwidth_m: Bandwidth = None
) -> Response:
    """A Cloud Optimized GeoTIFF, 100 m cells, with all parameters in the tag ``diaban``."""
    made = await surface_for(request, db, layers, who, given=given, bandwidth_m=bandwidth_in(bandwidth_m))
    data = await asyncio.to_thread(geotiff, made)
    return await send(request, who, data, GEOTIFF, "mat-do.tif")


async def surface_for(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question, bandwidth_m: int
) -> Surface:
    """The density of a question; made once for all its tiles. 404 without wards."""
    level = RESOLUTION if who.staff else FINEST
    shown, parameters = await _shown(request, db, layers, who, given=given, state=None, level=level)
    ground = await ground_of(request, db, layers, who, level)
    if ground.outline.is_empty:
        raise NotFound("Chưa có ranh giới xã, phường.", "There are no boundaries of wards yet.")
    units = layers.epoch("admin_units", who), today_ict()
    key = ("surface", who.policy_class, repr(parameters), bandwidth_m, units)

    async def make() -> Surface:
        edge_m = float(h3.average_hexagon_edge_length(level, "m"))
        return await asyncio.to_thread(
            surface, ground.plane, shown.cells, shown.incidents, edge_m=edge_m, days=shown.days,
            bandwidth_m=bandwidth_m, parameters=parameters,
        )  # fmt: skip

    return await _once(request, key, make)


async def _shown(
    request: Request, db: Database, layers: Catalogue, who: Caller, *, given: Question, state: str | None,
    level: int,
) -> tuple[Shown, dict[str, Any]]:  # fmt: skip
    """What a question shows at a resolution; the same question by the same class is counted once."""

    async def count() -> tuple[Shown, dict[str, Any]]:
        return await shown_for(request, db, layers, who, given=given, resolution=str(level), state=state)

    if not who.staff:  # what was told is few lines, and a month may be added at any time
        return await count()
    version = layers.epoch("reports", who), layers.epoch("admin_units", who)
    return await _once(request, ("shown", who.policy_class, version, level, state, *given.values()), count)


async def _once[T](request: Request, key: object, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What was made under a key, or what is being made: a map asks for all its tiles at the same moment."""
    state = request.app.state
    if not hasattr(state, "hotspot_pictures"):
        state.hotspot_pictures = OrderedDict()
    kept = cast("OrderedDict[object, asyncio.Task[T]]", state.hotspot_pictures)
    if key not in kept:
        kept[key] = asyncio.create_task(make())
        while len(kept) > KEPT_MAX:
            kept.popitem(last=False)
    kept.move_to_end(key)
    task = kept[key]
    try:
        # Whoever goes away does not take the work from the others.
        return await asyncio.shield(task)
    finally:
        if task.done() and (task.cancelled() or task.exception()) and kept.get(key) is task:
            del kept[key]


def _tile(z: str, x: str, y: str) -> TileId:
    place = TileId.parse(z, x, y)
    if place.z > ZOOM_MAX:
        raise InvalidInput("z", place.z, f"0 … {ZOOM_MAX}", f"0 … {ZOOM_MAX}")
    return place


def bandwidth_in(text: str | None) -> int:
    """The bandwidth of a request, metres."""
    return DEFAULT_BANDWIDTH_M if text is None else parse_integer("bandwidth_m", text, *BANDWIDTHS_M)
