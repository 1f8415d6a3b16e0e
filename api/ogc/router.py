"""The routes of /ogc, and its pages about the data."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Response
from pygeoapi.api import conformance, describe_collections, get_collection_schema, landing_page, openapi_
from pygeoapi.api.itemtypes import get_collection_queryables

from api.ogc import documents, editing
from api.ogc.exchange import answer, asked_layer, page_ask
from api.ogc.features import item, items
from api.ogc.negotiation import PLAIN
from api.ogc.pages import page
from api.ogc.processes.router import ACTIONS as PROCESS_ACTIONS
from api.ogc.processes.router import ROUTES as PROCESSES
from api.ogc.records.router import ROUTES as RECORDS
from api.ogc.tiles.router import ROUTES as TILES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import Request

    type Door = Callable[[Request], Awaitable[Response]]

SCHEMA = "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"
STYLE = Path(__file__).with_name("static") / "ogc.css"

router = APIRouter()


async def landing(request: Request) -> Response:
    """GET /ogc."""
    ask = await page_ask(request)
    refine = partial(documents.landing, language=ask.language)
    return answer(ask, await page(ask, landing_page, (), refine, "landing_page.html"))


async def openapi(request: Request) -> Response:
    """GET /ogc/openapi."""
    ask = await page_ask(request, PLAIN)
    return answer(ask, await page(ask, openapi_, (), dict, "openapi/swagger.html"), OPENAPI)


async def conforms(request: Request) -> Response:
    """GET /ogc/conformance."""
    ask = await page_ask(request, PLAIN)
    return answer(ask, await page(ask, conformance, (), documents.conformance, "conformance.html"))


async def collections(request: Request) -> Response:
    """GET /ogc/collections."""
    ask = await page_ask(request)
    refine = partial(documents.collections, layers=ask.published.layers, language=ask.language)
    return answer(ask, await page(ask, describe_collections, (), refine, "collections/index.html"))


async def collection(request: Request) -> Response:
    """GET /ogc/collections/{layer}."""
    ask = await page_ask(request)
    layer = asked_layer(request, ask)
    refine = partial(documents.collection, layer=layer, language=ask.language)
    template = "collections/collection.html"
    return answer(ask, await page(ask, describe_collections, (layer.name,), refine, template))


async def queryables(request: Request) -> Response:
    """GET /ogc/collections/{layer}/queryables."""
    ask = await page_ask(request, PLAIN)
    layer = asked_layer(request, ask)
    refine = partial(documents.queryables, layer=layer, caller=ask.caller, language=ask.language)
    template = "collections/queryables.html"
    body = await page(ask, get_collection_queryables, (layer.name,), refine, template)
    return answer(ask, body, SCHEMA)


async def schema(request: Request) -> Response:
    """GET /ogc/collections/{layer}/schema."""
    ask = await page_ask(request, PLAIN)
    layer = asked_layer(request, ask)
    refine = partial(documents.schema, layer=layer)
    body = await page(ask, get_collection_schema, (layer.name,), refine, "collections/schema.html")
    return answer(ask, body, SCHEMA)


async def functions(request: Request) -> Response:
    """GET /ogc/functions: what a filter may call beside the standard's own."""
    ask = await page_ask(request, ("json",))
    return answer(ask, json.dumps(documents.functions(ask.language), ensure_ascii=False).encode())


async def style(_: Request) -> Response:
    """GET /ogc/static/ogc.css."""
    kept = {"Cache-Control": "public, max-age=3600"}
    return Response(STYLE.read_bytes(), media_type="text/css", headers=kept)


ITEMS = "/ogc/collections/{layer}/items"
ROUTES: dict[str, Door] = {
    # Routes are tried in this order, each by an expression of its own: what is asked most stands first.
    ITEMS: items,
    f"{ITEMS}/{{id}}": item,
    "/ogc": landing,
    "/ogc/": landing,
    "/ogc/openapi": openapi,
    "/ogc/conformance": conforms,
    "/ogc/functions": functions,
    "/ogc/collections": collections,
    "/ogc/collections/{layer}": collection,
    "/ogc/collections/{layer}/queryables": queryables,
    "/ogc/collections/{layer}/schema": schema,
    "/ogc/static/ogc.css": style,
    **TILES,
    **PROCESSES,
}
EDITING: dict[tuple[str, str], Door] = {
    ("POST", ITEMS): editing.create,
    ("PUT", f"{ITEMS}/{{id}}"): editing.replace,
    ("PATCH", f"{ITEMS}/{{id}}"): editing.update,
    ("DELETE", f"{ITEMS}/{{id}}"): editing.delete,
    ("OPTIONS", ITEMS): editing.options,
    ("OPTIONS", f"{ITEMS}/{{id}}"): editing.options,
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def _door(takes: dict[str, Door]) -> Door:
    """One address by method; another method is 405 and told all that it takes (RFC 9110, 15.5.6)."""
    # A HEAD comes as the GET that it is but for the body (api.middleware).
    allow = ", ".join(takes).replace("GET", "GET, HEAD")

    async def door(request: Request) -> Response:
        if (endpoint := takes.get(request.method)) is None:
            raise HTTPException(405, headers={"Allow": allow})
        return await endpoint(request)

    return door


ADDRESSES: dict[str, dict[str, Door]] = {}
for path, endpoint in {**RECORDS, **ROUTES}.items():
    ADDRESSES.setdefault(path, {})["GET"] = endpoint
for (method, path), endpoint in {**EDITING, **PROCESS_ACTIONS}.items():
    ADDRESSES.setdefault(path, {})[method] = endpoint
for path, takes in ADDRESSES.items():
    # Plain Starlette routes: FastAPI reads parameters itself and answers 422 where the standard says 400.
    router.add_route(path, _door(takes), methods=METHODS)
