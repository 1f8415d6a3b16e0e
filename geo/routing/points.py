"""Many points, sorted by cells, so that a polygon meets only those in its box.

An STRtree of the points with the predicate ``covers`` does the same with one object a point; cells of plain
numbers are about twice as fast, and ``intersects_xy`` lets go of Python's lock, so that all processors work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

# About a third of a ward's width: boxes are met closely, and a ward takes few rows.
CELL_DEG = 0.03
COLUMNS = 1 << 20


class Points:
    """Points in WGS 84 degrees, shape (n,) each; NaN is nowhere."""

    def __init__(self, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
        with np.errstate(invalid="ignore"):
            key = _cell(np.nan_to_num(lat, nan=-90.0)) * COLUMNS + _cell(np.nan_to_num(lon, nan=-180.0))
        self._order = np.argsort(key)
        self._key = key[self._order]
        self._lon, self._lat = lon[self._order], lat[self._order]

    def covered_by(self, shape: Any) -> NDArray[np.int64]:  # noqa: ANN401 - a prepared polygon of shapely
        """Numbers of the points in a polygon or on its border."""
        west, south, east, north = shapely.bounds(shape)
        rows = np.arange(_cell(south), _cell(north) + 1) * COLUMNS
        starts = np.searchsorted(self._key, rows + _cell(west))
        ends = np.searchsorted(self._key, rows + _cell(east), side="right")
        near = np.concatenate([np.arange(start, end) for start, end in zip(starts, ends, strict=True)])
        lon, lat = self._lon[near], self._lat[near]
        near = near[(lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)]
        covered = shapely.intersects_xy(shape, self._lon[near], self._lat[near])
        return np.asarray(self._order[near[covered]], dtype=np.int64)


def _cell(degrees: Any) -> Any:  # noqa: ANN401 - a number or an array of them
    return np.floor((degrees + 360.0) / CELL_DEG).astype(np.int64)
