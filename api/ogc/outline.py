"""A geometry as a small drawing: an SVG path, without a map, a script or another host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapely.geometry import shape

if TYPE_CHECKING:
    from collections.abc import Iterable

SIDE = 200.0
MARGIN = 8.0
MAX_POINTS = 4_000


def outline(geometry: dict[str, Any] | None, *, flipped: bool = False) -> str | None:
    """Path data in a square of ``SIDE``, north up; None for a point, for nothing, and for what is too large.

    ``flipped``: coordinates come as lat, lon.
    """
    if geometry is None:
        return None
    form = shape(geometry)
    rings = [[(y, x) if flipped else (x, y) for x, y in ring] for ring in _rings(form)]
    points = [point for ring in rings for point in ring]
    if len(points) < 2 or len(points) > MAX_POINTS:
        return None
    west, south = min(x for x, _ in points), min(y for _, y in points)
    span = max(max(x for x, _ in points) - west, max(y for _, y in points) - south) or 1.0
    scale = (SIDE - 2 * MARGIN) / span
    top = max(y for _, y in points)

    def place(x: float, y: float) -> str:
        return f"{MARGIN + (x - west) * scale:.1f} {MARGIN + (top - y) * scale:.1f}"

    return " ".join("M" + " L".join(place(x, y) for x, y in ring) for ring in rings)


def _rings(form: Any) -> Iterable[list[tuple[float, float]]]:  # noqa: ANN401
    for part in getattr(form, "geoms", [form]):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            yield [(point[0], point[1]) for point in line.coords]
