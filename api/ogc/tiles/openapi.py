"""Operations of tiles in the OpenAPI document (20-057, requirements class "OpenAPI Specification 3.0")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.ogc.schemas import PROBLEMS, json_answer, list_of, object_of, ref
from api.ogc.tiles.documents import MVT
from api.ogc.tiles.matrix import WEB_MERCATOR_QUAD
from geo.types import MAX_ZOOM

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.description import Layer

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "number"}
COUNT: Json = {"type": "integer", "minimum": 0}

SCHEMAS: Json = {
    "TileMatrixSet": object_of(
        ["tileMatrices"],
        id=TEXT,
        title=TEXT,
        uri=TEXT,
        crs=TEXT,
        orderedAxes=list_of(TEXT),
        wellKnownScaleSet=TEXT,
        tileMatrices=list_of({"type": "object"}),
    ),
    "TileMatrixSets": object_of(
        ["tileMatrixSets"],
        links=list_of(ref("schemas", "Link")),
        tileMatrixSets=list_of(
            object_of(
                ["links"], id=TEXT, title=TEXT, uri=TEXT, crs=TEXT, links=list_of(ref("schemas", "Link"))
            )
        ),
    ),
    "TileMatrixLimits": object_of(
        ["tileMatrix", "minTileRow", "maxTileRow", "minTileCol", "maxTileCol"],
        tileMatrix=TEXT,
        minTileRow=COUNT,
        maxTileRow=COUNT,
        minTileCol=COUNT,
        maxTileCol=COUNT,
    ),
    "TileSet": object_of(
        ["dataType", "crs", "links"],
        title=TEXT,
        description=TEXT,
        dataType={"type": "string", "enum": ["vector"]},
        crs=TEXT,
        tileMatrixSetURI=TEXT,
        tileMatrixSetId=TEXT,
        tileMatrixSetLimits=list_of(ref("schemas", "TileMatrixLimits")),
        mediaTypes=list_of(TEXT),
        license=TEXT,
        attribution=TEXT,
        boundingBox={"type": "object"},
        centerPoint={"type": "object"},
        layers=list_of({"type": "object"}),
        links=list_of(ref("schemas", "Link")),
    ),
    "TileSets": object_of(
        ["tilesets"], tilesets=list_of(ref("schemas", "TileSet")), links=list_of(ref("schemas", "Link"))
    ),
}
FILTER = ("filter", "filter-lang", "filter-crs")
TILE_ANSWERS: Json = {
    "200": {
        "description": "Mapbox Vector Tile 2.1",
        "headers": {"ETag": {"schema": TEXT}},
        "content": {MVT: {"schema": {"type": "string", "format": "binary"}}},
    },
    "204": {"description": "Ô trống (empty tile)"},
    "304": {"description": "Không đổi (not modified)"},
    **PROBLEMS,
}


def add_tiles(document: Json, layers: Mapping[str, Layer]) -> None:
    """Put the operations and their components into ``document``."""
    components, paths = document["components"], document["paths"]
    components["schemas"] |= SCHEMAS
    components["parameters"] |= _parameters(layers)
    paths["/tileMatrixSets"] = _get(
        "getTileMatrixSetsList", "Các lưới chia ô (tile matrix sets)", "TileMatrixSets"
    )
    paths["/tileMatrixSets/{tileMatrixSetId}"] = _get(
        "getTileMatrixSet", "Một lưới chia ô (tile matrix set)", "TileMatrixSet", "tileMatrixSetId"
    )
    for root, owner, more in (
        ("/tiles", "dataset", ("collections",)),
        ("/collections/{tiledCollectionId}/tiles", "collection", ()),
    ):
        place = ("tiledCollectionId",) if owner == "collection" else ()
        paths[root] = _get(f"{owner}.vector.getTileSetsList", "Các bộ ô (tilesets)", "TileSets", *place)
        paths[f"{root}/{{tileMatrixSetId}}"] = _get(
            f"{owner}.vector.getTileSet",
            "Một bộ ô (tileset)",
            "TileSet",
            *place,
            "tileMatrixSetId",
            "tileDay",
            *FILTER,
            *more,
        )
        names = (
            *place,
            "tileMatrixSetId",
            "tileMatrix",
            "tileRow",
            "tileCol",
            "tileDay",
            *FILTER,
            "fTile",
            *more,
        )
        paths[f"{root}/{{tileMatrixSetId}}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"] = {
            "get": {
                "summary": "Một ô (tile)",
                "description": "Hàng đứng trước cột (the row comes before the column)",
                "tags": ["tiles"],
                "operationId": f"{owner}.vector.getTile",
                "parameters": [ref("parameters", name) for name in names],
                "responses": TILE_ANSWERS,
            }
        }


def _get(operation_id: str, summary: str, schema: str, *names: str) -> Json:
    return {
        "get": {
            "summary": summary,
            "description": summary,
            "tags": ["tiles"],
            "operationId": operation_id,
            "parameters": [ref("parameters", name) for name in (*names, "fPlain", "lang")],
            "responses": {"200": json_answer(summary, ref("schemas", schema)), **PROBLEMS},
        }
    }


def _parameters(layers: Mapping[str, Layer]) -> Json:
    def path(name: str, schema: Json, text: str) -> Json:
        return {"name": name, "in": "path", "required": True, "description": text, "schema": schema}

    def query(name: str, schema: Json, text: str) -> Json:
        plain = {"style": "form", "explode": False}
        return {
            "name": name,
            "in": "query",
            "required": False,
            "description": text,
            "schema": schema,
            **plain,
        }

    names: Json = {"type": "string", **({"enum": list(layers)} if layers else {})}
    place: Json = {"type": "integer", "minimum": 0, "maximum": 2**MAX_ZOOM - 1}
    sets: Json = {"type": "string", "enum": [WEB_MERCATOR_QUAD]}
    return {
        "tiledCollectionId": path("tiledCollectionId", names, "Lớp dữ liệu (collection)"),
        "tileMatrixSetId": path("tileMatrixSetId", sets, "Lưới chia ô (tile matrix set)"),
        "tileMatrix": path("tileMatrix", {**place, "maximum": MAX_ZOOM}, "Mức (zoom)"),
        "tileRow": path("tileRow", place, "Hàng, từ bắc xuống (row from the north)"),
        "tileCol": path("tileCol", place, "Cột, từ tây sang (column from the west)"),
        "tileDay": query("datetime", TEXT, "Ngày theo lịch Việt Nam (a day of Vietnam's calendar)"),
        "collections": query("collections", list_of(names), "Các lớp trong ô (layers in the tile)"),
        "fTile": query("f", {"type": "string", "enum": ["mvt", "pbf"], "default": "mvt"}, "Format"),
    }
