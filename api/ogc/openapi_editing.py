"""Operations of editing in the OpenAPI document (OGC 20-002)."""

from __future__ import annotations

from typing import Any

from api.ogc.editing import OWN_DOORS, PATCH_TYPES, TYPES
from api.ogc.schemas import PROBLEM_TYPE, PROBLEMS

Json = dict[str, Any]
MORE = {
    "403": "Không có quyền (no right)",
    "409": "Trái quy định của lớp (breaks a rule of the layer)",
    "412": "Đã có người khác sửa (changed by someone else)",
    "413": "Quá lớn (too large)",
    "428": "Thiếu If-Match (If-Match is missing)",
}
IF_MATCH: Json = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "ETag đã đọc, hoặc * (the ETag that was read, or *)",
    "schema": {"type": "string"},
}
SUMMARIES = {
    "post": "Thêm đối tượng (create)",
    "put": "Thay đối tượng (replace)",
    "patch": "Sửa đối tượng (update)",
    "delete": "Xoá đối tượng (delete)",
}


def add_editing(paths: Json, layer: str, schema: str) -> None:
    """Put the writing operations of ``layer`` into ``paths``, where it has any."""
    if layer in OWN_DOORS:
        return
    items = f"/collections/{layer}/items"
    paths[items]["post"] = _operation("post", layer, schema)
    for method in ("put", "patch", "delete"):
        paths[f"{items}/{{featureId}}"][method] = _operation(method, layer, schema)


def _operation(method: str, layer: str, schema: str) -> Json:
    problems = {
        status: {"description": text, "content": {PROBLEM_TYPE: {"schema": _ref("schemas", "Problem")}}}
        for status, text in MORE.items()
    }
    done: Json = {"description": "Đã ghi (written)", "headers": {"ETag": {"schema": {"type": "string"}}}}
    operation: Json = {
        "summary": SUMMARIES[method],
        "description": SUMMARIES[method],
        "tags": [layer],
        "operationId": f"{method}{layer}Features",
        "security": [{"bearer": []}],
        "responses": {"201" if method == "post" else "204": done, **PROBLEMS, **problems},
    }
    if method != "post":
        operation["parameters"] = [_ref("parameters", "featureId"), IF_MATCH]
    if method != "delete":
        feature = {"type": "object"} if method == "patch" else _ref("schemas", schema)
        operation["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": feature} for kind in (PATCH_TYPES if method == "patch" else TYPES)},
        }
    return operation


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}
