"""The routes of the catalogue: tried before those of layers, whose names they would be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from api import deps
from api.ogc import parameters
from api.ogc.exchange import answer, ask_for
from api.ogc.negotiation import PLAIN
from api.ogc.pages import html
from api.ogc.records import documents
from api.ogc.records.loaded import landed
from api.ogc.records.record import layer_record, loaded_record, service_record
from api.ogc.records.search import OFFERED, PARAMETERS, found, read_search
from geo.errors import NotFound
from geo.features import parse_crs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request, Response

    from api.ogc.pages import Ask
    from api.ogc.records.record import Record


async def records(ask: Ask) -> list[Record]:
    """The catalogue as the caller may know it: layers in drawing order, services, what was loaded."""
    published, language = ask.published, ask.language
    catalogue = ask.door.catalogue
    listed = [
        layer_record(layer, published.extents[name], catalogue.note(name) or layer.approximate, language)
        for name, layer in published.layers.items()
    ]
    listed.append(service_record(ask.door.settings, language))
    for one in await landed(ask.door.database, ask.caller):
        if one.layer in published.layers:
            listed.append(loaded_record(one, published.layers[one.layer], language))
    return listed


async def collection(request: Request) -> Response:
    """GET /ogc/collections/catalogue."""
    ask = await _ask(request)
    document = documents.collection_document(ask.language, html=ask.fmt == "html")
    return await _page(request, ask, document, "collection")


async def queryables(request: Request) -> Response:
    """GET /ogc/collections/catalogue/queryables."""
    ask = await _ask(request)
    return await _page(request, ask, documents.queryables(ask.language), "queryables", documents.SCHEMA)


async def sortables(request: Request) -> Response:
    """GET /ogc/collections/catalogue/sortables."""
    ask = await _ask(request)
    return await _page(request, ask, documents.sortables(ask.language), "sortables", documents.SCHEMA)


async def items(request: Request) -> Response:
    """GET /ogc/collections/catalogue/items."""
    params = parameters.read(request, PARAMETERS)
    wanted = read_search(params)
    ask = await ask_for(request, params, await deps.caller(request), PLAIN)
    matching = found(await records(ask), wanted)
    document = documents.page(matching, wanted, params, ask.language, html=ask.fmt == "html")
    return await _page(request, ask, document, "items", documents.GEOJSON, Content_Crs=_crs_header())


async def item(request: Request) -> Response:
    """GET /ogc/collections/catalogue/items/{id}."""
    params = parameters.read(request, parameters.ITEM)
    if "crs" in params:
        parse_crs("crs", params["crs"], OFFERED)
    ask = await ask_for(request, params, await deps.caller(request), PLAIN)
    asked = request.path_params["id"]
    record = next((one for one in await records(ask) if one.id == asked), None)
    if record is None:
        raise NotFound("Danh mục không có mục này.", "The catalogue has no such record.")
    document = documents.record_document(record, ask.language, html=ask.fmt == "html")
    return await _page(request, ask, document, "item", documents.GEOJSON, Content_Crs=_crs_header())


def _crs_header() -> str:
    return f"<{next(iter(OFFERED))}>"


async def _ask(request: Request) -> Ask:
    params = parameters.read(request, parameters.PAGE)
    return await ask_for(request, params, await deps.caller(request), PLAIN)


async def _page(
    request: Request,
    ask: Ask,
    document: dict[str, Any],
    template: str,
    kind: str | None = None,
    **headers: str,
) -> Response:
    if ask.fmt == "html":
        return answer(ask, await html(ask, f"records/{template}.html", document), **headers)
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return answer(ask, body, kind, **headers)


_ROOT = f"/ogc/collections/{documents.CATALOGUE}"
ROUTES: dict[str, Callable[[Request], Awaitable[Response]]] = {
    _ROOT: collection,
    f"{_ROOT}/queryables": queryables,
    f"{_ROOT}/sortables": sortables,
    f"{_ROOT}/items": items,
    f"{_ROOT}/items/{{id}}": item,
}
