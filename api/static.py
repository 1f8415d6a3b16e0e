"""The built browser application, served from the same origin as the doors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Scope

# Vite puts a hash of the content into these names.
IMMUTABLE = "public, max-age=31536000, immutable"
DOORS = ("api", "basemap", "docs", "ogc", "styles", "tiles")


class Application(StaticFiles):
    """Files of ``web_map/dist``; a path of the application itself (no dot) gets its one page."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Serve one file; 404 where it is neither a file nor a page."""
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            if error.status_code != 404 or "." in path or path.split("/", maxsplit=1)[0] in DOORS:
                raise
            response = await super().get_response("index.html", scope)
        immutable = path.startswith("assets/")
        response.headers["Cache-Control"] = IMMUTABLE if immutable else "no-cache"
        return response
