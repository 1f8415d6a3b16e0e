"""The busiest doors before the framework, whose routing and dependencies cost as much as their answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.requests import Request

from api.errors import defect, problem_of
from api.ogc.features import item, items
from api.ogc.records.documents import CATALOGUE
from api.tiles import tile
from geo.errors import DiabanError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

# The catalogue has doors of its own.
LAYER = rf"/ogc/collections/(?!{CATALOGUE}/)(?P<layer>[^/]+)"
# As their routes have them, which stay for the documents and for whatever is no plain GET.
DOORS: tuple[tuple[re.Pattern[str], Callable[[Request], Awaitable[Response]]], ...] = (
    (re.compile(r"/tiles/(?P<layers>[^/]+)/(?P<z>[^/]+)/(?P<x>[^/]+)/(?P<y>[^/]+)\.mvt"), tile),
    (re.compile(rf"{LAYER}/items"), items),
    (re.compile(rf"{LAYER}/items/(?P<id>[^/]+)"), item),
)


class First:
    """Answers those doors itself, to defects of theirs too; hands everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "GET":
            for path, door in DOORS:
                if found := path.fullmatch(scope["path"]):
                    scope["path_params"] = found.groupdict()
                    await _answer(door, scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def _answer(
    door: Callable[[Request], Awaitable[Response]], scope: Scope, receive: Receive, send: Send
) -> None:
    request, begun = Request(scope, receive), False
    try:
        try:
            response = await door(request)
        except DiabanError as error:
            response = problem_of(error)
        begun = True
        await response(scope, receive, send)
    except Exception as error:
        # As Starlette does, which raises it on too: whoever runs the application may want to know.
        told = defect(request, error)
        if not begun:
            await told(scope, receive, send)
        raise
