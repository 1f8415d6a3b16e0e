"""Borders simplified together: every row stays, and neighbours keep the edge that they share. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

from tiles.ground import WORLD_M

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# A tile is drawn at 512 pixels.
PIXELS_A_TILE = 512


def pixel_m(zoom: int) -> float:
    """The side of a drawn pixel in EPSG:3857 metres (19.1 at zoom 12)."""
    return float(WORLD_M / 2**zoom / PIXELS_A_TILE)


def outlined(shapes: NDArray[np.object_], zoom: int) -> NDArray[np.object_]:
    """``shapes`` (EPSG:3857 polygons) with detail below a pixel of ``zoom`` taken out of their common edges.

    Where rows of different periods lie on one another they share edges only where they are the same; the
    result of such ground is mended where an edge would cross another.
    """
    simple = shapely.coverage_simplify(shapes, pixel_m(zoom))
    broken = ~shapely.is_valid(simple)
    simple[broken] = shapely.make_valid(simple[broken], method="structure")
    return simple
