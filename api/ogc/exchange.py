"""From a request to what is asked, and from bytes to an answer with its headers."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, cast

from fastapi import Response

from api import deps
from api.caching import OPEN, freshness
from api.ogc import parameters
from api.ogc.config import PLACEHOLDER
from api.ogc.negotiation import FORMATS, chosen_format, chosen_language
from api.ogc.pages import Ask
from api.ogc.published import Door
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import Request

    from api.ogc.negotiation import Format, Language
    from geo.database import Caller
    from layers.description import Layer

HOST = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]+(/[A-Za-z0-9._~/-]*)?")
MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "html": "text/html",
    "jsonld": "application/ld+json",
}


async def ask_for(
    request: Request, params: Mapping[str, str], caller: Caller, formats: tuple[Format, ...] = FORMATS
) -> Ask:
    """The state of the catalogue, who asks, and in which form; ``InvalidInput`` for ``f`` or ``lang``."""
    state = request.app.state
    if not hasattr(state, "ogc"):
        state.ogc = Door(state.settings, state.db, state.catalogue)
    door = cast("Door", state.ogc)
    return Ask(
        door=door,
        published=await door.published(),
        caller=caller,
        fmt=chosen_format(params, request.headers.get("accept", ""), formats),
        language=chosen_language(params, request.headers.get("accept-language", "")),
        base=deps.base_url(request),
    )


def answer(
    ask: Ask,
    body: bytes,
    media_type: str | None = None,
    rest: bytes = b"",
    /,
    **more: str,
) -> Response:
    """``body`` with the server's address in it, then ``rest`` as it is; the headers that every answer has."""
    if not HOST.fullmatch(ask.base):
        raise InvalidInput("Host", ask.base, "tên máy chủ", "a host name")
    kind = media_type if media_type and ask.fmt == "json" else MEDIA_TYPES[ask.fmt]
    found = placed(body, ask) + rest
    headers = [*_kept(ask.language, freshness(ask.caller)["Cache-Control"])]
    headers += [
        (name.replace("_", "-").lower().encode(), value.encode("latin-1")) for name, value in more.items()
    ]
    headers += ((b"content-length", b"%d" % len(found)), (b"content-type", _kind(kind)))
    return Ready(found, headers)


class Ready(Response):
    """What is made already, its headers too: Starlette makes them of texts, which takes its time."""

    def __init__(self, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
        self.status_code, self.background = 200, None
        self.body, self.raw_headers = body, headers


@cache
def _kept(language: Language, keep: str) -> tuple[tuple[bytes, bytes], ...]:
    headers = {
        "Content-Language": language,
        "Vary": "Accept, Accept-Language, Authorization",
        **OPEN,
        "Cache-Control": keep,
    }
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


@cache
def _kind(media_type: str) -> bytes:
    text = media_type.startswith("text/") and "charset=" not in media_type
    return f"{media_type}; charset=utf-8".encode() if text else media_type.encode()


def placed(body: bytes, ask: Ask) -> bytes:
    """``body`` with the server's address in it."""
    return body.replace(PLACEHOLDER.encode(), ask.base.encode())


async def page_ask(request: Request, formats: tuple[Format, ...] = FORMATS) -> Ask:
    """The same for a page that takes no parameter but ``f`` and ``lang``."""
    params = parameters.read(request, parameters.PAGE)
    return await ask_for(request, params, await deps.caller(request), formats)


def asked_layer(request: Request, ask: Ask) -> Layer:
    """The layer of the path; ``NotFound`` lists the known ones."""
    return ask.door.catalogue.layer(request.path_params["layer"])
