"""A grid over all units: most points lie in a cell that no border meets, and such a cell knows its unit.

The units of a day stand for months, so the grid is made once and every later point is looked up in it. Only
points in cells that a border meets are left for the polygons themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Assign = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.int64]]

# About 110 m; a country of islands and sea is cut more coarsely, so that its grid stays near 120 MB.
CELL_MIN_DEG = 0.001
CELLS_MAX = 30_000_000
NOBODY = -1
MIXED = -2
# Where a long segment is cut, the cut lies off its line by a rounding; boxes are wider by more than that.
SLACK_DEG = 1e-12


class Cells:
    """Which unit covers a whole cell, for polygons in WGS 84 degrees.

    A cell is half open, and points fall into cells by the same rounding as the vertices of the borders: where
    no border was seen all points have one answer, exactly that of the polygons. The same holds for cells side
    by side without a border in them, so ``assign`` is asked for one point of each such patch.
    """

    def __init__(self, shapes: NDArray[np.object_], assign: Assign) -> None:
        west, south, east, north = map(float, shapely.total_bounds(shapes))
        self._origin = np.array([west, south])
        self._size = max(CELL_MIN_DEG, ((east - west) * (north - south) / CELLS_MAX) ** 0.5)
        self._columns = int((east - west) / self._size) + 1
        self._rows = int((north - south) / self._size) + 1
        free = np.ones((self._rows, self._columns), dtype=bool)
        self._cross(free, shapes)
        patches, count = ndimage.label(free)
        self._unit = self._answers(patches.ravel(), count, assign)[patches]

    def of(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """For each point its unit's index, ``NOBODY``, or ``MIXED`` where the polygons must be asked."""
        column, row = self._cell(lon, 0), self._cell(lat, 1)
        inside = (column >= 0) & (column < self._columns) & (row >= 0) & (row < self._rows)
        answer = np.full(len(lon), NOBODY, dtype=np.int64)
        answer[inside] = self._unit[row[inside].astype(np.int64), column[inside].astype(np.int64)]
        return answer

    def _cell(self, degrees: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        cell: NDArray[np.float64] = np.floor((degrees - self._origin[axis]) / self._size)
        return cell

    def _cross(self, free: NDArray[np.bool_], shapes: NDArray[np.object_]) -> None:
        """Mark the cells that a border may meet: all in the box of each of its segments."""
        xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shapes)), return_index=True)
        joined = ring[1:] == ring[:-1]
        begin, end = _cut(xy[:-1][joined], xy[1:][joined], self._size)
        left, bottom = self._clipped(np.minimum(begin, end) - SLACK_DEG)
        right, top = self._clipped(np.maximum(begin, end) + SLACK_DEG)
        for across in range(int((right - left).max()) + 1):
            for up in range(int((top - bottom).max()) + 1):
                reached = (left + across <= right) & (bottom + up <= top)
                free[bottom[reached] + up, left[reached] + across] = False

    def _clipped(self, xy: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        column = np.clip(self._cell(xy[:, 0], 0), 0, self._columns - 1)
        row = np.clip(self._cell(xy[:, 1], 1), 0, self._rows - 1)
        return column.astype(np.int64), row.astype(np.int64)

    def _answers(self, patch_of: NDArray[np.int32], count: int, assign: Assign) -> NDArray[np.int32]:
        """The unit of each patch; patch 0 is where borders are."""
        some_cell = np.zeros(count + 1, dtype=np.int64)
        some_cell[patch_of] = np.arange(len(patch_of))
        row, column = np.divmod(some_cell, self._columns)
        middle = (np.stack([column, row]) + 0.5) * self._size + self._origin[:, None]
        unit = assign(middle[0], middle[1]).astype(np.int32)
        unit[0] = MIXED
        return unit


def _cut(
    begin: NDArray[np.float64], end: NDArray[np.float64], longest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Segments, shape (n, 2) each end, with the long ones in pieces no longer than that."""
    pieces = np.ceil(np.abs(end - begin).max(axis=1, initial=0) / longest).astype(np.int64)
    long = pieces > 1
    pieces = pieces[long]
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    start, way = np.repeat(begin[long], pieces, axis=0), np.repeat((end - begin)[long], pieces, axis=0)
    parts = np.repeat(pieces, pieces)[:, None]
    return (
        np.concatenate([begin[~long], start + way * (number[:, None] / parts)]),
        np.concatenate([end[~long], start + way * ((number[:, None] + 1) / parts)]),
    )
