"""Units cut into pieces of few vertices, for lookup: what ``ST_Subdivide`` does, and about ten times as fast.

Pure. Cuts run along meridians and parallels through the middle of what is left, so that they add points on
lines only: the borders of a unit stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.vintages.types import Shapes

# As core.admin_part_add cuts.
MOST_VERTICES = 64
# A unit whose pieces do not make up its area to this share is cut again, the slow and sure way.
SAME_AREA = 1e-9
BLOCK = 100


def pieces(
    shapes: Shapes, done: Callable[[float], None] = lambda _share: None
) -> tuple[NDArray[np.int64], Shapes]:
    """The pieces (Polygons of at most 64 vertices) and for each the place of its unit in ``shapes``."""
    units, found = [], []
    for at, shape in enumerate(shapes):
        own = _cut(shape, _by_rectangle)
        if not _whole(shape, own):
            own = _cut(shape, _by_overlay)
        units += [at] * len(own)
        found += own
        if at % BLOCK == 0:
            done(at / len(shapes))
    return np.array(units, dtype=np.int64), np.array(found, dtype=object)


def _whole(shape: BaseGeometry, own: list[BaseGeometry]) -> bool:
    return (
        bool(shapely.is_valid(own).all())
        and abs(float(shapely.area(own).sum()) - shape.area) <= SAME_AREA * shape.area
    )


def _cut(
    shape: BaseGeometry, clip: Callable[[BaseGeometry, float, float, float, float], BaseGeometry]
) -> list[BaseGeometry]:
    own, left = [], list(shapely.get_parts(shape))
    while left:
        part = left.pop()
        if shapely.get_num_coordinates(part) <= MOST_VERTICES:
            own.append(part)
            continue
        west, south, east, north = part.bounds
        if east - west > north - south:
            middle = (west + east) / 2
            halves = ((west, south, middle, north), (middle, south, east, north))
        else:
            middle = (south + north) / 2
            halves = ((west, south, east, middle), (west, middle, east, north))
        if part.bounds in halves:  # as small as numbers go
            own.append(part)
            continue
        for half in halves:
            left += [each for each in shapely.get_parts(clip(part, *half)) if each.geom_type == "Polygon"]
    return own


def _by_rectangle(shape: BaseGeometry, *box: float) -> BaseGeometry:
    return shapely.clip_by_rect(shape, *box)


def _by_overlay(shape: BaseGeometry, *box: float) -> BaseGeometry:
    west, south, east, north = box
    return shapely.intersection(shape, shapely.box(west, south, east, north))
