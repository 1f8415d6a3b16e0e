"""``/api/docs``: the OpenAPI document as a page that people read. No script, nothing from elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.pages import page

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Operation:
    """One door: method, path, what it does, and its parameters as (name, where, required, text)."""

    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[tuple[str, str, bool, str], ...]


@router.get("/api/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """The page."""
    return page("api.html", groups=grouped(request.app.openapi()))


def grouped(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """The operations of an OpenAPI document by their first tag, in the document's order."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(method.upper(), path, operation))
    return groups


def _operation(method: str, path: str, operation: dict[str, Any]) -> Operation:
    description = str(operation.get("description", "")).strip()
    parameters = tuple(
        (found["name"], found["in"], bool(found.get("required")), str(found.get("description", "")))
        for found in operation.get("parameters", ())
    )
    return Operation(method, path, str(operation.get("summary", "")), description, parameters)
