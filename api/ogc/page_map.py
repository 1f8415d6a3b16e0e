"""The features of a page as a map: an SVG drawing of links, without a script or another host."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import shape

from geo.errors import InvalidInput
from geo.features.crs import vertices_to_degrees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from geo.features import Crs

WIDTH = 720.0
MIN_HEIGHT, MAX_HEIGHT = 240.0, 720.0
MARGIN = 12.0
# What is smaller than this is drawn as a dot: it could not be seen or touched otherwise.
DOT = 3.0
# A page of many large shapes is drawn in fewer vertices, never left out.
FINEST = 0.5
# The map in the browser: tiles of 512 pixels, and no nearer than a plot.
TILE = 512.0
NEAREST = 17.0


def page_map(features: Sequence[dict[str, Any]], crs: Crs, label: str | None) -> dict[str, Any] | None:
    """Width, height, one mark for each feature, and what the frame spans; None where nothing has a shape.

    A mark is ``id`` and ``name`` (the property ``label``) with ``path`` (SVG path data) or ``dot`` (x, y).
    ``bounds``: west, south, east, north in degrees; ``camera``: lon, lat, zoom of the browser's map.
    """
    placed = [(feature, _degrees(feature.get("geometry"), crs)) for feature in features]
    drawn = [(feature, form) for feature, form in placed if form is not None]
    if not drawn:
        return None
    west, south, east, north = shapely.total_bounds([form for _, form in drawn])
    # A degree of longitude is shorter than one of latitude; at a ward's size nothing else matters.
    narrow = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * narrow, north - south
    scale = (WIDTH - 2 * MARGIN) / max(wide, high, 1e-4)
    height = min(max(high * scale + 2 * MARGIN, MIN_HEIGHT), MAX_HEIGHT)
    left, top = (WIDTH - wide * scale) / 2, (height - high * scale) / 2

    def place(pairs: Any) -> Any:  # noqa: ANN401 - rows of lon, lat; rows of x, y
        return (pairs - (west, north)) * (narrow * scale, -scale) + (left, top)

    def mark(feature: dict[str, Any], form: BaseGeometry) -> dict[str, Any]:
        name = (feature["properties"].get(label) if label else None) or feature["id"]
        return {"id": feature["id"], "name": name, **_mark(shapely.transform(form, place))}

    return {
        "width": WIDTH,
        "height": round(height, 1),
        "marks": [mark(feature, form) for feature, form in drawn],
        "bounds": [round(float(value), 5) for value in (west, south, east, north)],
        "camera": [
            round(float((west + east) / 2), 5),
            round(float((south + north) / 2), 5),
            round(min(math.log2(360 * scale * narrow / TILE), NEAREST), 2),
        ],
    }


def _degrees(geometry: dict[str, Any] | None, crs: Crs) -> BaseGeometry | None:
    if geometry is None:
        return None
    form = shape(geometry)
    if form.is_empty:
        return None
    try:
        return vertices_to_degrees(form, crs)
    except InvalidInput:
        # Beyond the range of its system: there is no place for it in the frame.
        return None


def _mark(form: BaseGeometry) -> dict[str, Any]:
    left, top, right, bottom = form.bounds
    if max(right - left, bottom - top) < DOT:
        return {"dot": (round((left + right) / 2, 1), round((top + bottom) / 2, 1))}
    fewer = shapely.simplify(form, FINEST, preserve_topology=True)
    return {"path": " ".join(_rings(fewer))}


def _rings(form: BaseGeometry) -> list[str]:
    parts = shapely.get_parts(form)
    lines = [
        ring
        for part in parts
        for ring in (shapely.get_rings(part) if part.geom_type == "Polygon" else [part])
    ]
    return ["M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(line)) for line in lines]
