"""A province's plane in metres, as raster."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

from geo.hotspots.cells import centre, unknown
from geo.hotspots.stats.density import Grid, kernel_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hotspots.ground import Ground

CELL_M = 100.0
BANDWIDTHS_M = (300, 5_000)
DEFAULT_BANDWIDTH_M = 800


@dataclass(frozen=True, eq=False)
class Plane:
    """A province in a metric plane (UTM on WGS 84, the zone of its middle) as raster of 100 m."""

    epsg: int
    grid: Grid

    @classmethod
    def of(cls, ground: Ground) -> Plane:
        """The raster of a ground's outline. The outline must not be empty."""
        import shapely
        from rasterio.features import rasterize
        from rasterio.transform import from_origin

        epsg = 32_600 + math.floor(ground.outline.centroid.x / 6) + 31
        project = Transformer.from_crs(4326, epsg, always_xy=True).transform
        outline = shapely.transform(ground.outline, lambda xy: np.column_stack(project(*xy.T)))
        west, south, east, north = outline.bounds
        west, north = math.floor(west / CELL_M) * CELL_M, math.ceil(north / CELL_M) * CELL_M
        shape = (math.ceil((north - south) / CELL_M), math.ceil((east - west) / CELL_M))
        place = from_origin(west, north, CELL_M, CELL_M)
        inside = rasterize([(outline, 1)], out_shape=shape, transform=place, dtype="uint8").astype(bool)
        return cls(epsg, Grid(west, north, CELL_M, inside))

    @cached_property
    def nearest_inside(self) -> NDArray[np.int64]:
        """For each raster cell the flat place of the nearest one inside."""
        from scipy.ndimage import distance_transform_edt

        row, column = distance_transform_edt(~self.grid.inside, return_distances=False, return_indices=True)
        flat: NDArray[np.int64] = (row * self.grid.inside.shape[1] + column).ravel().astype(np.int64)
        return flat

    @cached_property
    def _kept(self) -> dict[str, NDArray[np.int64]]:
        """Cells that were asked for, ascending, and their places: one pair that is replaced whole."""
        return {"pair": np.empty((2, 0), dtype=np.int64)}

    def places(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """The raster cell of each H3 cell's middle; -1 far from the province."""
        known = self._kept["pair"]
        new = unknown(cells, known[0])
        if len(new):
            known = np.concatenate([known, [new, self._placed(new)]], axis=1)
            known = self._kept["pair"] = known[:, np.argsort(known[0])]
        found: NDArray[np.int64] = known[1][np.searchsorted(known[0], cells)]
        return found

    def _placed(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """A cell on the border may have its middle across it: its reports go to the nearest place inside."""
        lon, lat = np.array([centre(cell) for cell in cells.tolist()]).T
        x, y = Transformer.from_crs(4326, self.epsg, always_xy=True).transform(lon, lat)
        rows, columns = self.grid.inside.shape
        column = np.floor((x - self.grid.west_m) / CELL_M).astype(np.int64).clip(-50, columns + 50)
        row = np.floor((self.grid.north_m - y) / CELL_M).astype(np.int64).clip(-50, rows + 50)
        near = (abs(column - columns / 2) < columns / 2 + 20) & (abs(row - rows / 2) < rows / 2 + 20)
        flat = row.clip(0, rows - 1) * columns + column.clip(0, columns - 1)
        return np.where(near, self.nearest_inside[flat], -1)

    def mass(self, bandwidth_m: float) -> NDArray[np.float32]:
        """Kernel mass inside (see :func:`geo.hotspots.stats.density.kernel_mass`), kept."""
        return _mass(self, bandwidth_m)


@lru_cache(maxsize=8)
def _mass(plane: Plane, bandwidth_m: float) -> NDArray[np.float32]:
    return kernel_mass(plane.grid, bandwidth_m)
