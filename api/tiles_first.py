"""Tiles before the framework: its routing and its dependencies take twice as long as a tile that is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.requests import Request

from api.errors import problem_of
from api.tiles import tile_at
from geo.errors import DiabanError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# As the route of api.tiles has it, which stays for the documents and for whatever is no plain GET.
TILE = re.compile(r"/tiles/([^/]+)/([^/]+)/([^/]+)/([^/]+)\.mvt")


class TilesFirst:
    """Answers tiles itself; hands everything else on. Within the layer that answers to defects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = (
            TILE.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        )
        if found is None:
            await self._app(scope, receive, send)
            return
        try:
            response = await tile_at(Request(scope, receive), *found.groups())
        except DiabanError as error:
            response = problem_of(error)
        await response(scope, receive, send)
