"""A part of the ground as a flat drawing, north up: degrees to pixels of an SVG, shapes to its path data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import shape

from geo.errors import InvalidInput
from geo.features.crs import vertices_to_degrees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.features import Crs

# About a metre: what has no extent is drawn in the middle.
LEAST_DEG = 1e-5
# A large shape is drawn in fewer vertices, never left out.
FINEST = 0.5
# The map in the browser: tiles of 512 pixels, and no nearer than a plot.
TILE = 512.0
NEAREST = 17.0


class Frame:
    """A drawing around shapes (WGS 84, lon lat) and ``margin`` pixels more.

    ``heights``: between which its height lies; at least ``width`` where the shapes must fit in any case.
    ``bounds``: west, south, east, north of the shapes in degrees.
    """

    def __init__(
        self, forms: Sequence[BaseGeometry], width: float, margin: float, heights: tuple[float, float]
    ) -> None:
        self.bounds: tuple[float, float, float, float] = tuple(shapely.total_bounds(list(forms)).tolist())
        west, south, east, north = self.bounds
        # A degree of longitude is shorter than one of latitude; at a ward's size nothing else matters.
        self._narrow = math.cos(math.radians((south + north) / 2))
        wide, high = (east - west) * self._narrow, north - south
        self._scale = (width - 2 * margin) / max(wide, high, LEAST_DEG)
        self.width, self.height = width, min(max(high * self._scale + 2 * margin, heights[0]), heights[1])
        self._left, self._top = (width - wide * self._scale) / 2, (self.height - high * self._scale) / 2

    def place(self, form: BaseGeometry) -> BaseGeometry:
        """A shape in pixels, y downwards."""
        return shapely.transform(form, self._pixels)

    def camera(self) -> tuple[float, float, float]:
        """Lon, lat and zoom at which the browser's map shows the same ground as large."""
        west, south, east, north = self.bounds
        zoom = min(math.log2(360 * self._scale * self._narrow / TILE), NEAREST)
        return round((west + east) / 2, 5), round((south + north) / 2, 5), round(zoom, 2)

    def _pixels(self, lonlats: NDArray[Any]) -> NDArray[Any]:
        west, _, _, north = self.bounds
        scale = (self._narrow * self._scale, -self._scale)
        pixels: NDArray[Any] = (lonlats - (west, north)) * scale + (self._left, self._top)
        return pixels


def path(placed: BaseGeometry) -> str:
    """A shape in pixels as SVG path data: a line each ring and each line of it."""
    fewer = shapely.simplify(placed, FINEST, preserve_topology=True)
    lines = [
        line
        for part in shapely.get_parts(fewer)
        for line in (shapely.get_rings(part) if part.geom_type == "Polygon" else [part])
    ]
    return " ".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(line)) for line in lines
    )


def in_degrees(geometry: dict[str, Any] | None, crs: Crs) -> BaseGeometry | None:
    """A GeoJSON geometry in ``crs`` as lon, lat; None without one, and for one beyond its range."""
    form = None if geometry is None else shape(geometry)
    if form is None or form.is_empty:
        return None
    try:
        return vertices_to_degrees(form, crs)
    except InvalidInput:
        return None
