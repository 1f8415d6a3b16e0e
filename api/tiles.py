"""Vector tiles and TileJSON: ``/tiles/{layers}/{z}/{x}/{y}.mvt``, ``/tiles/{layers}.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.caching import OPEN, chosen_coding, freshness, matches
from api.deps import BaseUrl, Layers, Who, caller
from api.leaving import listening
from geo.calendar import parse_day
from geo.errors import InvalidInput
from geo.features import CRS84, columns_for, parse_crs, parse_filter
from geo.types import TileId
from tiles import metrics
from tiles.service import TileService
from tiles.tilejson import tilejson

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

    from geo.catalogue import Catalogue
    from geo.database import Caller
    from geo.features.cql2 import FilterLang, Predicate
    from layers.description import Layer
    from tiles.encoding import Coding

FILTER = ("filter", "filter-lang", "filter-crs")
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
MAX_LAYERS = 8
# The best first.
CODINGS: tuple[Coding, ...] = ("zstd", "gzip")

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
        _parameter("filter", "query", "CQL2 over the queryables of every one of the layers"),
        _parameter("filter-lang", "query", "cql2-text (default) or cql2-json"),
        _parameter("filter-crs", "query", "of the coordinates in the filter; CRS84 by default"),
    ]
}


@router.get("/{layers}/{z}/{x}/{y}.mvt", response_class=Response, openapi_extra=DOCUMENTED)
async def tile(request: Request) -> Response:
    """A tile of WebMercatorQuad as Mapbox Vector Tile 2.1, one MVT layer for each of ``layers``.

    204 where it is empty; 304 for a known ``If-None-Match``; errors: 400, 404, 422 (too costly), 503.
    """
    path = request.path_params
    place = TileId.parse(path["z"], path["x"], path["y"])
    return await answer_tile(request, asked_layers(request.app.state.catalogue, path["layers"]), place)


async def answer_tile(request: Request, wanted: list[Layer], place: TileId) -> Response:
    """The answer of every door that serves tiles: rights, ``datetime``, ``filter``, encodings, validators."""
    day = parse_day("datetime", request.query_params.get("datetime"))
    who = await caller(request)
    coding = chosen_coding(request.headers.get("accept-encoding", ""), CODINGS)
    filters = asked_filters(request.query_params, wanted, who)
    stored: Coding = coding or "gzip"
    tiles = service(request)
    encoded = None if filters else tiles.held(wanted, place, day, who, coding=stored)
    # RFC 9211: whoever warms the caches learns when nothing is left to do.
    kept = "diaban; hit" if encoded else "diaban; fwd=miss"
    if encoded is None:
        async with listening(request.receive):
            encoded = await tiles.tile(wanted, place, day, who, coding=stored, filters=filters)
    headers = {**freshness(who), **OPEN, "Vary": "Accept-Encoding, Authorization", "Cache-Status": kept}
    if not encoded.raw_length:
        return Response(status_code=204, headers=headers)
    # Each encoding is a representation of its own, with its own strong validator (RFC 9110, 8.8.3).
    headers["ETag"] = f'"{encoded.digest}"' if coding else f'"{encoded.digest}-i"'
    if matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if coding:
        headers["Content-Encoding"] = coding
    body = encoded.body() if coding else encoded.identity()
    metrics.SERVED_BYTES.inc(len(body))
    return Response(body, media_type=MEDIA_TYPE, headers=headers)


def asked_filters(params: QueryParams, wanted: list[Layer], who: Caller) -> dict[str, Predicate]:
    """``filter`` (CQL2) for each layer, over what the caller may know of it; ``InvalidInput`` else.

    A tile of several layers takes a filter that every one of them understands.
    """
    if "filter" not in params:
        if lone := next((name for name in FILTER if name in params), None):
            raise InvalidInput(lone, params[lone], "chỉ cùng với filter", "only together with filter")
        return {}
    lang = params.get("filter-lang", "cql2-text")
    if lang not in ("cql2-text", "cql2-json"):
        raise InvalidInput("filter-lang", lang, "cql2-text, cql2-json", "cql2-text, cql2-json")
    crs = parse_crs("filter-crs", params["filter-crs"]) if "filter-crs" in params else CRS84
    encoding: FilterLang = "cql2-json" if lang == "cql2-json" else "cql2-text"
    return {
        layer.name: parse_filter(params["filter"], encoding, columns_for(layer, who), crs) for layer in wanted
    }


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
    asked_filters(request.query_params, wanted, who)
    kept = {name: request.query_params[name] for name in FILTER if name in request.query_params}
    if datetime is not None:
        kept["datetime"] = parse_day("datetime", datetime).isoformat()
    query = f"?{urlencode(kept)}" if kept else ""
    bounds = await service(request).bounds(wanted)
    ladders = await service(request).ladders(wanted)
    notes = catalogue.notes(wanted)
    document: dict[str, Any] = tilejson(
        wanted, bounds, base_url, staff=who.staff, query=query, ladders=ladders, notes=notes
    )
    return JSONResponse(document, headers={"Cache-Control": "no-cache", **OPEN})
