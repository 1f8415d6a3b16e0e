"""Vector tiles and TileJSON: ``/tiles/{layers}/{z}/{x}/{y}.mvt``, ``/tiles/{layers}.json``."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.datastructures import QueryParams

from api.caching import OPEN, chosen_coding, freshness, matches
from api.deps import BaseUrl, Layers, Who, caller
from api.leaving import Listening
from api.ogc.parameters import read
from geo.calendar import parse_day
from geo.database import Caller
from geo.errors import InvalidInput
from geo.features import CRS84, columns_for, parse_crs, parse_filter
from geo.types import TileId
from tiles import metrics
from tiles.tilejson import tilejson

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.features.cql2 import FilterLang, Predicate
    from layers.description import Layer
    from tiles.encoding import Coding
    from tiles.service import TileService

FILTER = ("filter", "filter-lang", "filter-crs")
TILESET = (*FILTER, "datetime")
# ``v``: the versions that the asker knows of, for caches on the way; here it changes nothing.
TILE = (*TILESET, "v")
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
MAX_LAYERS = 8
# The best first.
CODINGS: tuple[Coding, ...] = ("zstd", "gzip")
# Most requests have no query; reading none takes as long as finding the tile.
NO_QUERY = QueryParams()
ANONYMOUS = Caller.anonymous()

router = APIRouter(prefix="/tiles", tags=["tiles"])


def service(request: Request) -> TileService:
    """The worker's tiles."""
    return cast("TileService", request.app.state.tiles)


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
        _parameter("v", "query", "anything: another address for caches on the way, the same tile"),
    ]
}


@router.get("/{layers}/{z}/{x}/{y}.mvt", response_class=Response, openapi_extra=DOCUMENTED)
async def tile(request: Request) -> Response:
    """A tile of WebMercatorQuad as Mapbox Vector Tile 2.1, one MVT layer for each of ``layers``.

    204 where it is empty; 304 for a known ``If-None-Match``; errors: 400, 404, 422 (too costly), 503.
    """
    if request.scope["query_string"]:
        read(request, TILE)
    path = request.path_params
    place = TileId.parse(path["z"], path["x"], path["y"])
    return await answer_tile(request, asked_layers(request.app.state.catalogue, path["layers"]), place)


async def answer_tile(request: Request, wanted: list[Layer], place: TileId) -> Response:
    """The answer of every door that serves tiles: rights, ``datetime``, ``filter``, encodings, validators."""
    params = request.query_params if request.scope["query_string"] else NO_QUERY
    # The first of each name, as Starlette has it.
    sent: dict[bytes, bytes] = dict(reversed(request.scope["headers"]))
    day = parse_day("datetime", params.get("datetime"))
    who = await caller(request) if b"authorization" in sent else ANONYMOUS
    coding = chosen_coding(sent.get(b"accept-encoding", b"").decode("latin-1"), CODINGS)
    filters = asked_filters(params, wanted, who)
    stored: Coding = coding or "gzip"
    tiles = service(request)
    encoded = None if filters else tiles.held(wanted, place, day, who, coding=stored)
    held = encoded is not None
    if encoded is None:
        async with Listening(request.receive):
            encoded = await tiles.tile(wanted, place, day, who, coding=stored, filters=filters)
    # Each encoding is a representation of its own, with its own strong validator (RFC 9110, 8.8.3).
    etag = f'"{encoded.digest}"' if coding else f'"{encoded.digest}-i"'
    if not encoded.raw_length:
        response = Response(status_code=204)
    elif matches(sent.get(b"if-none-match", b"").decode("latin-1"), etag):
        response = Response(status_code=304)
    else:
        body = encoded.body() if coding else encoded.identity()
        metrics.SERVED_BYTES.inc(len(body))
        response = Response(body, media_type=MEDIA_TYPE)
    response.raw_headers += _headers(who, coding if response.body else None, held=held)
    if encoded.raw_length:
        response.raw_headers.append((b"etag", etag.encode()))
    return response


@lru_cache(maxsize=64)
def _headers(who: Caller, coding: Coding | None, *, held: bool) -> tuple[tuple[bytes, bytes], ...]:
    # RFC 9211: whoever warms the caches learns when nothing is left to do.
    kept = "diaban; hit" if held else "diaban; fwd=miss"
    said = {**freshness(who), **OPEN, "Vary": "Accept-Encoding, Authorization", "Cache-Status": kept}
    if coding:
        said["Content-Encoding"] = coding
    return tuple((name.lower().encode(), value.encode()) for name, value in said.items())


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
    read(request, TILESET)
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
