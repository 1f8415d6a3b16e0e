"""Features on pages for people: SVG drawings of links, without a script or another host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from api.ogc.frame import Frame, in_degrees, path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from geo.features import Crs

WIDTH, HEIGHTS = 720.0, (240.0, 720.0)
MARGIN = 12.0
# Of one feature.
SIDE, SIDE_MARGIN = 200.0, 8.0
# What is smaller than this is drawn as a dot: it could not be seen or touched otherwise.
DOT = 3.0


def page_map(features: Sequence[dict[str, Any]], crs: Crs, label: str | None) -> dict[str, Any] | None:
    """Width, height, one mark for each feature, and what the frame spans; None where nothing has a shape.

    A mark is ``id`` and ``name`` (the property ``label``) with ``path`` (SVG path data) or ``dot`` (x, y).
    ``bounds``: west, south, east, north in degrees; ``camera``: lon, lat, zoom of the browser's map.
    """
    placed = [(feature, in_degrees(feature.get("geometry"), crs)) for feature in features]
    drawn = [(feature, form) for feature, form in placed if form is not None]
    if not drawn:
        return None
    frame = Frame([form for _, form in drawn], WIDTH, MARGIN, HEIGHTS)

    def mark(feature: dict[str, Any], form: BaseGeometry) -> dict[str, Any]:
        name = (feature["properties"].get(label) if label else None) or feature["id"]
        return {"id": feature["id"], "name": name, **_mark(frame.place(form))}

    return {
        "width": frame.width,
        "height": round(frame.height, 1),
        "marks": [mark(feature, form) for feature, form in drawn],
        "bounds": [round(value, 5) for value in frame.bounds],
        "camera": frame.camera(),
    }


def item_map(geometry: dict[str, Any] | None, crs: Crs) -> dict[str, Any] | None:
    """``outline``: SVG path data in a square of ``SIDE``, None for points; ``camera`` as of a page.

    None where there is no shape.
    """
    form = in_degrees(geometry, crs)
    if form is None:
        return None
    square = Frame([form], SIDE, SIDE_MARGIN, (SIDE, SIDE))
    return {
        "outline": path(square.place(form)) if shapely.get_dimensions(form) > 0 else None,
        "camera": Frame([form], WIDTH, MARGIN, HEIGHTS).camera(),
    }


def _mark(placed: BaseGeometry) -> dict[str, Any]:
    left, top, right, bottom = placed.bounds
    if max(right - left, bottom - top) < DOT:
        return {"dot": (round((left + right) / 2, 1), round((top + bottom) / 2, 1))}
    return {"path": path(placed)}
