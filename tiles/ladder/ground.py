"""Boxes of tiles in EPSG:3857 and in degrees. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from geo.types import TileId
from tiles.ladder.outline import WORLD_M

if TYPE_CHECKING:
    from collections.abc import Iterator

# 64 of 4,096 units: as far as a tile's content reaches over its border.
BUFFER_SHARE = 1 / 64


class Box(NamedTuple):
    """West, south, east, north."""

    west: float
    south: float
    east: float
    north: float


def mercator_box(tile: TileId, buffer: float = 0.0) -> Box:
    """The tile in EPSG:3857 metres; ``buffer`` in sides of a tile."""
    side = WORLD_M / 2**tile.z
    west, north = tile.x * side - WORLD_M / 2, WORLD_M / 2 - tile.y * side
    more = buffer * side
    return Box(west - more, north - side - more, west + side + more, north + more)


def degrees(box: Box) -> Box:
    """A box of EPSG:3857 metres in WGS 84 degrees."""
    radius = WORLD_M / math.tau

    def latitude(y: float) -> float:
        return math.degrees(2 * math.atan(math.exp(y / radius)) - math.pi / 2)

    west, east = (math.degrees(x / radius) for x in (box.west, box.east))
    return Box(west, latitude(box.south), east, latitude(box.north))


def tiles_of(box: Box, zoom: int) -> Iterator[TileId]:
    """The tiles of a zoom whose content a box of WGS 84 degrees touches, buffers included."""
    west, north = _position(box.west, box.north, zoom)
    east, south = _position(box.east, box.south, zoom)
    last = 2**zoom - 1
    for x in range(max(0, int(west - BUFFER_SHARE)), min(last, int(east + BUFFER_SHARE)) + 1):
        for y in range(max(0, int(north - BUFFER_SHARE)), min(last, int(south + BUFFER_SHARE)) + 1):
            yield TileId(zoom, x, y)


def _position(lon: float, lat: float, zoom: int) -> tuple[float, float]:
    """Columns from the west and rows from the north, as far as Web Mercator reaches."""
    sine = math.sin(math.radians(min(max(lat, -85.0511), 85.0511)))
    side = 2**zoom
    return (lon + 180) / 360 * side, (0.5 - math.atanh(sine) / math.tau) * side
