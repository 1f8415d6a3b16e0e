"""Lines that go round an area, as that area: plots of drawings, boundaries walked with a GPS, drawn paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from shapely import GeometryType

from etl.types import Note
from layers.description import Text

if TYPE_CHECKING:
    from etl.types import Geometries

# Formats that know no areas, and those whose lines are walked or drawn by hand and end near where they began.
DRAWN, WALKED = ("DGN", "DXF"), ("GPX", "KML")
# The ends of a walked ring are apart by at most this share of its length.
APART = 0.1


def areas_of(shapes: Geometries, driver: str) -> tuple[Geometries, list[Note]]:
    """Closed lines as polygons, where a layer of areas is read from ``driver``'s file; and what was done.

    A track or a path that ends near its beginning is closed by a straight line, which is told.
    """
    if driver not in (*DRAWN, *WALKED):
        return shapes, []
    out: Geometries = shapes.copy()
    kinds = shapely.get_type_id(shapes)
    single = (kinds == GeometryType.MULTILINESTRING) & (shapely.get_num_geometries(shapes) == 1)
    closed = mended = 0
    for at in np.flatnonzero((kinds == GeometryType.LINESTRING) | single).tolist():
        ring = shapely.get_coordinates(shapes[at])
        if len(ring) >= 4 and (ring[0] == ring[-1]).all():
            out[at], closed = shapely.Polygon(ring), closed + 1
        elif driver in WALKED and len(ring) >= 3 and _near(ring):
            out[at], mended = shapely.Polygon(ring), mended + 1
    notes = [Note("line_rings", "repaired", _RINGS, closed)] if closed else []
    return out, notes + ([Note("line_walked", "repaired", _WALKED, mended)] if mended else [])


def _near(line: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> bool:
    steps = np.hypot(*np.diff(line, axis=0).T)
    return bool(np.hypot(*(line[0] - line[-1])) <= APART * steps.sum())


_RINGS = Text(vi="Đường khép kín được hiểu là vùng.", en="Closed lines were taken as areas.")
_WALKED = Text(
    vi="Vệt GPS, đường vẽ gần khép kín được hiểu là ranh giới: nối cuối với đầu, hãy xem lại trên bản đồ.",
    en="Tracks and paths that end near their beginning were taken as boundaries and closed: look at the map.",
)
