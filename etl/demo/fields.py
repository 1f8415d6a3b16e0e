"""Delta fields: a bent grid of canals and roads, and in each cell long thin parcels. All in metres.

Cells, canals and roads are quadrilaterals over shared corners, so the whole is free of gaps and overlaps but
for rounding where a parcel's corner lies on its neighbour's straight side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etl.demo.frame import wiggle

if TYPE_CHECKING:
    from numpy.typing import NDArray

CELL_M = (720.0, 430.0)  # along the canal, across
CANAL_M, ROAD_M = 17.0, 7.0
HOUSE_DEPTH_M = 42.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Each cell's four corners in metres, drawn in from canals and roads: (columns, rows, 4, 2)."""

    inner: NDArray[np.float64]

    @classmethod
    def make(cls, columns: int, rows: int, angle: float, rng: np.random.Generator) -> Grid:
        """A grid around the origin, turned by ``angle``, its corners moved and its lines bent."""
        x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0), indexing="ij")
        flat = np.stack([(x - columns / 2) * CELL_M[0], (y - rows / 2) * CELL_M[1]], axis=-1)
        flat += rng.normal(0, (60.0, 22.0), flat.shape)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        corners = wiggle((flat @ turn).reshape(-1, 2), seed=77).reshape(flat.shape)
        ring = np.stack([corners[:-1, :-1], corners[1:, :-1], corners[1:, 1:], corners[:-1, 1:]], axis=2)
        return cls(_shrink(ring))

    def centres(self) -> NDArray[np.float64]:
        """The middle of each cell, (columns, rows, 2)."""
        return self.inner.mean(axis=2)

    def ways(self, used: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Canals along and roads across between used neighbours: rings (n, 4, 2) each."""
        cells = self.inner
        canal = np.stack([cells[:, :-1, 3], cells[:, :-1, 2], cells[:, 1:, 1], cells[:, 1:, 0]], axis=2)
        road = np.stack([cells[:-1, :, 1], cells[1:, :, 0], cells[1:, :, 3], cells[:-1, :, 2]], axis=2)
        return canal[used[:, :-1] & used[:, 1:]], road[used[:-1] & used[1:]]

    def crossings(self, used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The ring of water where four used cells meet, (n, 4, 2)."""
        c = self.inner
        ring = np.stack([c[:-1, :-1, 2], c[1:, :-1, 3], c[1:, 1:, 0], c[:-1, 1:, 1]], axis=2)
        return ring[used[:-1, :-1] & used[1:, :-1] & used[1:, 1:] & used[:-1, 1:]]


def _shrink(ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cells drawn in by half a road at their ends and half a canal at their sides."""
    along = np.linalg.norm(ring[..., 1, :] - ring[..., 0, :], axis=-1)[..., None, None]
    across = np.linalg.norm(ring[..., 3, :] - ring[..., 0, :], axis=-1)[..., None, None]
    u0, v0 = ROAD_M / 2 / along, CANAL_M / 2 / across
    corner = [(u0, v0), (1 - u0, v0), (1 - u0, 1 - v0), (u0, 1 - v0)]
    return np.concatenate([_inside(ring[..., None, :, :], u, v) for u, v in corner], axis=-2)


def _inside(
    ring: NDArray[np.float64], u: NDArray[np.float64] | float, v: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """Bilinear: from (0..1, 0..1) to a place in the quadrilateral."""
    a, b, c, d = (ring[..., i, :] for i in range(4))
    return (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * d + u * c)


def strips(
    ring: NDArray[np.float64], width_m: float, houses: bool, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """One cell's parcels, rings (n, 4, 2), and the band of each: 0 houses along the canal, 1, 2 fields."""
    length = float(np.linalg.norm(ring[1] - ring[0]))
    depth = float(np.linalg.norm(ring[3] - ring[0]))
    front = HOUSE_DEPTH_M / depth if houses else 0.0
    middle = front + (1 - front) * rng.uniform(0.42, 0.58)
    bands = [(0, 0.0, front, 13.0), (1, front, middle, width_m), (2, middle, 1.0, width_m)]
    rings, band = [], []
    for number, low, high, width in bands[0 if houses else 1 :]:
        count = max(2, round(length / width))
        share = rng.gamma(6.0, 1.0, count)
        cut = np.concatenate([[0.0], np.cumsum(share) / share.sum()])[:, None]
        near, far = _inside(ring, cut, low), _inside(ring, cut, high)
        rings.append(np.stack([near[:-1], near[1:], far[1:], far[:-1]], axis=1))
        band += [number] * count
    return np.concatenate(rings), np.array(band)
