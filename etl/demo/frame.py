"""A flat frame in metres for making shapes, and noise in it. All are pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

EARTH_M_PER_DEG = 111_195.0
DECIMALS = 7  # of a degree: about a centimetre


@dataclass(frozen=True, slots=True)
class Frame:
    """Equirectangular metres around a centre: x east, y north. Shapes are made here, areas never printed."""

    lon: float
    lat: float

    @property
    def _east_m(self) -> float:
        return EARTH_M_PER_DEG * math.cos(math.radians(self.lat))

    def to_xy(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Degrees (n, 2: lon, lat) to metres (n, 2: x, y)."""
        return (np.asarray(lonlat, dtype=float) - (self.lon, self.lat)) * (self._east_m, EARTH_M_PER_DEG)

    def to_lonlat(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres to degrees, rounded so that equal positions stay equal."""
        return np.round(
            np.asarray(xy, dtype=float) / (self._east_m, EARTH_M_PER_DEG) + (self.lon, self.lat), DECIMALS
        )

    def geometry_to_xy[G: (BaseGeometry, NDArray[np.object_])](self, geometry: G) -> G:
        """The same for shapely geometries, an array or one."""
        return shapely.transform(geometry, self.to_xy)

    def geometry_to_lonlat[G: (BaseGeometry, NDArray[np.object_])](self, geometry: G) -> G:
        """The same for shapely geometries, an array or one."""
        return shapely.transform(geometry, self.to_lonlat)


def noise(xy: NDArray[np.float64], wavelength_m: float, seed: int) -> NDArray[np.float64]:
    """Smooth noise in [-1, 1] at positions (n, 2): values at lattice points, joined by a quintic fade."""
    scaled = xy / wavelength_m
    cell = np.floor(scaled)
    u, v = ((t := scaled - cell) ** 3 * (t * (t * 6 - 15) + 10)).T
    corner = [[_lattice(cell + np.array([i, j]), seed) for j in (0, 1)] for i in (0, 1)]
    low = corner[0][0] * (1 - u) + corner[1][0] * u
    high = corner[0][1] * (1 - u) + corner[1][1] * u
    return low * (1 - v) + high * v  # type: ignore[no-any-return]


def _lattice(cell: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """A fixed pseudo-random number in [-1, 1] for each whole position."""
    x, y = cell.astype(np.int64).astype(np.uint64).T
    with np.errstate(over="ignore"):
        h = x * np.uint64(0x9E3779B97F4A7C15) ^ y * np.uint64(0xC2B2AE3D27D4EB4F) ^ np.uint64(seed)
        h = (h ^ (h >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
        h = (h ^ (h >> np.uint64(32))) * np.uint64(0x94D049BB133111EB)
    return (h >> np.uint64(11)).astype(float) / 2**52 - 1.0  # type: ignore[no-any-return]


# (wavelength, amplitude) in metres. The gradients (about 2·amplitude/wavelength a octave) stay well below 1
# in sum: then the displacement is one-to-one and a coverage stays a coverage.
OCTAVES = ((9000.0, 700.0), (2600.0, 190.0), (800.0, 45.0), (300.0, 12.0))


def wiggle(xy: NDArray[np.float64], seed: int = 20250701) -> NDArray[np.float64]:
    """Positions moved by a smooth field of the position alone, so that shared edges stay shared."""
    moved = np.array(xy, dtype=float)
    for number, (wavelength, amplitude) in enumerate(OCTAVES):
        for axis in (0, 1):
            moved[:, axis] += amplitude * noise(xy, wavelength, seed + 16 * number + axis)
    return moved


def unwiggle(xy: NDArray[np.float64], seed: int = 20250701) -> NDArray[np.float64]:
    """Positions that :func:`wiggle` moves onto ``xy`` (fixed-point iteration, within a millimetre)."""
    source = np.array(xy, dtype=float)
    for _ in range(60):
        source -= wiggle(source, seed) - xy
    return source
