"""Shapes of any type into the one type of a layer, where that is no guess. Vectorised; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import GeometryType

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from etl.types import Geometries

POINT, LINE, POLYGON = GeometryType.POINT, GeometryType.LINESTRING, GeometryType.POLYGON
SINGLE = {"Point": POINT, "LineString": LINE, "Polygon": POLYGON}
MULTI = {
    POINT: GeometryType.MULTIPOINT, LINE: GeometryType.MULTILINESTRING, POLYGON: GeometryType.MULTIPOLYGON,
}  # fmt: skip
MAKERS: dict[GeometryType, Callable[..., Any]] = {
    POINT: shapely.multipoints,
    LINE: shapely.multilinestrings,
    POLYGON: shapely.multipolygons,
}
# A line whose ends are nearer than this is a ring that was not closed: about ten centimetres.
CLOSED_DEG = 1e-6


def wanted(geometry: str) -> tuple[GeometryType, bool]:
    """The single type of a layer's geometry, and whether the layer holds several in one."""
    single = SINGLE[geometry.removeprefix("Multi")]
    return single, geometry.startswith("Multi")


def take_parts(shapes: Geometries, single: GeometryType) -> tuple[Geometries, NDArray[np.bool_]]:
    """Collections replaced by their parts of the wanted type; which they were (those without any stay)."""
    found = np.zeros(len(shapes), dtype=bool)
    out = shapes.copy()
    for at in np.flatnonzero(shapely.get_type_id(shapes) == GeometryType.GEOMETRYCOLLECTION):
        parts = [p for p in _flat(shapes[at]) if shapely.get_type_id(p) == single and not p.is_empty]
        if parts:
            out[at] = MAKERS[single](parts)
            found[at] = True
    return out, found


def close_lines(shapes: Geometries) -> tuple[Geometries, NDArray[np.bool_]]:
    """Lines that end where they begin become polygons (drawings have parcels so); which they were."""
    found = np.zeros(len(shapes), dtype=bool)
    out = shapes.copy()
    for at in np.flatnonzero(np.isin(shapely.get_type_id(shapes), (LINE, GeometryType.MULTILINESTRING))):
        rings = [_ring(line) for line in shapely.get_parts(shapes[at])]
        if rings and all(ring is not None for ring in rings):
            out[at] = shapely.MultiPolygon(rings)
            found[at] = True
    return out, found


def fit(shapes: Geometries, single: GeometryType, *, several: bool) -> tuple[Geometries, NDArray[np.bool_]]:
    """Single shapes wrapped for a layer of multi ones, multi ones of one part unwrapped; which fit then."""
    out = shapes.copy()
    types = shapely.get_type_id(shapes)
    multi = MULTI[single]
    if several:
        alone = np.flatnonzero(types == single)
        if len(alone):
            out[alone] = MAKERS[single](shapes[alone], indices=np.arange(len(alone)))
        return out, np.isin(types, (single, multi))
    one = (types == multi) & (shapely.get_num_geometries(shapes) == 1)
    out[one] = shapely.get_geometry(shapes[one], 0)
    return out, (types == single) | one


def _flat(shape: BaseGeometry, depth: int = 0) -> list[BaseGeometry]:
    """All single shapes in a collection; deeper than eight levels is no file of an agency."""
    if depth > 8:
        return []
    parts = shapely.get_parts(shape)
    if len(parts) == 1 and shapely.get_type_id(parts[0]) in MAKERS:
        return [parts[0]]
    return [single for part in parts for single in _flat(part, depth + 1)]


def _ring(line: BaseGeometry) -> shapely.Polygon | None:
    ends = shapely.get_coordinates(line)
    if len(ends) < 4 or np.abs(ends[0] - ends[-1]).max() > CLOSED_DEG:
        return None
    ends[-1] = ends[0]
    return shapely.Polygon(ends)
