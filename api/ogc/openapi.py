"""The OpenAPI 3.0 document: pygeoapi's, cut to what this door serves and freed of foreign references.

pygeoapi names schemas on schemas.opengis.net and githubusercontent.com, which a reader would have to fetch,
and allows free-form parameters; here every parameter and answer is in the document, an unknown one is 400.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pygeoapi.openapi import get_oas

from api.ogc.files import TYPES
from api.ogc.openapi_editing import add_editing
from api.ogc.parameters import ITEM, ITEMS, PAGE
from api.ogc.processes.openapi import add_processes
from api.ogc.provider import JSON_TYPES, json_schema
from api.ogc.records.openapi import add_records
from api.ogc.schemas import PARAMETERS, PROBLEMS, RESPONSES, SCHEMAS, crs_parameters, geojson
from api.ogc.tiles.openapi import add_tiles
from geo.database import Caller
from geo.features import Column, columns_for

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from layers.description import Layer

SERVED = re.compile(r"/(?:openapi|conformance|collections(?:/(?P<layer>[^/]+)(?P<rest>/.*)?)?)?")
WITHOUT_JSONLD = frozenset({"/openapi", "/conformance", "/queryables", "/schema"})
ANSWERS = {
    "/": "LandingPage",
    "/openapi": "OpenApi",
    "/conformance": "Conformance",
    "/collections": "Collections",
    "": "Collection",
    "/queryables": "Schema",
    "/schema": "Schema",
}

FUNCTIONS_OPERATION: dict[str, Any] = {
    "summary": "Hàm gọi được trong bộ lọc (functions that a filter may call)",
    "description": "CQL2",
    "tags": ["server"],
    "operationId": "getFunctions",
    "parameters": [{"$ref": "#/components/parameters/fJson"}, {"$ref": "#/components/parameters/lang"}],
    "responses": {"200": {"$ref": "#/components/responses/Functions"}, **PROBLEMS},
}


def build_openapi(
    config: dict[str, Any], layers: Mapping[str, Layer], offered: Collection[str]
) -> dict[str, Any]:
    """The document as anonymous callers see it; ``offered``: coordinate systems.

    pygeoapi loads the provider, so a scope must be set.
    """
    document: dict[str, Any] = get_oas(config)
    paths: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        match = SERVED.fullmatch(path)
        if match is not None and (match["layer"] is None or match["layer"] in layers):
            layer = layers[match["layer"]] if match["layer"] else None
            paths[path] = {"get": _operation(operations["get"], path, layer, match["rest"])}
    for name, layer in layers.items():
        add_editing(paths, name, _schema_name(layer))
    paths["/functions"] = {"get": FUNCTIONS_OPERATION}
    document["paths"] = paths
    document["components"] = {
        "parameters": {**PARAMETERS, **crs_parameters(offered)},
        "responses": dict(RESPONSES),
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {**SCHEMAS, **{_schema_name(layer): _feature(layer) for layer in layers.values()}},
    }
    for add in (add_tiles, add_processes, add_records):
        add(document, layers)
    return document


def _operation(operation: dict[str, Any], path: str, layer: Layer | None, rest: str | None) -> dict[str, Any]:
    kept = {key: operation[key] for key in ("summary", "description", "tags", "operationId")}
    kind = path if layer is None else rest or ""
    names: tuple[str, ...] = ("fPlain", "lang") if kind in WITHOUT_JSONLD else PAGE
    answer = ANSWERS.get(kind)
    extra: list[dict[str, Any]] = []
    success: dict[str, Any] = {"$ref": f"#/components/responses/{answer}"}
    if layer is not None and rest == "/items":
        names, success = ("fItems", *ITEMS[1:]), _page_answer(layer)
        extra = [_filter(column) for column in _columns(layer) if column.name not in ITEMS]
    elif layer is not None and rest == "/items/{featureId}":
        names, success = (*ITEM, "featureId"), geojson(_schema_name(layer))
    references: list[dict[str, Any]] = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    return {**kept, "parameters": references + extra, "responses": {"200": success, **PROBLEMS}}


def _page_answer(layer: Layer) -> dict[str, Any]:
    answer = geojson("FeatureCollection")
    feature = {"$ref": f"#/components/schemas/{_schema_name(layer)}"}
    features = {"type": "object", "properties": {"features": {"type": "array", "items": feature}}}
    collection = {"allOf": [{"$ref": "#/components/schemas/FeatureCollection"}, features]}
    answer["content"]["application/geo+json"]["schema"] = collection
    answer["content"] |= {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES.values()}
    return answer


def _columns(layer: Layer) -> list[Column]:
    return list(columns_for(layer, Caller.anonymous()).values())


def _filter(column: Column) -> dict[str, Any]:
    schema: dict[str, Any] = dict(JSON_TYPES[column.type])
    if column.type == "integer":
        schema |= {"minimum": -(2**31), "maximum": 2**31 - 1}
    return {
        "name": column.name,
        "in": "query",
        "description": f"{column.title.vi} ({column.title.en})",
        "required": False,
        "style": "form",
        "explode": False,
        "schema": schema,
    }


def _schema_name(layer: Layer) -> str:
    return f"{layer.name}Feature"


def _feature(layer: Layer) -> dict[str, Any]:
    properties = {
        column.name: json_schema(column, "vi") | {"nullable": not column.required}
        for column in _columns(layer)
    }
    for schema in properties.values():
        # A value of the list is what an editor may enter; rows taken over from elsewhere may hold another.
        schema.pop("enum", None)
    return {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "integer", "format": "int64"},
            "geometry": {"$ref": "#/components/schemas/Geometry"},
            "properties": {"type": "object", "properties": properties},
            "links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}},
        },
    }
