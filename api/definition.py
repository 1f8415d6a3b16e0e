"""The application's OpenAPI document, completed: what every operation may answer when it cannot answer.

FastAPI documents 422 with a form of its own that is never sent: errors are problem documents (RFC 9457), and
a wrong value is 400.
"""

from __future__ import annotations

from typing import Any

from fastapi import Response

Json = dict[str, Any]
PROBLEM_TYPE = "application/problem+json"
METHODS = ("get", "post", "put", "patch", "delete")
# The framework's own, and what its 422 refers to.
NEVER_SENT = ("HTTPValidationError", "ValidationError")
ANY = {
    "400": "Giá trị sai: giá trị nào và được phép những gì · a wrong value, and what is allowed",
    "401": "Mã truy cập sai hoặc thiếu · a wrong or missing token",
    "403": "Không có quyền · no right",
    "404": "Không có · nothing of that name",
    "422": "Câu hỏi quá tốn kém · the question is too costly",
    "503": "Tạm thời chưa phục vụ được, xin thử lại · try again later",
}
CHANGING = {
    "409": "Dữ liệu đã có hoặc không thoả quy định · there already, or against a rule",
    "413": "Quá lớn · too large",
    "415": "Kiểu dữ liệu không được nhận · a media type that is not taken",
    "429": "Quá nhiều yêu cầu · too many requests",
}
TEXT: Json = {"type": "string"}
PROBLEM: Json = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "detail_en"],
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "detail_en": TEXT,
        "parameter": TEXT,
        "value": TEXT,
        "allowed": TEXT,
        "allowed_en": TEXT,
        "request_id": {"type": ["string", "null"]},
    },
}


def sends(*media_types: str) -> Json:
    """Arguments of a route that answers with these media types and not with the framework's JSON."""
    return {"response_class": Response, "responses": {200: {"content": {name: {} for name in media_types}}}}


def complete(document: Json) -> Json:
    """``document``, in place: problems beside the answers of each operation, bodies with a content type."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for name in NEVER_SENT:
        schemas.pop(name, None)
    for operations in document["paths"].values():
        for method in METHODS:
            if method in operations:
                _complete(operations[method], changing=method != "get")
    return document


def _complete(operation: Json, *, changing: bool) -> None:
    answers: Json = operation.setdefault("responses", {})
    if "HTTPValidationError" in str(answers.get("422")):
        del answers["422"]
    for status, said in (ANY | CHANGING if changing else ANY).items():
        content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        answers.setdefault(status, {"description": said, "content": content})
    body = operation.get("requestBody")
    if body is not None and "content" not in body:
        # A body that is read by hand: JSON of a form that its own words describe.
        body["content"] = {"application/json": {"schema": {"type": "object"}}}
