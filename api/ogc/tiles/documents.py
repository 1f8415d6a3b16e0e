"""What is said of tilesets (OGC 17-083r4, tileset metadata): lists, one tileset, the matrix set. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.ogc.config import OGC_URL, PLACEHOLDER, VIETNAM
from api.ogc.links import representations, titled
from api.ogc.provider import JSON_TYPES
from api.ogc.tiles.matrix import CRS, TITLE, URI, WEB_MERCATOR_QUAD, limits
from api.tiles import MAX_LAYERS
from geo.features import CRS84
from tiles.tilejson import tilejson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.ogc.links import Link
    from api.ogc.negotiation import Language
    from api.ogc.tiles.matrix import Bounds
    from geo.features import Extent
    from layers.description import Layer, Text
    from tiles.ladder.served import Rung

Document = dict[str, Any]

MVT = "application/vnd.mapbox-vector-tile"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SPEC = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
CONFORMANCE = tuple(
    f"{SPEC}{name}"
    for name in (
        "core",
        "tileset",
        "tilesets-list",
        "dataset-tilesets",
        "geodata-tilesets",
        "collections-selection",
        "mvt",
        "oas30",
    )
)
DIMENSIONS = {"Point": 0, "MultiPoint": 0, "LineString": 1, "MultiLineString": 1}
WORDS: dict[str, dict[Language, str]] = {
    "dataset": {"vi": "Mọi lớp dữ liệu", "en": "All layers"},
    "tilesets": {"vi": "Các bộ ô bản đồ vectơ", "en": "Vector tilesets"},
    "schemes": {"vi": "Các lưới chia ô", "en": "Tile matrix sets"},
    "scheme": {"vi": "Lưới chia ô", "en": "Tile matrix set"},
    "tile": {"vi": "Một ô, Mapbox Vector Tile", "en": "A tile, Mapbox Vector Tile"},
    "tilejson": {"vi": "TileJSON 3.0", "en": "TileJSON 3.0"},
    "collection": {"vi": "Lớp dữ liệu", "en": "Collection"},
}


def link(rel: str, href: str, word: str, language: Language, kind: str = "application/json") -> Link:
    """A link with its title in the language."""
    return titled(rel, href, WORDS[word][language], kind)


def landing_links(language: Language) -> list[Link]:
    """What the landing page says of tiles."""
    return [
        link(f"{REL}tilesets-vector", f"{OGC_URL}/tiles", "tilesets", language),
        link(f"{REL}tiling-schemes", f"{OGC_URL}/tileMatrixSets", "schemes", language),
    ]


def collection_links(layer: Layer, language: Language) -> list[Link]:
    """What a collection says of tiles."""
    href = f"{OGC_URL}/collections/{layer.name}/tiles"
    return [link(f"{REL}tilesets-vector", href, "tilesets", language)]


def bounds_of(layers: Sequence[Layer], extents: Mapping[str, Extent]) -> Bounds:
    """West, south, east, north of the public rows of all layers; Vietnam's where there are none."""
    boxes = [box for layer in layers if (box := extents[layer.name].bbox) is not None] or [VIETNAM]
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def zooms_of(layers: Sequence[Layer]) -> tuple[int, int]:
    """The first and the last matrix of a tileset."""
    return min(layer.tiles.min_zoom for layer in layers), max(layer.tiles.max_zoom for layer in layers)


def matrix_sets(language: Language, *, html: bool) -> Document:
    """/tileMatrixSets."""
    here = f"{OGC_URL}/tileMatrixSets"
    item = link("item", f"{here}/{WEB_MERCATOR_QUAD}", "scheme", language)
    entry = {"id": WEB_MERCATOR_QUAD, "title": TITLE, "uri": URI, "crs": CRS, "links": [item]}
    return {"tileMatrixSets": [entry], "links": representations(here, language, html=html)}


def tilesets(root: str, title: str, language: Language, *, html: bool) -> Document:
    """The list of tilesets below ``root`` (…/tiles): the one of WebMercatorQuad."""
    here = f"{root}/{WEB_MERCATOR_QUAD}"
    entry = {
        "title": title,
        "dataType": "vector",
        "crs": CRS,
        "tileMatrixSetURI": URI,
        "tileMatrixSetId": WEB_MERCATOR_QUAD,
        "links": [link("self", here, "tilesets", language), _scheme(language)],
    }
    return {"tilesets": [entry], "links": representations(root, language, html=html)}


