"""The province's own base map: tile by tile for the map, and the whole file by byte ranges for others."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING, Annotated, cast

import structlog
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse

from api.caching import OPEN, accepts_gzip, matches
from geo.errors import NotFound
from geo.types import TileId
from tiles.basemap import Basemap, NoBasemap

if TYPE_CHECKING:
    from geo.settings import Settings

router = APIRouter(tags=["map"])
log = structlog.get_logger()

RANGES = re.compile(r"bytes=\s*(?:\d+-\d*|-\d+)(?:\s*,\s*(?:\d+-\d*|-\d+))*\s*")
# The file changes when somebody lays another one in its place, which is rare and no emergency.
KEPT = {"Cache-Control": "public, max-age=86400", **OPEN}


def basemap_of(settings: Settings) -> Basemap | None:
    """The base map of the settings; a file that is none is said in the log, and the map goes without."""
    if settings.basemap_file is None:
        return None
    try:
        return Basemap(settings.basemap_file)
    except NoBasemap as error:
        log.error("no base map", reason=str(error), setting="DIABAN_BASEMAP_FILE")
        return None


def _basemap(request: Request) -> Basemap:
    found = cast("Basemap | None", request.app.state.basemap)
    if found is None:
        raise NotFound("Không có bản đồ nền riêng.", "There is no base map of our own.")
    return found


@router.get("/basemap/{z}/{x}/{y}", summary="Một mảnh của bản đồ nền", response_class=Response)
async def tile(
    request: Request,
    z: Annotated[str, Path(description="mức phóng / zoom")],
    x: Annotated[str, Path(description="cột / column")],
    y: Annotated[str, Path(description="hàng / row")],
) -> Response:
    """One tile as it lies in the file; 204 where the file has none."""
    found, place = _basemap(request), TileId.parse(z, x, y)
    data = found.tile(place)
    headers = {**KEPT, "Vary": "Accept-Encoding"}
    if data is None:
        return Response(status_code=204, headers=headers)
    if found.packed and accepts_gzip(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
    elif found.packed:
        data = gzip.decompress(data)
    return Response(data, media_type=found.media_type, headers=headers)


@router.get(
    "/basemap.pmtiles", summary="Bản đồ nền trong một tệp, đọc từng khoảng byte", response_class=Response
)
async def file(request: Request) -> Response:
    """The whole file; ``Range`` is answered with 206, one that is outside with 416 (RFC 9110, 14)."""
    path = _basemap(request).path
    if not RANGES.fullmatch(request.headers.get("range", "")):
        # RFC 9110, 14.2: a unit that nobody knows is no error.
        request.scope["headers"] = [each for each in request.scope["headers"] if each[0] != b"range"]
    headers = {**OPEN, "Cache-Control": "public, max-age=0, must-revalidate"}
    answer = FileResponse(
        path, media_type="application/vnd.pmtiles", headers=headers, stat_result=path.stat()
    )
    if matches(request.headers.get("if-none-match", ""), answer.headers["etag"]):
        return Response(status_code=304, headers={"ETag": answer.headers["etag"], **OPEN})
    return answer
