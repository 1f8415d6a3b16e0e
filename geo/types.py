"""Value types that make wrong states unsayable: positions name their order, tiles their matrix.

All positions are WGS 84 degrees, longitude first (OGC CRS84) unless a name says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NewType, Self

from geo.errors import InvalidInput

Srid = NewType("Srid", int)
WGS84 = Srid(4326)
WEB_MERCATOR = Srid(3857)
MAX_ZOOM = 22
# West, south, east, north: the mainland, the archipelagos Hoàng Sa and Trường Sa, and the sea around.
GROUND = (99.0, 4.0, 122.0, 26.0)


def parse_number(parameter: str, text: object, low: float, high: float) -> float:
    """A finite number within [low, high] out of a request; ``InvalidInput`` otherwise."""
    allowed = f"{low:g} … {high:g}"
    try:
        value = float(str(text))
    except ValueError:
        raise InvalidInput(parameter, text, f"số trong khoảng {allowed}", f"a number in {allowed}") from None
    if not math.isfinite(value) or not low <= value <= high:
        raise InvalidInput(parameter, text, f"số trong khoảng {allowed}", f"a number in {allowed}")
    return value


def parse_integer(parameter: str, text: object, low: int, high: int) -> int:
    """A whole number within [low, high] out of a request; ``InvalidInput`` otherwise."""
    shown = str(text)
    digits = shown[1:] if shown[:1] == "-" else shown
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18 and low <= int(shown) <= high):
        raise InvalidInput(parameter, text, f"số nguyên {low} … {high}", f"a whole number {low} … {high}")
    return int(shown)


@dataclass(frozen=True, slots=True)
class LonLat:
    """A position: degrees east, degrees north."""

    lon: float
    lat: float

    @classmethod
    def parse(cls, lon: object, lat: object) -> Self:
        """From two request values; ``InvalidInput`` where they are no finite WGS 84 degrees."""
        return cls(parse_number("lon", lon, -180, 180), parse_number("lat", lat, -90, 90))


@dataclass(frozen=True, slots=True)
class Bbox:
    """A box in degrees, west < east (no antimeridian: the platform's ground does not reach it)."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str, parameter: str = "bbox") -> Self:
        """From ``west,south,east,north``; ``InvalidInput`` for another count, order or range."""
        parts = text.split(",")
        if len(parts) != 4:
            raise InvalidInput(
                parameter, text, "bốn số: tây,nam,đông,bắc", "four numbers: west,south,east,north"
            )
        west, east = (parse_number(parameter, parts[i], -180, 180) for i in (0, 2))
        south, north = (parse_number(parameter, parts[i], -90, 90) for i in (1, 3))
        if west >= east or south >= north:
            raise InvalidInput(parameter, text, "tây < đông và nam < bắc", "west < east and south < north")
        return cls(west, south, east, north)

    def as_tuple(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        return (self.west, self.south, self.east, self.north)


@dataclass(frozen=True, slots=True)
class TileId:
    """A tile of OGC's WebMercatorQuad: zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @classmethod
    def parse(cls, z: object, x: object, y: object) -> Self:
        """From three request values; ``InvalidInput`` outside the tile matrix."""
        zoom = parse_integer("z", z, 0, MAX_ZOOM)
        last = 2**zoom - 1
        return cls(zoom, parse_integer("x", x, 0, last), parse_integer("y", y, 0, last))
