"""Many points, sorted by cells, so that a polygon meets only those in its box.

An STRtree of the points with the predicate ``covers`` does the same with one object a point; cells of plain
numbers are about twice as fast, and ``intersects_xy`` lets go of Python's lock, so that all processors work.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

# About a third of a ward's width: boxes are met closely, and a ward takes few rows.
CELL_DEG = 0.03
COLUMNS = 1 << 20
# Polygons that one processor tests at a time.
CHUNK = 64


class Points:
    """Points in WGS 84 degrees, shape (n,) each; NaN is nowhere."""

    def __init__(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
        with np.errstate(invalid="ignore"):
            key = _cell(np.nan_to_num(lat, nan=-90.0)) * COLUMNS + _cell(np.nan_to_num(lon, nan=-180.0))
        self._order = np.argsort(key)
        self._key = key[self._order]
        self._lon, self._lat = lon[self._order], lat[self._order]

    def covered_by(self, shapes: NDArray[np.object_]) -> Pairs:
        """Pairs of a prepared polygon's number and the number of a point in it or on its border."""
        shape, point = self._in_boxes(shapely.bounds(shapes))
        # A polygon is never asked by two threads at once: GEOS makes parts of its index as it is asked.
        cuts = np.searchsorted(shape, np.arange(0, len(shapes) + CHUNK, CHUNK))

        def test(part: slice) -> NDArray[np.bool_]:
            at = point[part]
            covered: NDArray[np.bool_] = shapely.intersects_xy(
                shapes[shape[part]], self._lon[at], self._lat[at]
            )
            return covered

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            parts = list(pool.map(test, map(slice, cuts[:-1], cuts[1:])))
        covered = np.concatenate(parts)
        return shape[covered], self._order[point[covered]]

    def _in_boxes(self, boxes: NDArray[np.float64]) -> Pairs:
        """Pairs of a box (west, south, east, north; shape (m, 4)) and a point, in sorted order, within it."""
        bottom = _cell(boxes[:, 1])
        height = _cell(boxes[:, 3]) - bottom + 1
        box, up = _spread(height)
        row = (bottom[box] + up) * COLUMNS
        start = np.searchsorted(self._key, row + _cell(boxes[box, 0]))
        end = np.searchsorted(self._key, row + _cell(boxes[box, 2]), side="right")
        line, along = _spread(end - start)
        box, point = box[line], start[line] + along
        west, south, east, north = boxes[box].T
        lon, lat = self._lon[point], self._lat[point]
        within = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        return box[within], point[within]


def _spread(counts: NDArray[np.int64]) -> Pairs:
    """For counts (2, 0, 1): the indices (0, 0, 2) and the numbers (0, 1, 0) within each."""
    index = np.repeat(np.arange(len(counts)), counts)
    return index, np.arange(len(index)) - np.repeat(np.cumsum(counts) - counts, counts)


def _cell(degrees: Any) -> Any:  # noqa: ANN401 - a number or an array of them
    return np.floor((degrees + 360.0) / CELL_DEG).astype(np.int64)
