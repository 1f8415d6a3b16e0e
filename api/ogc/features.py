"""Features over HTTP: a layer's items and one item."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from anyio import to_thread
from pygeoapi.api.itemtypes import get_collection_item, get_collection_items

from api import deps
from api.leaving import Listening
from api.ogc import parameters
from api.ogc.downloads import Wanted, chosen_download, download
from api.ogc.editing import version_tag
from api.ogc.etags import not_modified, page_etag, text_etag
from api.ogc.exchange import answer, ask_for, asked_layer
from api.ogc.items import collection_json, collection_members, item_json
from api.ogc.links import item_links, page_links
from api.ogc.page_map import item_map, page_map
from api.ogc.pages import Ask, html, linked_data
from api.ogc.parameters import PAGE
from geo.features import (
    CRS84,
    FeatureQuery,
    Page,
    columns_for,
    from_milestone,
    is_far,
    offered_crs,
    parse_crs,
    read_item,
    read_page,
    read_version,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request, Response

    from geo.features import Crs
    from layers.description import Layer

GEOJSON = "application/geo+json"


def _offered(request: Request) -> Mapping[str, Crs]:
    return offered_crs(deps.settings(request).province_code)


async def items(request: Request) -> Response:
    """GET /ogc/collections/{layer}/items: GeoJSON goes from SQL to the wire, other forms through pygeoapi."""
    async with Listening(request.receive):
        return await _items(request)


async def _items(request: Request) -> Response:
    layer = deps.catalogue(request).layer(request.path_params["layer"])
    caller = await deps.caller(request)
    columns = columns_for(layer, caller)
    params = parameters.read(request, parameters.ITEMS, columns)
    query = parameters.feature_query(params, columns, valid_time=layer.valid_time, offered=_offered(request))
    if fmt := chosen_download(params.get("f"), request.headers.get("accept", "")):
        ask = await ask_for(request, {**params, "f": "json"}, caller)
        limit = query.limit if "limit" in params else None
        return await download(request, Wanted(ask, layer, query, limit), fmt)
    ask = await ask_for(request, params, caller)
    etag = page_etag(request, ask, layer)
    if known := not_modified(request, ask, etag):
        return known
    headers = {"Content_Crs": f"<{query.crs.uri}>", "ETag": f"W/{etag}"}
    if ask.fmt == "jsonld":
        async with ask.door.admission.turn(query):
            body = await linked_data(ask, get_collection_items, (layer.name,), query)
        return answer(ask, body, **headers)
    async with ask.door.admission.turn(query):
        found = await _read(ask, layer, query)
    links = page_links(layer, params, query, found, fmt=ask.fmt, language=ask.language)
    if ask.fmt == "json":
        body = collection_json(ask, found, query, params.get("limit"), links)
        return answer(ask, b"", GEOJSON, body, **headers)
    shown = [json.loads(feature) for feature in found.features]
    document = {
        **collection_members(found, query, params.get("limit"), links),
        "features": shown,
        "layer": _texts(ask, layer),
        # The same question in the other language.
        "asked": "".join(
            f"{urlencode({name: value})}&" for name, value in params.items() if name not in PAGE
        ),
        "map": await to_thread.run_sync(page_map, shown, query.crs, layer.label),
    }
    return answer(ask, await html(ask, "collections/items/index.html", document), **headers)


async def _read(ask: Ask, layer: Layer, query: FeatureQuery) -> Page:
    if query.filter.empty:
        return await _read_whole(ask, layer, query)
    crowds = ask.door.crowds
    key = crowds.key(layer, ask.caller, query.filter)
    count = not crowds.known(key)
    found = await read_page(ask.door.database, ask.caller, layer, query, count=count)
    if count:
        crowds.learn(key, found)
    return found


async def _read_whole(ask: Ask, layer: Layer, query: FeatureQuery) -> Page:
    """A page of a layer without any filter: what it has in all is known by the layer's state."""
    door = ask.door
    epoch = door.catalogue.epoch(layer.name, ask.caller)
    if is_far(query):
        milestones = await door.milestones.read(door.database, ask.caller, layer, epoch)
        query = from_milestone(query, milestones or ())
    found = await read_page(door.database, ask.caller, layer, query, count=False)
    if found.matched is not None:
        return found
    total = await door.totals.read(door.database, ask.caller, layer, epoch)
    return Page(found.features, total, found.more, found.next, found.end)


async def item(request: Request) -> Response:
    """GET /ogc/collections/{layer}/items/{id}."""
    params = parameters.read(request, parameters.ITEM)
    ask = await ask_for(request, params, await deps.caller(request))
    layer, identifier = asked_layer(request, ask), request.path_params["id"]
    crs = parse_crs("crs", params["crs"], _offered(request)) if "crs" in params else CRS84
    header = f"<{crs.uri}>"
    if ask.fmt == "jsonld":
        query = FeatureQuery(crs=crs)
        body = await linked_data(ask, get_collection_item, (layer.name, identifier), query)
        return answer(ask, body, Content_Crs=header)
    tag: dict[str, str] = {}
    if ask.caller.staff and identifier.isascii() and identifier.isdigit() and len(identifier) <= 18:
        # Before the feature: an edit in between makes the tag old, never the feature.
        version = await read_version(ask.door.database, ask.caller, layer, int(identifier))
        tag = {"ETag": version_tag(version)} if version is not None else {}
    feature = await read_item(ask.door.database, ask.caller, layer, identifier, crs)
    links = item_links(layer, identifier, ask.fmt, ask.language)
    if ask.fmt == "json":
        body = item_json(feature, links)
        if not tag:
            # The public has no version to edit on top of: its tag is of what it reads.
            etag = text_etag(body)
            if known := not_modified(request, ask, etag):
                return known
            tag = {"ETag": f"W/{etag}"}
        return answer(ask, body, GEOJSON, Content_Crs=header, **tag)
    document = {**json.loads(feature), "links": links, "layer": _texts(ask, layer)}
    document["map"] = await to_thread.run_sync(item_map, document["geometry"], crs)
    return answer(ask, await html(ask, "collections/items/item.html", document), Content_Crs=header)


def _texts(ask: Ask, layer: Layer) -> dict[str, object]:
    """What templates say of a layer: its words and, by property, title, unit and the words of codes."""
    language = ask.language
    columns = columns_for(layer, ask.caller)
    note = ask.door.catalogue.note(layer.name) or layer.approximate
    coded = {field.name: layer.codes[field.codes] for field in layer.fields if field.codes}
    return {
        "name": layer.name,
        "title": getattr(layer.title, language),
        "note": getattr(note, language) if note else None,
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