def tileset(  # noqa: PLR0917 - one document of many parts
    root: str,
    title: str,
    layers: Sequence[Layer],
    extents: Mapping[str, Extent],
    ladders: Mapping[str, Mapping[int, Rung]],
    notes: Sequence[Text],
    language: Language,
    *,
    staff: bool,
    html: bool,
    query: str = "",
) -> Document:
    """One tileset; ``query`` (with its question mark) is handed on to the tiles' address.

    The address is ``{tileMatrix}/{tileRow}/{tileCol}``: the row comes first, unlike in XYZ addresses.
    """
    bounds, (first, last) = bounds_of(layers, extents), zooms_of(layers)
    here = f"{root}/{WEB_MERCATOR_QUAD}"
    described = tilejson(list(layers), bounds, PLACEHOLDER, staff=staff, ladders=ladders, notes=notes)
    tiles = {
        **link("item", f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{query}", "tile", language, MVT),
        "templated": True,
    }
    names = ",".join(layer.name for layer in layers)
    links = [
        *representations(here, language, html=html),
        tiles,
        _scheme(language),
    ]
    if len(layers) <= MAX_LAYERS:
        links.append(link("describedby", f"{PLACEHOLDER}/tiles/{names}.json", "tilejson", language))
    if len(layers) == 1:
        collection = f"{OGC_URL}/collections/{layers[0].name}"
        links.append(link(f"{REL}geodata", collection, "collection", language))
    west, south, east, north = bounds
    return {
        "title": title,
        "description": _description(layers, language),
        "dataType": "vector",
        "crs": CRS,
        "tileMatrixSetURI": URI,
        "tileMatrixSetId": WEB_MERCATOR_QUAD,
        "tileMatrixSetLimits": limits(bounds, first, last),
        "mediaTypes": [MVT],
        "license": "; ".join(dict.fromkeys(getattr(layer.licence, language) for layer in layers)),
        "attribution": "; ".join(
            dict.fromkeys(getattr(text, language) for text in (*(one.owner for one in layers), *notes))
        ),
        "boundingBox": _box(bounds),
        "centerPoint": {
            "coordinates": [(west + east) / 2, (south + north) / 2],
            "crs": CRS84.uri,
            "tileMatrix": str(first),
        },
        "layers": [
            _layer(entry, {layer.name: layer for layer in layers}, extents, language)
            for entry in described["vector_layers"]
        ],
        "links": links,
    }


def _description(layers: Sequence[Layer], language: Language) -> str:
    if len(layers) == 1:
        return str(getattr(layers[0].description, language))
    return ", ".join(getattr(layer.title, language) for layer in layers)


def _scheme(language: Language) -> Link:
    return link(f"{REL}tiling-scheme", f"{OGC_URL}/tileMatrixSets/{WEB_MERCATOR_QUAD}", "scheme", language)


def _box(bounds: Bounds) -> Document:
    west, south, east, north = bounds
    return {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84.uri}


def _layer(
    entry: Document, layers: Mapping[str, Layer], extents: Mapping[str, Extent], language: Language
) -> Document:
    """One layer within the tiles; beside the layers themselves there are points for their names."""
    own = layers.get(entry["id"])
    source = own or next(layer for name, layer in layers.items() if entry["id"].startswith(name))
    return {
        "id": entry["id"],
        "title": getattr(own.title, language) if own else entry["description"],
        "description": getattr(own.description, language) if own else entry["description"],
        "dataType": "vector",
        "geometryDimension": DIMENSIONS.get(source.geometry, 2) if own else 0,
        "minTileMatrix": str(entry["minzoom"]),
        "maxTileMatrix": str(entry["maxzoom"]),
        "boundingBox": _box(bounds_of([source], extents)),
        "propertiesSchema": {
            "type": "object",
            "properties": {
                name: _property(name, source, text, language) for name, text in entry["fields"].items()
            },
        },
    }


def _property(name: str, layer: Layer, text: str, language: Language) -> Document:
    field = next((field for field in layer.fields if field.name == name), None)
    if field is None:  # what a tile says of features that it draws as one
        return {"type": "integer", "description": text}
    unit = {"x-ogc-unit": field.unit} if field.unit else {}
    return {"title": getattr(field.title, language), **JSON_TYPES[field.type], **unit}
