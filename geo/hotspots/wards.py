"""Wards by what is reported in them, and by people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geo.hotspots.cells import centre
from geo.hotspots.stats.rates import rates, shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.hotspots.ground import Ward

PEOPLE = 1_000
DAYS = 30


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ward's reports. Rates are incidents per 1,000 people and 30 days; None where people are not known."""

    ward: Ward
    incidents: int
    contacts: int
    rate: float | None
    shrunk_rate: float | None
    per_km2: float | None

    def as_dict(self) -> dict[str, Any]:
        """As doors say it."""
        return {
            "code": self.ward.code,
            "name": self.ward.name,
            "population": self.ward.population,
            "incidents": self.incidents,
            "contacts": self.contacts,
            "rate": _rounded(self.rate),
            "shrunk_rate": _rounded(self.shrunk_rate),
            "per_km2": _rounded(self.per_km2),
        }


def ward_of_cells(cells: NDArray[np.int64], polygons: Sequence[BaseGeometry]) -> NDArray[np.int64]:
    """For each cell the ward that its middle lies in, else the nearest one (-1 without wards)."""
    if not len(polygons) or not len(cells):
        return np.full(len(cells), -1, dtype=np.int64)
    middles = shapely.points([centre(cell) for cell in cells.tolist()])
    tree = shapely.STRtree(polygons)
    found = np.full(len(cells), -1, dtype=np.int64)
    # GEOS prepares the side that asks: polygons ask for points.
    polygon, point = shapely.STRtree(middles).query(polygons, predicate="covers")
    found[point[::-1]] = polygon[::-1]
    left = np.flatnonzero(found < 0)
    found[left] = tree.nearest(middles[left])
    return found


def ranked(
    wards: Sequence[Ward], of_cell: NDArray[np.int64], incidents: NDArray[np.int64],
    contacts: NDArray[np.int64], days: int,
) -> list[Ranked]:  # fmt: skip
    """All wards, most incidents for their people first; shrunk so that a few people do not make the top."""
    there = of_cell >= 0
    sums = [
        np.bincount(of_cell[there], column[there], minlength=len(wards)) for column in (incidents, contacts)
    ]
    people = np.array([ward.population or 0 for ward in wards], dtype=np.float64)
    scale = PEOPLE * DAYS / days
    raw, calm = rates(sums[0], people) * scale, shrunk(sums[0], people) * scale
    rows = [
        Ranked(
            ward,
            round(float(sums[0][i])),
            round(float(sums[1][i])),
            _known(raw[i]),
            _known(calm[i]),
            float(sums[0][i]) * DAYS / days / ward.area_km2 if ward.area_km2 else None,
        )
        for i, ward in enumerate(wards)
    ]
    return sorted(rows, key=lambda row: (-(row.shrunk_rate or 0.0), -row.incidents, row.ward.code))


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
