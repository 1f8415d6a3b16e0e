"""Operations of the catalogue in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from api.ogc.records.documents import CATALOGUE, GEOJSON
from api.ogc.records.record import systems
from api.ogc.records.search import KINDS, LIMIT, LIMIT_MAX, SORTABLE
from api.ogc.schemas import PROBLEMS, list_of, object_of, ref

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
LINKS: Json = list_of(ref("schemas", "Link"))
RECORD: Json = object_of(
    ["id", "type", "geometry", "time", "properties", "links"],
    id=TEXT,
    type={"type": "string", "enum": ["Feature"]},
    conformsTo=list_of(TEXT),
    geometry=ref("schemas", "Geometry"),
    time={"type": "object", "nullable": True},
    properties=object_of(
        ["type", "title"],
        type=TEXT,
        title=TEXT,
        description=TEXT,
        keywords=list_of(TEXT),
        themes=list_of({"type": "object"}),
        contacts=list_of({"type": "object"}),
        license=TEXT,
        updateCycle={"type": "object"},
        lineage=TEXT,
        quality=TEXT,
    ),
    links=LINKS,
)
SORTS = [f"{sign}{name}" for name in SORTABLE for sign in ("", "-", "+")]


def add_records(document: Json, _: object) -> None:
    """Put the operations and their components into ``document``."""
    components = document["components"]
    components["schemas"] |= {
        "Record": RECORD,
        "RecordCollection": {
            "allOf": [
                ref("schemas", "FeatureCollection"),
                {"type": "object", "properties": {"features": list_of(ref("schemas", "Record"))}},
            ]
        },
    }
    components["parameters"] |= _parameters()
    root = f"/collections/{CATALOGUE}"
    page, plain = ("fPlain", "lang"), "application/json"
    own = ("q", "bbox", "recordCrs", "recordBboxCrs", "datetime", "recordType", "ids", "externalIds")
    document["paths"] |= {
        root: _get("describeCatalogue", "Danh mục (catalogue)", "Collection", page, plain),
        f"{root}/queryables": _get(
            "getCatalogueQueryables", "Queryables", None, page, "application/schema+json"
        ),
        f"{root}/sortables": _get(
            "getCatalogueSortables", "Sortables", None, page, "application/schema+json"
        ),
        f"{root}/items": _get(
            "getRecords",
            "Các mục (records)",
            "RecordCollection",
            (*own, "recordSort", "recordLimit", "recordOffset", *page),
            GEOJSON,
        ),
        f"{root}/items/{{recordId}}": _get(
            "getRecord", "Một mục (record)", "Record", ("recordId", "recordCrs", *page), GEOJSON
        ),
    }


def _get(operation_id: str, summary: str, schema: str | None, names: tuple[str, ...], kind: str) -> Json:
    shown = ref("schemas", schema) if schema else {"type": "object"}
    content = {kind: {"schema": shown}, "text/html": {"schema": TEXT}}
    return {
        "get": {
            "summary": summary,
            "description": summary,
            "tags": ["records"],
            "operationId": operation_id,
            "parameters": [ref("parameters", name) for name in names],
            "responses": {"200": {"description": summary, "content": content}, **PROBLEMS},
        }
    }


def _parameters() -> Json:
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

    crs: Json = {"type": "string", "format": "uri", "enum": systems(), "default": systems()[0]}
    limit: Json = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT}
    terms = list_of({"type": "string", "minLength": 1})
    path = {"name": "recordId", "in": "path", "required": True, "description": "id", "schema": TEXT}
    return {
        "recordId": path,
        "q": query("q", terms, "Từ hoặc cụm từ, không phân biệt dấu (words or phrases; any of them)"),
        "recordCrs": query("crs", crs, "CRS"),
        "recordBboxCrs": query("bbox-crs", crs, "CRS of bbox"),
        "recordType": query("type", list_of({"type": "string", "minLength": 1}), f"Loại: {', '.join(KINDS)}"),
        "ids": query("ids", terms, "Mã (identifiers)"),
        "externalIds": query(
            "externalIds", terms, "Mã ngoài, value hoặc scheme:value (external identifiers)"
        ),
        "recordSort": query("sortby", list_of({"type": "string", "enum": SORTS}), "Thứ tự (order)"),
        "recordLimit": query("limit", limit, f"Lớn hơn thì còn {LIMIT_MAX} (a larger one is lowered)"),
        "recordOffset": query(
            "offset", {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}, "Bỏ qua (pass over)"
        ),
    }
