"""What pygeoapi says, made true for this door: links only to what is served, classes only that are tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.ogc.links import items_links
from api.ogc.processes import documents as processes
from api.ogc.provider import json_schema
from api.ogc.records import documents as records
from api.ogc.tiles import documents as tiles
from api.ogc.titles import translate_links
from geo.features import FUNCTIONS, columns_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.ogc.negotiation import Language
    from geo.database import Caller
    from layers.description import Layer

Document = dict[str, Any]
FUNCTION_TYPES = {"text": "string", "timestamp": "datetime"}
LANDING_RELATIONS = frozenset(
    {"self", "alternate", "about", "service-desc", "service-doc", "conformance", "data"}
)
# Each has tests of ours.
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/json",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/landing-page",
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    *(
        f"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/{name}"
        for name in ("create-replace-delete", "update", "optimistic-locking-etags", "features")
    ),
    "http://www.opengis.net/spec/ogcapi-common-3/1.0/conf/schemas",
    *(
        f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
        for name in (
            "cql2-text",
            "cql2-json",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
            "spatial-functions",
            "temporal-functions",
            "array-functions",
            "property-property",
            "functions",
            "arithmetic",
        )
    ),
    *tiles.CONFORMANCE,
    *processes.CONFORMANCE,
    *records.CONFORMANCE,
)


def landing(document: Document, language: Language) -> Document:
    """The landing page without the doors that are not here (processes, tile matrix sets, jobs)."""
    links = [link for link in document["links"] if link["rel"] in LANDING_RELATIONS]
    translate_links(links, language)
    for more in (tiles, processes, records):
        links += more.landing_links(language)
    return {**document, "links": links}


def conformance(document: Document) -> Document:
    """The classes that this door fulfils, instead of those that pygeoapi names."""
    return {**document, "conformsTo": list(CONFORMANCE)}


def collections(document: Document, layers: Mapping[str, Layer], language: Language) -> Document:
    """The list of collections, each as :func:`collection` gives it."""
    translate_links(document["links"], language)
    found = [collection(one, layers[one["id"]], language) for one in document["collections"]]
    # Last: who takes the first collections takes layers.
    return {**document, "collections": [*found, records.collection_document(language)]}


def collection(document: Document, layer: Layer, language: Language) -> Document:
    """One collection, with its owner and the titles of its links in the language."""
    translate_links(document["links"], language)
    links = [link for link in document["links"] if link["rel"] != "items"]
    links += [*items_links(layer, language), *tiles.collection_links(layer, language)]
    return {**document, "attribution": getattr(layer.owner, language), "links": links}


def queryables(document: Document, layer: Layer, caller: Caller, language: Language) -> Document:
    """Queryables with titles, units and code lists, which pygeoapi leaves out; unknown names are refused."""
    properties = {name: json_schema(column, language) for name, column in columns_for(layer, caller).items()}
    geometry = {"geometry": _geometry(layer)}
    return {**document, "properties": geometry | properties, "additionalProperties": False}


def schema(document: Document, layer: Layer) -> Document:
    """The schema of a feature with its geometry's type and the properties that every feature has."""
    properties = {**document["properties"], "geometry": _geometry(layer)}
    required = [field.name for field in layer.fields if field.required and field.name in properties]
    return {**document, "properties": properties, **({"required": required} if required else {})}


def functions(language: Language) -> Document:
    """The functions that a filter may call, with the types of their arguments and results."""
    return {
        "functions": [
            {
                "name": name,
                "description": getattr(function.description, language),
                "arguments": [{"type": [FUNCTION_TYPES.get(kind, kind)]} for kind in function.takes],
                "returns": [FUNCTION_TYPES.get(function.gives, function.gives)],
            }
            for name, function in FUNCTIONS.items()
        ]
    }


def _geometry(layer: Layer) -> Document:
    return {"x-ogc-role": "primary-geometry", "format": f"geometry-{layer.geometry.lower()}"}
