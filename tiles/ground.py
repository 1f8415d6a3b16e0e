"""Boxes of tiles in EPSG:3857 and in degrees. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from geo.types import TileId

if TYPE_CHECKING:
    from collections.abc import Iterator

WORLD_M = 40_075_016.685578488
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


class Ground(NamedTuple):
    """A box in whole worlds of Web Mercator, from the north-west corner: what an edit touched."""

    west: float
    north: float
    east: float
    south: float

    @classmethod
    def of(cls, box: tuple[float, float, float, float], margin_deg: float = 0.0) -> Ground:
        """From west, south, east, north in degrees, and what is added on every side."""
        west, north = _position(box[0] - margin_deg, box[3] + margin_deg)
        east, south = _position(box[2] + margin_deg, box[1] - margin_deg)
        return cls(west, north, east, south)

    def at(self, zoom: int) -> tuple[range, range]:
        """The columns and the rows of the zoom's tiles that the box touches, buffers included."""
        side = 2**zoom
        return _span(self.west * side, self.east * side, side), _span(
            self.north * side, self.south * side, side
        )


def tiles_of(box: Box, zoom: int) -> Iterator[TileId]:
    """The tiles of a zoom whose content a box of WGS 84 degrees touches, buffers included."""
    columns, rows = Ground.of(box).at(zoom)
    for x in columns:
        for y in rows:
            yield TileId(zoom, x, y)


def _span(first: float, last: float, side: int) -> range:
    # A hair more than the buffer: the database rounds elsewhere.
    reach = BUFFER_SHARE * 1.01
    return range(max(0, math.floor(first - reach)), min(side - 1, math.floor(last + reach)) + 1)


def _position(lon: float, lat: float) -> tuple[float, float]:
    """From the west and from the north, as shares of the world, as far as Web Mercator reaches."""
    sine = math.sin(math.radians(min(max(lat, -85.0511), 85.0511)))
    return (lon + 180) / 360, 0.5 - math.atanh(sine) / math.tau
