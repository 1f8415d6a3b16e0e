"""The routes of tiles below /ogc."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from api import deps
from api.ogc import parameters
from api.ogc.config import OGC_URL
from api.ogc.exchange import answer, ask_for, asked_layer
from api.ogc.negotiation import PLAIN
from api.ogc.pages import html
from api.ogc.tiles import documents
from api.ogc.tiles.matrix import WEB_MERCATOR_QUAD, definition, within
from api.tiles import answer_tile, service
from geo.calendar import parse_day
from geo.errors import InvalidInput, NotFound
from geo.types import TileId

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fastapi import Request, Response

    from api.ogc.pages import Ask
    from layers.description import Layer

DATASET = "dataset"
PARAMETERS = ("f", "lang")
# What a tile depends on, beside its place.
TILE = ("datetime", "collections", "filter", "filter-lang", "filter-crs", "f")


async def matrix_sets(request: Request) -> Response:
    """GET /ogc/tileMatrixSets."""
    ask = await _ask(request)
    return await _page(
        request, ask, documents.matrix_sets(ask.language, html=ask.fmt == "html"), "matrix_sets"
    )


async def matrix_set(request: Request) -> Response:
    """GET /ogc/tileMatrixSets/{matrix_set}."""
    ask = await _ask(request)
    _known_set(request)
    return await _page(request, ask, definition(), "matrix_set")


async def tilesets(request: Request, *, dataset: bool) -> Response:
    """GET /ogc/tiles and /ogc/collections/{layer}/tiles."""
    ask = await _ask(request)
    root, title, _ = _subject(request, ask, dataset=dataset)
    document = documents.tilesets(root, title, ask.language, html=ask.fmt == "html")
    return await _page(request, ask, document, "tilesets")


async def tileset(request: Request, *, dataset: bool) -> Response:
    """GET …/tiles/{matrix_set}; what tiles depend on goes on into their address."""
    kept_on = tuple(name for name in TILE[:-1] if dataset or name != "collections")
    ask = await _ask(request, (*PARAMETERS, *kept_on))
    _known_set(request)
    root, title, layers = _subject(request, ask, dataset=dataset)
    kept = {name: request.query_params[name] for name in kept_on if name in request.query_params}
    if "datetime" in kept:
        kept["datetime"] = parse_day("datetime", kept["datetime"]).isoformat()
    document = documents.tileset(
        root,
        title,
        layers,
        ask.published.extents,
        await service(request).ladders(list(layers)),
        ask.door.catalogue.notes(layers),
        ask.language,
        staff=ask.caller.staff,
        html=ask.fmt == "html",
        query=f"?{urlencode(kept, safe=',')}" if kept else "",
    )
    return await _page(request, ask, document, "tileset")


async def tile(request: Request, *, dataset: bool) -> Response:
    """GET …/tiles/{matrix_set}/{matrix}/{row}/{column}: the bytes of ``/tiles``.

    404 outside the limits of the tileset (requirement 6), unless there is something after all: limits follow
    the extent of the public rows and may be a minute behind it. 204 within them where nothing is.
    """
    allowed = TILE if dataset else tuple(name for name in TILE if name != "collections")
    params = parameters.read(request, allowed)
    if params.get("f", "mvt") not in ("mvt", "pbf"):
        raise InvalidInput("f", params["f"], "mvt", "mvt")
    _known_set(request)
    path = request.path_params
    place = _place(path["matrix"], path["row"], path["column"])
    ask = await ask_for(request, {"f": "json"}, await deps.caller(request))
    _, _, layers = _subject(request, ask, dataset=dataset)
    response = await answer_tile(request, list(layers), place)
    bounds = documents.bounds_of(layers, ask.published.extents)
    if response.status_code == 204 and not within(
        bounds, *documents.zooms_of(layers), (place.z, place.y, place.x)
    ):
        raise NotFound(
            "Ô này nằm ngoài giới hạn của bộ ô bản đồ.", "The tile is outside the limits of the tileset."
        )
    return response


def _place(matrix: str, row: str, column: str) -> TileId:
    try:
        return TileId.parse(matrix, column, row)
    except InvalidInput as error:
        # In this address the parts have the standard's names.
        name = {"z": "tileMatrix", "y": "tileRow", "x": "tileCol"}[error.parameter]
        raise InvalidInput(name, error.value, error.allowed_vi, error.allowed_en) from None


def _subject(request: Request, ask: Ask, *, dataset: bool) -> tuple[str, str, Sequence[Layer]]:
    """The address of the tilesets, their title, and the layers within."""
    if not dataset:
        layer = asked_layer(request, ask)
        return f"{OGC_URL}/collections/{layer.name}/tiles", getattr(layer.title, ask.language), (layer,)
    return f"{OGC_URL}/tiles", documents.WORDS[DATASET][ask.language], _chosen(request, ask)


def _chosen(request: Request, ask: Ask) -> Sequence[Layer]:
    """The layers of ``collections``, else all that are shown from the start (all, where none is)."""
    asked = request.query_params.get("collections")
    layers = ask.published.layers
    if not layers:
        raise NotFound("Chưa có lớp nào được công bố.", "No layer is published yet.")
    if asked is None:
        return [layer for layer in layers.values() if layer.shown] or list(layers.values())
    names = asked.split(",")
    if len(set(names)) != len(names) or not set(names) <= set(layers):
        listed = ", ".join(layers)
        raise InvalidInput("collections", asked, f"mỗi lớp một lần: {listed}", f"each once of: {listed}")
    return [layers[name] for name in names]


def _known_set(request: Request) -> None:
    if request.path_params["matrix_set"] != WEB_MERCATOR_QUAD:
        raise NotFound(
            f"Chỉ có lưới chia ô {WEB_MERCATOR_QUAD}.", f"The only tile matrix set is {WEB_MERCATOR_QUAD}."
        )


async def _ask(request: Request, allowed: tuple[str, ...] = PARAMETERS) -> Ask:
    params = parameters.read(request, allowed)
    return await ask_for(request, params, await deps.caller(request), PLAIN)


async def _page(request: Request, ask: Ask, document: documents.Document, template: str) -> Response:
    if ask.fmt == "html":
        return answer(ask, await html(ask, f"tiles/{template}.html", document))
    return answer(ask, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


_SET = "{matrix_set}"
_TILE = f"{_SET}/{{matrix}}/{{row}}/{{column}}"
ROUTES: dict[str, Callable[[Request], Awaitable[Response]]] = {
    "/ogc/tileMatrixSets": matrix_sets,
    f"/ogc/tileMatrixSets/{_SET}": matrix_set,
    "/ogc/tiles": partial(tilesets, dataset=True),
    f"/ogc/tiles/{_SET}": partial(tileset, dataset=True),
    f"/ogc/tiles/{_TILE}": partial(tile, dataset=True),
    "/ogc/collections/{layer}/tiles": partial(tilesets, dataset=False),
    f"/ogc/collections/{{layer}}/tiles/{_SET}": partial(tileset, dataset=False),
    f"/ogc/collections/{{layer}}/tiles/{_TILE}": partial(tile, dataset=False),
}
