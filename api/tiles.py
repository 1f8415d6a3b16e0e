"""Vector tiles and TileJSON: ``/tiles/{layers}/{z}/{x}/{y}.mvt``, ``/tiles/{layers}.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.caching import OPEN, accepts_gzip, freshness, matches
from api.deps import BaseUrl, Layers, Who, caller
from geo.calendar import parse_day
from geo.errors import InvalidInput
from geo.types import TileId
from tiles import metrics
from tiles.service import TileService
from tiles.tilejson import tilejson

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from layers.description import Layer

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
MAX_LAYERS = 8

router = APIRouter(prefix="/tiles", tags=["tiles"])


def service(request: Request) -> TileService:
    """The worker's tiles; made with the first request."""
    state = request.app.state
    if not hasattr(state, "tiles"):
        state.tiles = TileService(state.db, state.catalogue)
        state.broadcast.attach(state.tiles.purge)
    return cast("TileService", state.tiles)


def asked_layers(catalogue: Catalogue, names: str) -> list[Layer]:
    """The layers of a comma-separated list: 1 to 8, none twice; else ``InvalidInput`` or ``NotFound``."""
    parts = names.split(",")
    if len(parts) > MAX_LAYERS or len(set(parts)) != len(parts):
        raise InvalidInput(
            "layers",
            names,
            f"tối đa {MAX_LAYERS} lớp khác nhau, cách nhau bằng dấu phẩy",
            f"at most {MAX_LAYERS} different layers, separated by commas",
        )
    return [catalogue.layer(part) for part in parts]


def _parameter(name: str, place: str, description: str) -> dict[str, Any]:
    required = place == "path"
    kind = {"type": "string"}
    return {"name": name, "in": place, "required": required, "description": description, "schema": kind}


DOCUMENTED = {
    "parameters": [
        _parameter("layers", "path", "1 to 8 layers, separated by commas"),
        _parameter("z", "path", "zoom, 0 to 22"),
        _parameter("x", "path", "column from the west"),
        _parameter("y", "path", "row from the north"),
        _parameter("datetime", "query", "day of Vietnam's calendar, today by default, for valid time"),
    ]
}


@router.get("/{layers}/{z}/{x}/{y}.mvt", response_class=Response, openapi_extra=DOCUMENTED)
async def tile(request: Request) -> Response:
    """A tile of WebMercatorQuad as Mapbox Vector Tile 2.1, one MVT layer for each of ``layers``.

    204 where it is empty; 304 for a known ``If-None-Match``; errors: 400, 404, 422 (too costly), 503.
    """
    # Taken by hand: declared to the framework, these would cost as much again as the cached tile itself.
    path = request.path_params
    place = TileId.parse(path["z"], path["x"], path["y"])
    return await answer_tile(request, asked_layers(request.app.state.catalogue, path["layers"]), place)


async def answer_tile(request: Request, wanted: list[Layer], place: TileId) -> Response:
    """The answer of every door that serves tiles: rights, ``datetime``, encodings and validators alike."""
    day = parse_day("datetime", request.query_params.get("datetime"))
    who = await caller(request)
    encoded = await service(request).tile(wanted, place, day, who)
    headers = {**freshness(who), **OPEN, "Vary": "Accept-Encoding, Authorization"}
    if not encoded.raw_length:
        return Response(status_code=204, headers=headers)
    zipped = accepts_gzip(request.headers.get("accept-encoding", ""))
    # The two encodings are two representations: each has its own strong validator (RFC 9110, 8.8.3).
    headers["ETag"] = f'"{encoded.digest}"' if zipped else f'"{encoded.digest}-i"'
    if matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if zipped:
        headers["Content-Encoding"] = "gzip"
    body = encoded.gzip() if zipped else encoded.identity()
    metrics.SERVED_BYTES.inc(len(body))
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


@router.get("/{layers}.json")
async def tileset(
    *,
    request: Request,
    layers: str,
    catalogue: Layers,
    who: Who,
    base_url: BaseUrl,
    datetime: str | None = None,
) -> JSONResponse:
    """TileJSON 3.0.0 of the same layers: extent, zooms, what the attributes mean, where the tiles are."""
    wanted = asked_layers(catalogue, layers)
    query = ""
    if datetime is not None:
        query = "?" + urlencode({"datetime": parse_day("datetime", datetime).isoformat()})
    bounds = await service(request).bounds(wanted)
    ladders = await service(request).ladders(wanted)
    notes = catalogue.notes(wanted)
    document: dict[str, Any] = tilejson(
        wanted, bounds, base_url, staff=who.staff, query=query, ladders=ladders, notes=notes
    )
    return JSONResponse(document, headers={"Cache-Control": "no-cache", **OPEN})
