"""A feature as an editor sends it, checked against the layer's description. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import shapely

from geo.documents import read_json
from geo.errors import InvalidInput
from geo.features.columns import INT4, parse_value
from geo.features.cql2.literals import geometry
from geo.features.crs import CRS84, vertices_to_degrees
from geo.types import GROUND

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapely.geometry.base import BaseGeometry

    from geo.features.columns import Column, Value
    from geo.features.crs import Crs
    from layers.description import Layer

MAX_VERTICES = 10_000
MAX_BRACKETS = 100_000
FEATURE = ("một đối tượng GeoJSON (Feature)", "a GeoJSON Feature")


@dataclass(frozen=True, slots=True)
class Draft:
    """``geometry``: WKB, EPSG:4326 lon lat, None where it is not to change; ``values`` by property."""

    geometry: bytes | None
    values: dict[str, Value | None]


def read_draft(
    body: bytes, layer: Layer, columns: Mapping[str, Column], *, whole: bool, crs: Crs = CRS84
) -> Draft:
    """A feature out of a request; ``whole`` asks for the geometry and every required property.

    Without ``whole`` the body may also be a JSON Merge Patch (RFC 7396) of a feature, which has no type.
    ``crs``: that of its coordinates, in its axis order.

    What a whole feature leaves out is NULL. ``InvalidInput`` names the property that is wrong; one that the
    caller may not know is answered like one that does not exist.
    """
    document = _document(body, whole=whole)
    if not whole and (own := document.get("id")) is not None:
        # RFC 7396 would change it; a feature's identity does not change.
        raise InvalidInput("id", own, "không đổi mã của đối tượng", "the id is not changed")
    given = document.get("properties")
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise InvalidInput("properties", given, *FEATURE)
    unknown = next((name for name in given if name not in columns), None)
    if unknown is not None:
        known = ", ".join(columns)
        raise InvalidInput(unknown, given[unknown], known, known)
    names = columns if whole else given
    values = {name: _value(layer, columns[name], given.get(name)) for name in names}
    shape = document.get("geometry")
    if shape is None and not whole:
        return Draft(None, values)
    return Draft(_geometry(layer, shape, crs), values)


def _document(body: bytes, *, whole: bool) -> dict[str, Any]:
    try:
        text = body.decode()
        # Deep nesting is refused before a parser meets it; coordinates nest, so brackets are counted flat.
        document = read_json(text) if text.count("[") + text.count("{") <= MAX_BRACKETS else None
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("type", None if whole else "Feature") != "Feature":
        raise InvalidInput("body", body[:60], *FEATURE)
    return document


def _geometry(layer: Layer, value: object, crs: Crs) -> bytes:
    kind = layer.geometry
    if not isinstance(value, dict):
        raise InvalidInput("geometry", value, kind, kind)
    try:
        shape = vertices_to_degrees(geometry(value, MAX_VERTICES).shape, crs)
    except InvalidInput as error:
        raise InvalidInput("geometry", error.value, error.allowed_vi, error.allowed_en) from None
    _in_vietnam(shape)
    if kind == f"Multi{shape.geom_type}":
        shape = getattr(shapely, kind)([shape])
    if shape.geom_type != kind:
        raise InvalidInput("geometry", shape.geom_type, kind, kind)
    if not shapely.is_valid(shape):
        raise InvalidInput("geometry", kind, "hình đúng sau khi chuyển hệ toạ độ", "valid once transformed")
    return bytes(shapely.to_wkb(shape))


def _in_vietnam(shape: BaseGeometry) -> None:
    # As for imports. One stray point stretches a layer's extent over the world: its tiles, archives and maps.
    west, south, east, north = GROUND
    if not shapely.box(west, south, east, north).covers(shapely.box(*shape.bounds)):
        span = f"{west:g} … {east:g}, {south:g} … {north:g}"
        where = ", ".join(f"{value:.10g}" for value in shape.bounds)
        raise InvalidInput("geometry", where, f"trong vùng Việt Nam: {span}", f"around Vietnam: {span}")


def _value(layer: Layer, column: Column, value: object) -> Value | None:
    if value is None:
        if column.required:
            raise InvalidInput(column.name, "null", "một giá trị", "a value")
        return None
    if column.codes and value not in [code.code for code in column.codes]:
        known = ", ".join(code.code for code in column.codes)
        raise InvalidInput(column.name, value, known, known)
    match column.type, value:
        case "boolean", bool():
            return bool(value)
        case "integer", int() if not isinstance(value, bool) and -INT4 <= value < INT4:
            return int(value)
        case "number", int() | float() if not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        case (("text" | "date" | "timestamp"), str()):
            return parse_value(column, _short(layer, column, value))
    raise InvalidInput(column.name, value, column.type, column.type)


def _short(layer: Layer, column: Column, text: str) -> str:
    field = next((field for field in layer.fields if field.name == column.name), None)
    most = field.max_length if field else None
    if most is not None and len(text) > most:
        raise InvalidInput(column.name, text, f"tối đa {most} ký tự", f"at most {most} characters")
    return text
