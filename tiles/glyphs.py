"""Letters for maps whose clients have no font of ours: signed distance fields in ranges of 256 characters.

The form is that of MapLibre's glyph files (protobuf ``glyphs``: stacks of name, range and glyphs): 24 pixels
an em, 3 pixels around each letter, distances up to 8 pixels as bytes, the outline at 191. Pure: fonts in,
bytes out.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import distance_transform_edt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

EM_PX, BORDER_PX, RADIUS_PX, CUTOFF = 24, 3, 8, 0.25
# Drawn larger and measured there: distances then hold to a quarter of a pixel.
FINER = 4
# Where clients expect the base line below the top of a line, whatever the font says: else text hangs low.
BASELINE_PX = 26
RANGE = 256
SPACES = " \N{NO-BREAK SPACE}"
# Of no font: what a font draws for it, it draws for all that it lacks.
UNKNOWN = "\U0010ffff"
# Number, kind and label (required, optional, repeated) of the fields of each message.
FIELDS: dict[str, dict[str, tuple[int, str, str]]] = {
    "glyph": {
        "id": (1, "UINT32", "REQUIRED"), "bitmap": (2, "BYTES", "OPTIONAL"),
        "width": (3, "UINT32", "REQUIRED"), "height": (4, "UINT32", "REQUIRED"),
        "left": (5, "SINT32", "REQUIRED"), "top": (6, "SINT32", "REQUIRED"),
        "advance": (7, "UINT32", "REQUIRED"),
    },
    "fontstack": {
        "name": (1, "STRING", "REQUIRED"), "range": (2, "STRING", "REQUIRED"),
        "glyphs": (3, "glyph", "REPEATED"),
    },
    "glyphs": {"stacks": (1, "fontstack", "REPEATED")},
}  # fmt: skip


def glyph_range(name: str, files: Sequence[Path], start: int) -> bytes:
    """The letters ``start`` to ``start`` + 255 of a face, those that one of its ``files`` has.

    ``OSError`` where a file is no font.
    """
    fonts = [_font(file) for file in files]
    end = start + RANGE - 1
    letters = [found for code in range(start, end + 1) if (found := _letter(code, fonts)) is not None]
    made = _message("glyphs")(stacks=[{"name": name, "range": f"{start}-{end}", "glyphs": letters}])
    return bytes(made.SerializeToString())


def _letter(code: int, fonts: Sequence[ImageFont.FreeTypeFont]) -> dict[str, Any] | None:
    letter = chr(code)
    if letter in SPACES:
        advance = round(fonts[0].getlength(letter) / FINER)
        return {"id": code, "advance": advance, "left": 0, "top": 0, "width": 0, "height": 0}
    font = next((font for font in fonts if letter.isprintable() and _has(font, letter)), None)
    if font is None:
        return None
    left, top, right, bottom = (float(edge) / FINER for edge in font.getbbox(letter, anchor="ls"))
    x, y = math.floor(left), math.floor(top)
    width, height = math.ceil(right) - x, math.ceil(bottom) - y
    return {
        "id": code,
        "advance": round(font.getlength(letter) / FINER),
        "left": x,
        "top": -y - BASELINE_PX,
        "width": width,
        "height": height,
        "bitmap": _distances(letter, font, (x, y), (width, height)).tobytes(),
    }


def _has(font: ImageFont.FreeTypeFont, letter: str) -> bool:
    return bytes(font.getmask(letter)) not in (b"", bytes(font.getmask(UNKNOWN)))


def _distances(
    letter: str, font: ImageFont.FreeTypeFont, corner: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Rows from the top; the border around is in it."""
    width, height = (side + 2 * BORDER_PX for side in size)
    picture = Image.new("L", (width * FINER, height * FINER))
    at = ((BORDER_PX - corner[0]) * FINER, (BORDER_PX - corner[1]) * FINER)
    ImageDraw.Draw(picture).text(at, letter, fill=255, font=font, anchor="ls")
    inside = np.asarray(picture) > 127
    away = distance_transform_edt(~inside) - distance_transform_edt(inside)
    away = away.reshape(height, FINER, width, FINER).mean(axis=(1, 3)) / FINER
    field: NDArray[np.float64] = np.clip(255 - 255 * (away / RADIUS_PX + CUTOFF), 0, 255)
    return field.round().astype(np.uint8)


def _font(file: Path) -> ImageFont.FreeTypeFont:
    # One letter at a time has no script to lay out, and the layout of scripts refuses some of them alone.
    return ImageFont.truetype(str(file), EM_PX * FINER, layout_engine=ImageFont.Layout.BASIC)


@cache
def _message(name: str) -> Any:  # noqa: ANN401 - a class that protobuf makes
    file = descriptor_pb2.FileDescriptorProto(name="diaban/glyphs.proto", package="diaban.glyphs")
    for message, fields in FIELDS.items():
        described = file.message_type.add(name=message)
        for field, (number, kind, label) in fields.items():
            one = described.field.add(name=field, number=number)
            one.label = getattr(one, f"LABEL_{label}")
            if kind in FIELDS:
                one.type, one.type_name = one.TYPE_MESSAGE, f".diaban.glyphs.{kind}"
            else:
                one.type = getattr(one, f"TYPE_{kind}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"diaban.glyphs.{name}"))
