"""Entity tags of pages of features: what the answer depends on, known before the database is asked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fastapi import Response

from api.caching import OPEN, freshness, matches

if TYPE_CHECKING:
    from fastapi import Request

    from api.ogc.pages import Ask
    from layers.description import Layer


def page_etag(request: Request, ask: Ask, layer: Layer) -> str:
    """A weak tag (``timeStamp`` differs): the layer's epoch, the rights, and what was asked in which form."""
    catalogue = ask.door.catalogue
    parts = (
        str(catalogue.revision),
        str(catalogue.epoch(layer.name, ask.caller)),
        ask.caller.policy_class,
        ask.fmt,
        ask.language,
        ask.base,
        request.scope["path"],
        request.scope["query_string"].decode("latin-1"),
    )
    return f'"{hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]}"'


def text_etag(body: bytes) -> str:
    """The tag of an answer that is made already."""
    return f'"{hashlib.sha256(body).hexdigest()[:24]}"'


def not_modified(request: Request, ask: Ask, etag: str) -> Response | None:
    """304 where the client has the answer already, else None."""
    if not matches(request.headers.get("if-none-match", ""), etag):
        return None
    headers = {"ETag": f"W/{etag}", "Vary": "Accept, Accept-Language, Authorization"}
    return Response(status_code=304, headers={**headers, **OPEN, **freshness(ask.caller)})
