"""The icons of layers as one picture with an index: what MapLibre calls a sprite. Pure.

Each icon is drawn 24 pixels a side (48 for fine screens) and named ``<layer>:<icon>`` in styles.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from PIL import Image
from resvg_py import svg_to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.description import Layer

log = structlog.get_logger()
SIDE_PX = 24


class Sprite(NamedTuple):
    """A PNG, and for each icon where it is in it."""

    png: bytes
    places: dict[str, dict[str, Any]]


def sprite(layers: Iterable[Layer], ratio: int) -> Sprite:
    """All icons of ``layers``, ``ratio`` pixels of the picture for one of the screen.

    An icon that cannot be drawn is left out, and logged. A picture without icons has one clear pixel.
    """
    drawn: dict[str, Image.Image] = {}
    for layer in layers:
        for name, text in sorted(layer.icons.items()):
            try:
                drawn[f"{layer.name}:{name}"] = _picture(text, SIDE_PX * ratio)
            except ValueError as error:
                # One layer's icon without a size must not take everyone's icons away.
                log.warning("icon_not_drawn", layer=layer.name, icon=name, reason=str(error))
    side, columns = SIDE_PX * ratio, max(1, math.isqrt(max(0, len(drawn) - 1)) + 1)
    rows = math.ceil(len(drawn) / columns)
    whole = Image.new("RGBA", (columns * side, rows * side) if drawn else (1, 1))
    places: dict[str, dict[str, Any]] = {}
    for number, (name, picture) in enumerate(drawn.items()):
        x, y = number % columns * side, number // columns * side
        whole.paste(picture, (x, y))
        places[name] = {"x": x, "y": y, "width": side, "height": side, "pixelRatio": ratio}
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", optimize=True)
    return Sprite(buffer.getvalue(), places)


def _picture(svg: str, side: int) -> Image.Image:
    png = svg_to_bytes(svg_string=svg, width=side, height=side, skip_system_fonts=True)
    picture = Image.open(io.BytesIO(bytes(png))).convert("RGBA")
    # What is not square keeps its shape.
    square = Image.new("RGBA", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square
