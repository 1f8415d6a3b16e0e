"""Literals that both encodings share: instants, intervals, boxes and geometries."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING, Any

import shapely
from shapely.errors import GEOSException
from shapely.geometry import shape as shape_of

from geo.calendar import parse_date
from geo.errors import InvalidInput
from geo.features.cql2.nodes import Box, Geometry, Instant, wrong
from geo.features.cql2.scan import MAX_VERTICES
from geo.features.interval import parse_instant
from geo.types import parse_number

if TYPE_CHECKING:
    from datetime import datetime

OPEN_END = ".."
# How deep the positions of each type lie.
NESTING = {
    "Point": 0,
    "LineString": 1,
    "MultiPoint": 1,
    "Polygon": 2,
    "MultiLineString": 2,
    "MultiPolygon": 3,
}
BOUND = 1e9


def day(text: str) -> Instant:
    """``DATE('2025-07-01')``."""
    try:
        return Instant(parse_date("filter", text))
    except InvalidInput:
        raise wrong(text, "một ngày, ví dụ DATE('2025-07-01')", "a day, e.g. DATE('2025-07-01')") from None


def moment(text: str) -> Instant:
    """``TIMESTAMP('2025-07-01T00:00:00Z')``."""
    example = "TIMESTAMP('2025-07-01T00:00:00Z')"
    try:
        return Instant(parse_instant("filter", text))
    except InvalidInput:
        raise wrong(text, f"một thời điểm, ví dụ {example}", f"an instant, e.g. {example}") from None


def end_of_interval(text: str) -> Instant | None:
    """An end of ``INTERVAL``: a day, an instant, or ``..`` for open."""
    if text == OPEN_END:
        return None
    return day(text) if len(text) == len("2025-07-01") else moment(text)


def box(numbers: list[float]) -> Box:
    """``BBOX`` of 4 or 6 finite numbers."""
    if len(numbers) not in (4, 6):
        raise wrong(numbers, "BBOX có 4 hoặc 6 số", "BBOX has 4 or 6 numbers")
    return Box(tuple(_coordinate(number) for number in numbers))


def geometry(value: dict[str, Any], most: int = MAX_VERTICES) -> Geometry:
    """A geometry in GeoJSON's form; heights are dropped. ``InvalidInput`` where it is none."""
    checked = _checked(value)
    try:
        shape = shapely.force_2d(shape_of(checked))
    except (ValueError, GEOSException):
        raise wrong(value.get("type"), "một hình đúng", "a well-formed geometry") from None
    if shapely.get_num_coordinates(shape) > most:
        raise wrong(value.get("type"), f"tối đa {most} đỉnh", f"at most {most} vertices")
    if shape.is_empty or not shapely.is_valid(shape):
        raise wrong(value.get("type"), "hình đúng, không rỗng", "a valid geometry that is not empty")
    return Geometry(shape)


def _checked(value: dict[str, Any]) -> dict[str, Any]:
    kind = value.get("type")
    if kind == "GeometryCollection" and isinstance(members := value.get("geometries"), list):
        if all(isinstance(member, dict) for member in members):
            return {"type": kind, "geometries": [_checked(member) for member in members]}
    elif kind in NESTING:
        return {"type": kind, "coordinates": _positions(value.get("coordinates"), NESTING[kind])}
    known = ", ".join((*NESTING, "GeometryCollection"))
    raise wrong(kind, known, known)


def _positions(value: object, depth: int) -> list[Any]:
    if isinstance(value, list) and value:
        if depth:
            return [_positions(part, depth - 1) for part in value]
        if len(value) in (2, 3):
            return [_coordinate(number) for number in value]
    raise wrong(value, "toạ độ là các cặp số", "coordinates are pairs of numbers")


def _coordinate(number: object) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise wrong(number, "toạ độ là số", "coordinates are numbers")
    return parse_number("filter", number, -BOUND, BOUND)


def number(text: str) -> int | float:
    """A number of either encoding; ``InvalidInput`` where it is not finite."""
    if text.isdigit() and len(text) <= 18:
        return int(text)
    value = float(text)
    if not math.isfinite(value):
        raise wrong(text, "một số hữu hạn", "a finite number")
    return value


def is_day(value: date | datetime) -> bool:
    """Whether an instant is a day (a datetime is a date to Python)."""
    return type(value) is date
