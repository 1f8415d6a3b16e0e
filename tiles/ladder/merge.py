"""A tile's ground as areas of one class: what a map of a million plots shows from afar. Pure.

The plots are drawn on a grid of 1,024 cells a tile (half a pixel of 512), gaps narrower than a drawn line are
closed, patches too small to see go to their neighbour, and the borders of what is left are simplified as
one coverage: neighbours share their edges, and nothing overlaps. Exact topology at any number of plots, in
bounded time and memory; dissolving the plots themselves leaves the gaps of streets as speckle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from affine import Affine
from rasterio import features
from scipy import ndimage
from shapely.affinity import affine_transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

CELLS = 1024
# As far as tiles reach beyond their border (64 of 4,096 units), so that no seam shows there.
MARGIN_CELLS = 16
# Gaps up to twice this are closed: a street between two plots is no class of its own.
CLOSED_CELLS = 2
# Patches below this are less than about three pixels across.
SMALLEST_CELLS = 24
TOLERANCE_CELLS = 1.5
NOTHING = 0
UNITS_A_CELL = 4096 // CELLS


@dataclass(frozen=True, slots=True)
class Area:
    """All ground of one class in one tile, in whole numbers of the grid, y down."""

    class_index: int
    cells: shapely.MultiPolygon

    def on_ground(self, grid: Affine) -> shapely.MultiPolygon:
        """The same in the coordinates of the grid's box."""
        place = [grid.a, grid.b, grid.d, grid.e, grid.c, grid.f]
        placed: shapely.MultiPolygon = affine_transform(self.cells, place)
        return placed

    def on_tile(self) -> shapely.MultiPolygon:
        """The same as a tile has it: 4,096 a side, y down, outer rings wound as MVT asks.

        Every vertex is a corner of the grid, so rounding moves nothing and no ring can come to cross itself.
        """
        shift = -MARGIN_CELLS * UNITS_A_CELL
        placed = affine_transform(self.cells, [UNITS_A_CELL, 0, 0, UNITS_A_CELL, shift, shift])
        # Numbers that run counterclockwise, y down, run clockwise on the screen (MVT 2.1, 4.3.4.4).
        wound: shapely.MultiPolygon = shapely.orient_polygons(placed, exterior_cw=False)
        return wound


def grid_of(west: float, south: float, east: float, north: float) -> Affine:
    """The grid over a tile's box with its margin: from columns and rows to the box's coordinates."""
    cell_x, cell_y = (east - west) / CELLS, (north - south) / CELLS
    return Affine(cell_x, 0, west - MARGIN_CELLS * cell_x, 0, -cell_y, north + MARGIN_CELLS * cell_y)


def merged(
    geometries: Sequence[BaseGeometry] | NDArray[np.object_], classes: Sequence[int], grid: Affine
) -> list[Area]:
    """The areas of each class; ``classes`` gives each geometry's, from 0; a later one lies above an earlier.

    Classes that are too small everywhere have no area: the caller counts what stands for whom.
    """
    if not len(geometries):
        return []
    side = CELLS + 2 * MARGIN_CELLS
    drawn = features.rasterize(
        zip(geometries, (number + 1 for number in classes), strict=True),
        out_shape=(side, side),
        transform=grid,
        fill=NOTHING,
        dtype="int16",
    )
    return _areas(_without_patches(_without_gaps(drawn)))


def _without_gaps(drawn: NDArray[np.int16]) -> NDArray[np.int16]:
    """Narrow gaps get the class that is nearest."""
    empty = drawn == NOTHING
    if not empty.any() or empty.all():
        return drawn
    closed = ndimage.binary_closing(~empty, iterations=CLOSED_CELLS, border_value=1) & empty
    nearest = ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True)
    return np.where(closed, drawn[tuple(nearest)], drawn)


def _without_patches(drawn: NDArray[np.int16]) -> NDArray[np.int16]:
    sieved: NDArray[np.int16] = features.sieve(drawn, SMALLEST_CELLS, connectivity=4)
    return sieved


def _areas(drawn: NDArray[np.int16]) -> list[Area]:
    found = list(features.shapes(drawn, connectivity=4))
    values = np.array([int(value) for _, value in found])
    # A vertex at every corner of a cell: where three areas meet, each of them has one there.
    fine = shapely.segmentize(np.array([shapely.geometry.shape(shape) for shape, _ in found]), 1.0)
    polygons = np.asarray(shapely.transform(fine, np.round))
    # The empty ground takes part, so that its borders are edges in common like the others.
    simple = shapely.coverage_simplify(polygons, TOLERANCE_CELLS)
    return [
        Area(int(value) - 1, shapely.MultiPolygon(_polygons(simple[values == value])))
        for value in np.unique(values)
        if value != NOTHING
    ]


def _polygons(simple: NDArray[np.object_]) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(simple) if not part.is_empty]
