"""Components of the OpenAPI document (schemas after OGC 17-069r4, 18-058r1 and RFC 7946, 9457)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from api.ogc.files import TYPES
from geo.features import CRS84, DEFAULT_LIMIT, MAX_LIMIT

if TYPE_CHECKING:
    from collections.abc import Collection

Json = dict[str, Any]
PROBLEM_TYPE = "application/problem+json"


def _query(name: str, schema: Json, description: str) -> Json:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "required": False,
        "style": "form",
        "explode": False,
        "schema": schema,
    }


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(items: Json) -> Json:
    return {"type": "array", "items": items}


def _object(required: list[str], **properties: Json) -> Json:
    # OpenAPI 3.0 forbids an empty list of required names.
    needed: Json = {"required": required} if required else {}
    return {"type": "object", **needed, "properties": properties}


def ref(kind: str, name: str) -> Json:
    """A reference to a component of the document."""
    return {"$ref": f"#/components/{kind}/{name}"}


list_of, object_of = _list, _object


def json_answer(description: str, schema: Json) -> Json:
    """The answer of a page that is given as JSON and HTML."""
    return _answer(description, "application/json", schema)


def _answer(description: str, media_type: str, schema: Json) -> Json:
    content = {media_type: {"schema": schema}, "text/html": {"schema": {"type": "string"}}}
    return {"description": description, "content": content}


def _linked(description: str, schema: Json) -> Json:
    """The answer of a page that is given as JSON-LD too."""
    answer = _answer(description, "application/json", schema)
    answer["content"]["application/ld+json"] = {"schema": {"type": "object"}}
    return answer


def geojson(name: str) -> Json:
    """The answer of features of the named schema."""
    answer = _answer("Đối tượng (features)", "application/geo+json", _ref(name))
    answer["content"]["application/ld+json"] = {"schema": {"type": "object"}}
    answer["headers"] = {"Content-Crs": {"description": "CRS", "schema": {"type": "string"}}}
    return answer


TEXT: Json = {"type": "string"}
_BBOX: Json = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
_HITS: Json = {"type": "string", "enum": ["results", "hits"], "default": "results"}
_LIMIT: Json = {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT}

PARAMETERS: Json = {
    "f": _query("f", {"type": "string", "enum": ["json", "html", "jsonld"], "default": "json"}, "Format"),
    "fItems": _query(
        "f",
        {"type": "string", "enum": ["json", "html", "jsonld", *TYPES], "default": "json"},
        "Format; as a file (csv and on) all that matches is given unless limit stands",
    ),
    "fPlain": _query("f", {"type": "string", "enum": ["json", "html"], "default": "json"}, "Format"),
    "fJson": _query("f", {"type": "string", "enum": ["json"], "default": "json"}, "Format"),
    "lang": _query("lang", {"type": "string", "enum": ["vi", "en"], "default": "vi"}, "Language"),
    "bbox": _query(
        "bbox", _BBOX, "west,south,east,north; west > east crosses the antimeridian; six numbers with heights"
    ),
    "cursor": _query("cursor", TEXT, "Where the page before ended: out of its next link"),
    "datetime": _query("datetime", TEXT, "A day, an RFC 3339 instant, or an interval a/b with .. for open"),
    "filter": _query("filter", TEXT, "CQL2, as text or JSON (filter-lang)"),
    "filter-lang": _query(
        "filter-lang",
        {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"},
        "Language of filter",
    ),
    "limit": _query("limit", _LIMIT, f"A page's length; a larger one is lowered to {MAX_LIMIT}"),
    "offset": _query(
        "offset",
        {"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0},
        "How many to pass over",
    ),
    "properties": _query("properties", _list(TEXT), "Names of the properties to give"),
    "resulttype": _query("resulttype", _HITS, "hits: count only"),
    "skipGeometry": _query("skipGeometry", {"type": "boolean", "default": False}, "Leave geometries out"),
    "sortby": _query("sortby", _list(TEXT), "Property names, - before a name for descending"),
    "featureId": {"name": "featureId", "in": "path", "required": True, "schema": TEXT, "description": "id"},
}


def crs_parameters(offered: Collection[str]) -> Json:
    """The parameters that name a coordinate reference system."""
    schema: Json = {"type": "string", "format": "uri", "enum": list(offered), "default": CRS84.uri}
    return {
        "crs": _query("crs", schema, "CRS of the answer; coordinates in the CRS's axis order"),
        "bbox-crs": _query("bbox-crs", schema, "CRS of bbox"),
        "filter-crs": _query("filter-crs", schema, "CRS of the coordinates in filter"),
    }


SCHEMAS: Json = {
    "Link": _object(["href", "rel"], href=TEXT, rel=TEXT, type=TEXT, title=TEXT, hreflang=TEXT),
    "LandingPage": _object(["links"], title=TEXT, description=TEXT, links=_list(_ref("Link"))),
    "Conformance": _object(["conformsTo"], conformsTo=_list(TEXT)),
    "Extent": _object(
        [],
        spatial=_object([], bbox=_list(_BBOX), crs=TEXT),
        temporal=_object([], interval=_list(_list({"type": "string", "nullable": True}))),
    ),
    "Collection": _object(
        ["id", "links"],
        id=TEXT,
        title=TEXT,
        description=TEXT,
        attribution=TEXT,
        links=_list(_ref("Link")),
        extent=_ref("Extent"),
        itemType=TEXT,
        crs=_list(TEXT),
        storageCrs=TEXT,
    ),
    "Collections": _object(
        ["links", "collections"], links=_list(_ref("Link")), collections=_list(_ref("Collection"))
    ),
    "Geometry": {
        "type": "object",
        "nullable": True,
        "required": ["type"],
        "properties": {"type": TEXT, "coordinates": _list({})},
    },
    "FeatureCollection": _object(
        ["type", "features"],
        type={"type": "string", "enum": ["FeatureCollection"]},
        features=_list({"type": "object"}),
        links=_list(_ref("Link")),
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched={
            "type": "integer",
            "minimum": 0,
            "description": "Exact; absent where a filter matches more than 10000",
        },
        numberReturned={"type": "integer", "minimum": 0},
    ),
    "Problem": _object(
        ["type", "title", "status", "detail"],
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        detail_en=TEXT,
        parameter=TEXT,
        value=TEXT,
        allowed=TEXT,
        allowed_en=TEXT,
        request_id={"type": "string", "nullable": True},
    ),
}

RESPONSES: Json = {
    "LandingPage": _linked("Trang đầu (landing page)", _ref("LandingPage")),
    "OpenApi": _answer(
        "Tài liệu này (this document)", "application/vnd.oai.openapi+json;version=3.0", {"type": "object"}
    ),
    "Conformance": _answer("Các lớp tuân thủ (conformance)", "application/json", _ref("Conformance")),
    "Collections": _linked("Các lớp dữ liệu (collections)", _ref("Collections")),
    "Collection": _linked("Một lớp dữ liệu (collection)", _ref("Collection")),
    "Functions": {
        "description": "Các hàm (functions)",
        "content": {"application/json": {"schema": {"type": "object"}}},
    },
    "Schema": _answer("JSON Schema", "application/schema+json", {"type": "object"}),
    "InvalidParameter": {
        "description": "Tham số sai: giá trị nào và được phép những gì (what is wrong, what is allowed)",
        "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}},
    },
    "NotFound": {"description": "Không có", "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}}},
    "Unauthenticated": {
        "description": "Mã truy cập sai (bad token)",
        "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}},
    },
    "TooCostly": {
        "description": "Quá tốn kém (too costly)",
        "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}},
    },
    "Unavailable": {
        "description": "Tạm thời chưa phục vụ được (try again later)",
        "content": {PROBLEM_TYPE: {"schema": _ref("Problem")}},
    },
}
PROBLEMS: Json = {
    status: {"$ref": f"#/components/responses/{name}"}
    for status, name in {
        "400": "InvalidParameter",
        "401": "Unauthenticated",
        "404": "NotFound",
        "422": "TooCostly",
        "503": "Unavailable",
    }.items()
}
