"""Kernel density in metres, corrected at the border of the study area.

Gaussian kernel; its bandwidth is the standard deviation in metres. Mass that a kernel puts outside the study
area is given back inside (Diggle 1985, Applied Statistics 34:2: each event is divided by the mass of its own
kernel within the area), so that the surface holds as many reports as there were, on a coast and at a border.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# A kernel is cut where 6e-5 of its mass is left; the division by its mass puts that back as well.
CUT_AT_SIGMAS = 4.0
ROUNDING = np.float32(2e-6)
M2_PER_KM2 = 1e6


@dataclass(frozen=True, slots=True)
class Grid:
    """A raster in a metric plane: its north-west corner, the side of a cell, and which cells are inside.

    ``inside``: (rows, columns), rows from the north.
    """

    west_m: float
    north_m: float
    cell_m: float
    inside: NDArray[np.bool_]

    def index(self, x_m: Floats, y_m: Floats) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The flat place of each point and whether it lies in a cell inside."""
        column = np.floor((x_m - self.west_m) / self.cell_m).astype(np.int64)
        row = np.floor((self.north_m - y_m) / self.cell_m).astype(np.int64)
        rows, columns = self.inside.shape
        on = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        flat = np.where(on, row * columns + column, 0)
        return flat, on & self.inside.ravel()[flat]


def kernel_mass(grid: Grid, bandwidth_m: float) -> NDArray[np.float32]:
    """For each cell the part of a kernel's mass, centred there, that falls inside (0 to 1)."""
    return _smooth(grid.inside.astype(np.float32), grid, bandwidth_m)


def density(
    counts: NDArray[np.float32], grid: Grid, bandwidth_m: float, days: float, mass: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Reports per km² and 30 days in each cell; 0 outside. ``counts``: (rows, columns), zero outside.

    ``mass``: of :func:`kernel_mass` for the same grid and bandwidth. The surface times the cells' area sums
    to the counts' sum.
    """
    weights = np.divide(counts, mass, out=np.zeros_like(counts), where=grid.inside & (mass > 0))
    surface = _smooth(weights, grid, bandwidth_m) * grid.inside
    per_cell = (grid.cell_m * grid.cell_m) / M2_PER_KM2
    return (surface * np.float32(30.0 / days / per_cell)).astype(np.float32)


def _smooth(values: NDArray[np.float32], grid: Grid, bandwidth_m: float) -> NDArray[np.float32]:
    """The kernel's sums about each cell, by Fourier transforms: the cost does not grow with the bandwidth."""
    from scipy import fft  # where it is used: the application starts without it

    sigma = bandwidth_m / grid.cell_m
    reach = math.ceil(CUT_AT_SIGMAS * sigma)
    # Room for one reach: what leaves on one side must not come in on the other.
    shape = [fft.next_fast_len(size + reach, real=True) for size in values.shape]
    waves = fft.rfft2(values, shape)
    waves *= _transformed(sigma, reach, shape[0])[:, np.newaxis]
    waves *= _transformed(sigma, reach, shape[1])[: waves.shape[1]]
    smooth: NDArray[np.float32] = fft.irfft2(waves, shape)[: values.shape[0], : values.shape[1]]
    # Rounding spreads a millionth of the highest value over cells that no kernel reaches: there is nothing.
    smooth[smooth < ROUNDING * smooth.max(initial=0.0)] = 0.0
    return smooth


@lru_cache(maxsize=32)
def _transformed(sigma: float, reach: int, size: int) -> NDArray[np.float32]:
    """The transform (real, for the kernel is even) of a kernel along one axis of ``size`` cells."""
    from scipy import fft

    steps = np.arange(-reach, reach + 1)
    kernel = np.exp(-(steps**2) / (2 * sigma**2))
    around = np.zeros(size)
    around[steps] = kernel / kernel.sum()
    found: NDArray[np.float32] = fft.fft(around).real.astype(np.float32)
    return found
