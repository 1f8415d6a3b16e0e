"""Shapes of KML placemarks as WKB: coordinates ``lon,lat[,height]`` divided by blanks (OGC 12-007r2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from etl.sources.frames import note

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from shapely.geometry.base import BaseGeometry

    from etl.types import Limits

_DEEPEST = 8
# Blanks after the commas within a tuple, as people type them.
_LOOSE = re.compile(r"(?<!\s)\s*+,\s*+")
_BROKEN = note(
    "geometry_unreadable",
    "quarantined",
    "Tọa độ trong KML không đọc được: vẽ lại đối tượng này trong Google Earth rồi lưu lại.",
    "Its coordinates in the KML cannot be read: draw the place again in Google Earth and save it.",
)
_MULTI = {"Point": shapely.MultiPoint, "LineString": shapely.MultiLineString, "Polygon": shapely.MultiPolygon}


def shape_of(elements: list[Element], limits: Limits) -> tuple[bytes | None, str | None]:
    """The geometry elements of a placemark as one shape; a note of the row where they cannot be read."""
    try:
        shapes = [shape for element in elements for shape in _shapes(element, limits, 0)]
    except (ValueError, shapely.errors.GEOSException):
        return None, _BROKEN
    if not shapes:
        return None, None
    if len(shapes) == 1:
        return bytes(shapely.to_wkb(shapes[0])), None
    kinds = {shape.geom_type for shape in shapes}
    multi: Any = _MULTI.get(next(iter(kinds))) if len(kinds) == 1 else None
    whole = multi(shapes) if multi else shapely.GeometryCollection(shapes)
    return bytes(shapely.to_wkb(whole)), None


def _shapes(element: Element, limits: Limits, depth: int) -> list[BaseGeometry]:
    tag = _local(element)
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if tag in ("MultiGeometry", "MultiTrack"):
        return [shape for child in element for shape in _shapes(child, limits, depth + 1)]
    if tag == "Polygon":
        shells, holes = (_rings(element, side, limits) for side in ("outerBoundaryIs", "innerBoundaryIs"))
        return [shapely.Polygon(shells[0], holes)] if shells else []
    if tag == "Point":
        return [shapely.Point(xy[0]) for xy in [_coordinates(element, limits)] if len(xy)]
    if tag in ("LineString", "LinearRing", "Track"):
        xy = _track(element) if tag == "Track" else _coordinates(element, limits)
        return [shapely.LineString(xy)] if len(xy) > 1 else []
    return []


def _rings(element: Element, side: str, limits: Limits) -> list[np.ndarray[Any, Any]]:
    boundaries = [each for each in element if _local(each) == side]
    return [_ring(each, limits) for one in boundaries for each in one.iter() if _local(each) == "LinearRing"]


def _ring(element: Element, limits: Limits) -> np.ndarray[Any, Any]:
    """A closed ring; one that was left open is closed, as Google Earth draws it."""
    xy = _coordinates(element, limits)
    if len(xy) and (xy[0] != xy[-1]).any():
        xy = np.vstack([xy, xy[:1]])
    return xy


def _coordinates(element: Element, limits: Limits) -> np.ndarray[Any, Any]:
    """Lon, lat, shape (n, 2). ``ValueError`` for what is no number, or too many."""
    text = " ".join("".join(each.itertext()) for each in element.iter() if _local(each) == "coordinates")
    tuples = _LOOSE.sub(",", text.strip()).split()
    if len(tuples) > limits.vertices:
        raise ValueError("too many vertices")
    return np.array([each.rstrip(",").split(",")[:2] for each in tuples], dtype=np.float64).reshape(-1, 2)


def _track(element: Element) -> np.ndarray[Any, Any]:
    """``gx:coord`` elements: lon lat height, divided by blanks."""
    found = [(each.text or "").split()[:2] for each in element if _local(each) == "coord"]
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
