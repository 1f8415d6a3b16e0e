"""How well a sample of shapes, read in one system, fits the tenant's wards.

Two measures. *Inside*: the share of shapes whose middle lies in a ward. It tells 26 km (a wrong meridian)
when the province ends there. *Loss*: how many shapes' worth of area straddles a border between wards, or
strays from the one ward that the layer is about. Parcels are registered ward by ward, so in the right system
hardly one crosses a border; shifted by 225 m (no datum), 350 m (k0) or 26 km, a few in a hundred do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.geometry.boxes import middles
from etl.georef.systems import coordinates_to_wgs84, in_ground_box

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from etl.types import CrsChoice, Geometries, Ground

# A layer with so much of it in one ward is that ward's: what lies elsewhere strays.
ONE_WARD = 0.85
# Area is measured only for shapes up to this size; larger ones are simplified by their share in the wards.
MOST_VERTICES = 50_000
THIN_ABOVE = 20_000


@dataclass(frozen=True, slots=True)
class Fit:
    """One system. ``inside`` is a share, ``loss`` counts shapes, ``wards`` those that they touch."""

    system: CrsChoice
    inside: float
    loss: float
    wards: int
    shapes: int


class Fitter:
    """The wards, prepared once, and a sample in the file's numbers."""

    def __init__(self, ground: Ground, sample: Geometries) -> None:
        self._wards = ground.wards
        self._tree = shapely.STRtree(ground.wards)
        shapely.prepare(ground.wards)
        self._sample = _thinned(sample)
        self._middles = middles(shapely.bounds(sample))
        self._box = shapely.total_bounds(ground.wards)

    def inside(self, system: CrsChoice) -> tuple[float, float]:
        """The share of middles in a ward, and in the box around all wards (some 5 km wider)."""
        lonlat = coordinates_to_wgs84(self._middles, system)
        good = np.isfinite(lonlat).all(axis=1) & in_ground_box(np.nan_to_num(lonlat))
        west, south, east, north = self._box + np.array([-0.05, -0.05, 0.05, 0.05])
        lon, lat = np.nan_to_num(lonlat).T
        near = good & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        if not near.any():
            return 0.0, 0.0
        found = self._tree.query(shapely.points(lonlat[near]), predicate="intersects")[0]
        count = len(self._middles)
        return len(np.unique(found)) / count, int(near.sum()) / count

    def fit(self, system: CrsChoice) -> Fit:
        """Both measures; the second only where shapes have an extent."""
        inside, _ = self.inside(system)
        shapes = shapely.transform(self._sample, lambda xy: coordinates_to_wgs84(xy, system))
        share, ward = self._best_wards(shapes)
        placed = ward >= 0
        names, counts = np.unique(ward[placed], return_counts=True)
        top = float(counts.max() / len(shapes)) if len(counts) else 0.0
        straddling = float((1 - share[placed]).sum())
        stray = float(len(shapes) - counts.max()) if top >= ONE_WARD else 0.0
        return Fit(system, inside, straddling + stray, len(names), len(shapes))

    def _best_wards(self, shapes: Geometries) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """For each shape the ward with most of it, and the share: of area, else length, else 1."""
        share = np.zeros(len(shapes))
        best = np.full(len(shapes), -1, dtype=np.int64)
        usable = shapely.is_valid(shapes)
        whole, ward = self._tree.query(np.where(usable, shapes, np.array(None)), predicate="within")
        share[whole], best[whole] = 1.0, ward
        rest = np.flatnonzero(usable & (best < 0))
        pair, ward = self._tree.query(shapes[rest], predicate="intersects")
        for row, index in zip(rest[pair], ward, strict=True):
            part = _part(shapes[row], self._wards[index])
            if part > share[row]:
                share[row], best[row] = part, index
        return share, best


def _part(shape: BaseGeometry, ward: BaseGeometry) -> float:
    if shapely.get_num_coordinates(shape) > MOST_VERTICES:
        return 0.0
    common = shapely.intersection(shape, ward)
    size = shape.area or shape.length
    return float((common.area if shape.area else common.length) / size) if size else 1.0


def _thinned(sample: Geometries) -> Geometries:
    """Shapes with fewer vertices, about 5 m off: what is measured here is tens of metres and more."""
    if shapely.get_num_coordinates(sample).sum() <= THIN_ABOVE:
        return sample
    degrees = np.abs(shapely.total_bounds(sample)).max() <= 180
    thinned: Geometries = shapely.simplify(sample, 5e-5 if degrees else 5.0)
    return thinned
