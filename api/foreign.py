"""Pages of other origins: what the open doors let their scripts ask and read (the Fetch standard's CORS).

Nothing here goes by cookies, and a token must be put into a request by whoever holds it: any origin may ask.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.middleware.cors import CORSMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

OPEN_DOORS = re.compile(r"/(?:ogc|tiles|styles|basemap)\b")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
# Beside those that every script may read.
READABLE = ("Content-Crs", "ETag", "Link", "Location", "Preference-Applied", "Retry-After", "X-Request-Id")


class Foreign:
    """Preflights of the open doors are answered; scripts of other origins may read their refusals too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = CORSMiddleware(
            app, allow_origins=["*"], allow_methods=METHODS, allow_headers=["*"], expose_headers=READABLE
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        foreign = scope["type"] == "http" and any(name == b"origin" for name, _ in scope["headers"])
        if foreign and OPEN_DOORS.match(scope["path"]):
            await self._open(scope, receive, send)
        else:
            await self._app(scope, receive, send)
