"""``bbox`` of OGC API Features (17-069r4, requirements 16 and 17) as shapes in degrees."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import shapely
from shapely.geometry import LineString, Point, box

from geo.errors import InvalidInput
from geo.features.crs import CRS84, Crs, to_degrees

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

FOUR_OR_SIX = (
    "4 số: tây,nam,đông,bắc (hoặc 6 số có cao độ thấp nhất và cao nhất)",
    "4 numbers: west,south,east,north (or 6, with the lowest and the highest height)",
)


def parse_bbox(text: str, crs: Crs = CRS84) -> tuple[bytes, ...]:
    """The box as one shape, or two where it crosses the antimeridian (west > east); WKB, EPSG:4326, lon lat.

    Heights are read and have no effect: the layers are flat. ``InvalidInput`` for another count, a value
    that is no number or outside ``crs``, south above north.
    """
    numbers = _numbers(text)
    if len(numbers) == 6:
        if numbers[2] > numbers[5]:
            raise InvalidInput("bbox", text, "cao độ thấp ≤ cao độ cao", "lowest height ≤ highest height")
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    low_1, high_1, low_2, high_2 = crs.limits
    for value, low, high in zip(numbers, (low_1, low_2) * 2, (high_1, high_2) * 2, strict=True):
        if not low <= value <= high:
            span = f"{low:.10g} … {high:.10g}"
            raise InvalidInput("bbox", text, f"số trong khoảng {span}", f"numbers in {span}")
    west, south, east, north = numbers
    if crs.latitude_first:
        west, south, east, north = south, west, north, east
    if south > north:
        raise InvalidInput("bbox", text, "nam ≤ bắc", "south ≤ north")
    if west <= east:
        return (_shape(west, south, east, north, crs),)
    if not crs.geographic:
        raise InvalidInput("bbox", text, "tây ≤ đông", "west ≤ east")
    return (_shape(west, south, 180, north, crs), _shape(-180, south, east, north, crs))


def _numbers(text: str) -> list[float]:
    parts = text.split(",")
    try:
        numbers = [float(part) for part in parts] if len(parts) in (4, 6) else []
    except ValueError:
        numbers = []
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise InvalidInput("bbox", text, *FOUR_OR_SIX)
    return numbers


def _shape(west: float, south: float, east: float, north: float, crs: Crs) -> bytes:
    # A box without width or height is allowed, and is no valid polygon: say it as the line or point it is.
    if west < east and south < north:
        shape: BaseGeometry = box(west, south, east, north)
    elif west == east and south == north:
        shape = Point(west, south)
    else:
        shape = LineString([(west, south), (east, north)])
    return bytes(shapely.to_wkb(to_degrees(shape, crs)))
