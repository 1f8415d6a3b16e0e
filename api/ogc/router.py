"""The routes of /ogc. Each handler: caller, strict parameters, then a page or features."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Response
from pygeoapi.api import conformance, describe_collections, get_collection_schema, landing_page, openapi_
from pygeoapi.api.itemtypes import get_collection_item, get_collection_items, get_collection_queryables

from api import deps
from api.caching import OPEN, freshness
from api.ogc import documents, parameters
from api.ogc.config import PLACEHOLDER
from api.ogc.items import collection_members, collection_text, item_text
from api.ogc.links import item_links, page_links
from api.ogc.negotiation import FORMATS, PLAIN, chosen_format, chosen_language
from api.ogc.outline import outline
from api.ogc.pages import Ask, html, linked_data, page
from api.ogc.published import Door
from geo.errors import InvalidInput
from geo.features import CRS84, FeatureQuery, columns_for, parse_crs, read_item, read_page

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from fastapi import Request

    from api.ogc.negotiation import Format
    from geo.database import Caller
    from geo.features import Page
    from layers.description import Layer

HOST = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~/-]*)?")
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "html": "text/html",
    "jsonld": "application/ld+json",
}
GEOJSON = "application/geo+json"
SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
STYLE = Path(__file__).with_name("static") / "ogc.css"

router = APIRouter()


async def _ask(
    request: Request, params: Mapping[str, str], caller: Caller, formats: tuple[Format, ...] = FORMATS
) -> Ask:
    state = request.app.state
    if not hasattr(state, "ogc"):
        state.ogc = Door(state.settings, state.db, state.catalogue)
    door = cast("Door", state.ogc)
    return Ask(
        door=door,
        published=await door.published(),
        caller=caller,
        fmt=chosen_format(params, request.headers.get("accept", ""), formats),
        language=chosen_language(params, request.headers.get("accept-language", "")),
    )


def _answer(request: Request, ask: Ask, body: bytes, media_type: str | None = None, **more: str) -> Response:
    """``body`` with the server's address in it and the headers that every answer has."""
    base = deps.base_url(request)
    if not HOST.fullmatch(base):
        raise InvalidInput("Host", base, "tên máy chủ", "a host name")
    headers = {
        "Content-Language": ask.language,
        "Vary": "Accept, Accept-Language, Authorization",
        **OPEN,
        **freshness(ask.caller),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    kind = media_type if media_type and ask.fmt == "json" else MEDIA_TYPES[ask.fmt]
    return Response(body.replace(PLACEHOLDER.encode(), base.encode()), headers=headers, media_type=kind)


async def _page_ask(request: Request, formats: tuple[Format, ...] = FORMATS) -> Ask:
    params = parameters.read(request.query_params, parameters.PAGE)
    return await _ask(request, params, await deps.caller(request), formats)


def _layer(request: Request, ask: Ask) -> Layer:
    return ask.door.catalogue.layer(request.path_params["layer"])


async def landing(request: Request) -> Response:
    """GET /ogc."""
    ask = await _page_ask(request)
    refine = partial(documents.landing, language=ask.language)
    return _answer(request, ask, await page(ask, landing_page, (), refine, "landing_page.html"))


async def openapi(request: Request) -> Response:
    """GET /ogc/openapi."""
    ask = await _page_ask(request, PLAIN)
    return _answer(request, ask, await page(ask, openapi_, (), dict, "openapi/swagger.html"), OPENAPI)


async def conforms(request: Request) -> Response:
    """GET /ogc/conformance."""
    ask = await _page_ask(request, PLAIN)
    return _answer(request, ask, await page(ask, conformance, (), documents.conformance, "conformance.html"))


async def collections(request: Request) -> Response:
    """GET /ogc/collections."""
    ask = await _page_ask(request)
    refine = partial(documents.collections, layers=ask.published.layers, language=ask.language)
    return _answer(request, ask, await page(ask, describe_collections, (), refine, "collections/index.html"))


async def collection(request: Request) -> Response:
    """GET /ogc/collections/{layer}."""
    ask = await _page_ask(request)
    layer = _layer(request, ask)
    refine = partial(documents.collection, layer=layer, language=ask.language)
    template = "collections/collection.html"
    return _answer(request, ask, await page(ask, describe_collections, (layer.name,), refine, template))


async def queryables(request: Request) -> Response:
    """GET /ogc/collections/{layer}/queryables."""
    ask = await _page_ask(request, PLAIN)
    layer = _layer(request, ask)
    refine = partial(documents.queryables, layer=layer, caller=ask.caller, language=ask.language)
    template = "collections/queryables.html"
    body = await page(ask, get_collection_queryables, (layer.name,), refine, template)
    return _answer(request, ask, body, SCHEMA)


async def schema(request: Request) -> Response:
    """GET /ogc/collections/{layer}/schema."""
    ask = await _page_ask(request, PLAIN)
    layer = _layer(request, ask)
    refine = partial(documents.schema, layer=layer)
    body = await page(ask, get_collection_schema, (layer.name,), refine, "collections/schema.html")
    return _answer(request, ask, body, SCHEMA)


async def items(request: Request) -> Response:
    """GET /ogc/collections/{layer}/items: GeoJSON goes from SQL to the wire, other forms through pygeoapi."""
    layer = deps.catalogue(request).layer(request.path_params["layer"])
    caller = await deps.caller(request)
    columns = columns_for(layer, caller)
    params = parameters.read(request.query_params, dict.fromkeys((*parameters.ITEMS, *columns)))
    query = parameters.feature_query(params, columns, valid_time=layer.valid_time)
    ask = await _ask(request, params, caller)
    crs = f"<{query.crs.uri}>"
    if ask.fmt == "jsonld":
        body = await linked_data(ask, get_collection_items, (layer.name,), query)
        return _answer(request, ask, body, Content_Crs=crs)
    found = await _read(ask, layer, query)
    links = page_links(layer, params, query, found, fmt=ask.fmt, language=ask.language)
    if ask.fmt == "json":
        text = collection_text(found, query, params.get("limit"), links)
        return _answer(request, ask, text.encode(), GEOJSON, Content_Crs=crs)
    document = {
        **collection_members(found, query, params.get("limit"), links),
        "features": [json.loads(feature) for feature in found.features],
        "layer": _texts(ask, layer),
    }
    return _answer(request, ask, await html(ask, "collections/items/index.html", document), Content_Crs=crs)


async def _read(ask: Ask, layer: Layer, query: FeatureQuery) -> Page:
    crowds = ask.door.crowds
    key = crowds.key(layer, ask.caller, query.filter)
    count = not crowds.known(key)
    found = await read_page(ask.door.database, ask.caller, layer, query, count=count)
    if count:
        crowds.learn(key, found)
    return found


async def item(request: Request) -> Response:
    """GET /ogc/collections/{layer}/items/{id}."""
    params = parameters.read(request.query_params, parameters.ITEM)
    ask = await _ask(request, params, await deps.caller(request))
    layer, identifier = _layer(request, ask), request.path_params["id"]
    crs = parse_crs("crs", params["crs"]) if "crs" in params else CRS84
    header = f"<{crs.uri}>"
    if ask.fmt == "jsonld":
        query = FeatureQuery(crs=crs)
        body = await linked_data(ask, get_collection_item, (layer.name, identifier), query)
        return _answer(request, ask, body, Content_Crs=header)
    feature = await read_item(ask.door.database, ask.caller, layer, identifier, crs)
    links = item_links(layer, identifier, ask.fmt, ask.language)
    if ask.fmt == "json":
        return _answer(request, ask, item_text(feature, links).encode(), GEOJSON, Content_Crs=header)
    document = {**json.loads(feature), "links": links, "layer": _texts(ask, layer)}
    document["outline"] = outline(document["geometry"], flipped=crs.latitude_first)
    return _answer(request, ask, await html(ask, "collections/items/item.html", document), Content_Crs=header)


def _texts(ask: Ask, layer: Layer) -> dict[str, object]:
    """What templates say of a layer: its words and, by property, title, unit and the words of codes."""
    language = ask.language
    columns = columns_for(layer, ask.caller)
    coded = {field.name: layer.codes[field.codes] for field in layer.fields if field.codes}
    return {
        "name": layer.name,
        "title": getattr(layer.title, language),
        "label": layer.label if layer.label in columns else None,
        "owner": getattr(layer.owner, language),
        "licence": getattr(layer.licence, language),
        "titles": {name: getattr(column.title, language) for name, column in columns.items()},
        "units": {name: column.unit for name, column in columns.items() if column.unit},
        "codes": {
            name: {code.code: getattr(code.title, language) for code in coded[name]}
            for name in columns
            if name in coded
        },
    }


async def style(_: Request) -> Response:
    """GET /ogc/static/ogc.css."""
    kept = {"Cache-Control": "public, max-age=3600"}
    return Response(STYLE.read_bytes(), media_type="text/css", headers=kept)


ROUTES: dict[str, Callable[[Request], Awaitable[Response]]] = {
    "/ogc": landing,
    "/ogc/": landing,
    "/ogc/openapi": openapi,
    "/ogc/conformance": conforms,
    "/ogc/collections": collections,
    "/ogc/collections/{layer}": collection,
    "/ogc/collections/{layer}/queryables": queryables,
    "/ogc/collections/{layer}/schema": schema,
    "/ogc/collections/{layer}/items": items,
    "/ogc/collections/{layer}/items/{id}": item,
    "/ogc/static/ogc.css": style,
}
for path, endpoint in ROUTES.items():
    # Plain Starlette routes: FastAPI reads parameters itself and answers 422 where the standard says 400.
    router.add_route(path, endpoint, methods=["GET", "HEAD"])
