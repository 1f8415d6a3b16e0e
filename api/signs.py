"""Letters and icons as our styles name them: ``/styles/glyphs/…``, ``/styles/map/sprite…``."""

from __future__ import annotations

import gzip
import re
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from api.caching import OPEN, accepts_gzip, matches
from api.definition import sends
from api.deps import Layers, settings
from geo.errors import InvalidInput, NotFound, Unavailable
from tiles.encoding import digest_of

if TYPE_CHECKING:
    from pathlib import Path as File

    from geo.catalogue import Catalogue
    from tiles.sprites import Sprite

router = APIRouter(prefix="/styles", tags=["tiles"])

PBF, PNG = "application/x-protobuf", "image/png"
# A face's weight in the names of the files that the map's own page has.
FACES = {"Be Vietnam Pro": "400", "Be Vietnam Pro SemiBold": "600"}
FILES = "be-vietnam-pro-*-{}-normal-*.woff2"
RANGE = re.compile(r"(\d{1,5})-(\d{1,5})\.pbf")
# All that there are, in each face; and a picture for coarse screens and one for fine ones.
GLYPHS_KEPT, SPRITES_KEPT = len(FACES) * 256, 2
SPRITE = re.compile(r"sprite(@2x)?\.(json|png)")
KEPT = {"Cache-Control": "public, max-age=86400", **OPEN}
ASKED_EACH_TIME = {"Cache-Control": "no-cache", **OPEN}


@router.get("/glyphs/{fonts}/{name}", summary="Chữ cho bản đồ", **sends(PBF))
async def glyphs(
    request: Request,
    fonts: Annotated[str, Path(description="faces separated by commas; the first that is known is taken")],
    name: Annotated[str, Path(description="256 characters: 0-255.pbf, 7680-7935.pbf …")],
) -> Response:
    """A range of letters as signed distance fields, as MapLibre's ``glyphs`` asks for them."""
    start = _range(name)
    face = next((face for face in fonts.split(",") if face in FACES), None)
    if face is None:
        raise NotFound(f"Chỉ có các phông: {', '.join(FACES)}.", f"The faces are: {', '.join(FACES)}.")
    folder, drawn = settings(request).dist_dir / "assets", request.app.state.glyphs
    body = await drawn.get((folder, face, start), partial(_drawn, folder, face, start))
    coded = accepts_gzip(request.headers.get("accept-encoding", ""))
    headers = {**KEPT, "ETag": f'"{digest_of(body)}{"" if coded else "-i"}"', "Vary": "Accept-Encoding"}
    if matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if coded:
        return Response(body, media_type=PBF, headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(body), media_type=PBF, headers=headers)


def _range(name: str) -> int:
    found = RANGE.fullmatch(name)
    if found is None or int(found[1]) % 256 or int(found[2]) != int(found[1]) + 255 or int(found[2]) > 0xFFFF:
        allowed = "0-255.pbf, 256-511.pbf … 65280-65535.pbf"
        raise InvalidInput("name", name, allowed, allowed)
    return int(found[1])


def _drawn(folder: File, face: str, start: int) -> bytes:
    """The range, compressed; it takes a third of a second."""
    # What draws is large, and most workers are never asked for letters.
    from tiles.glyphs import glyph_range

    files = sorted(folder.glob(FILES.format(FACES[face])))
    if not files:
        raise Unavailable("Trang bản đồ chưa được dựng.", "The map's page is not built yet.")
    return gzip.compress(glyph_range(face, files, start), mtime=0)


@router.get("/map/{name}", summary="Ký hiệu cho bản đồ", **sends(PNG, "application/json"))
async def sprite(
    request: Request,
    catalogue: Layers,
    name: Annotated[str, Path(description="sprite.json, sprite.png, sprite@2x.json, sprite@2x.png")],
) -> Response:
    """The icons of all layers in one picture, and where each is in it."""
    found = SPRITE.fullmatch(name)
    if found is None:
        raise NotFound("Chỉ có sprite.json, sprite.png và @2x.", "There are sprite.json, sprite.png and @2x.")
    made = await _sprite(request, catalogue, 2 if found[1] else 1)
    if found[2] == "json":
        return JSONResponse(made.places, headers=ASKED_EACH_TIME)
    headers = {**ASKED_EACH_TIME, "ETag": f'"{digest_of(made.png)}"'}
    if matches(request.headers.get("if-none-match", ""), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(made.png, media_type=PNG, headers=headers)


async def _sprite(request: Request, catalogue: Catalogue, ratio: int) -> Sprite:
    from tiles.sprites import sprite as draw  # large, and rarely asked for

    key = (catalogue.revision, ratio)
    made: Sprite = await request.app.state.sprites.get(
        key, partial(draw, list(catalogue.layers.values()), ratio)
    )
    return made
