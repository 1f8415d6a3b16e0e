"""The study area: the cells of the province and which of them touch.

Cells where nothing can be reported (outside, across the border) must be out and empty cells inside must be
in:
both change every score.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import h3
import numpy as np
import shapely

from geo.hotspots.cells import areas_km2, centre, places_in, rings_of
from geo.in_force import in_force

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray
    from psycopg import AsyncConnection
    from scipy.sparse import csr_array
    from shapely.geometry.base import BaseGeometry

    from geo.database import Caller, Database
    from geo.hotspots.plane import Plane

    Connection = AsyncConnection[tuple[Any, ...]]

WARDS = "SELECT code, name, population, area_km2, ST_AsBinary(geom) FROM pub.admin_units WHERE level = 3 AND "
KEPT_MAX = 8


@dataclass(frozen=True, slots=True)
class Ward:
    """A ward of the day: code, name, people (None: not known), km² (geodesic where the source tells)."""

    code: str
    name: str
    population: int | None
    area_km2: float | None


@dataclass(frozen=True, eq=False)
class Ground:
    """The province on a day: its cells of one resolution, ascending, and its outline in degrees."""

    resolution: int
    cells: NDArray[np.int64]
    wards: tuple[Ward, ...]
    polygons: tuple[BaseGeometry, ...]
    outline: BaseGeometry

    @cached_property
    def plane(self) -> Plane:
        """The province as raster in metres; only where there is a ward."""
        from geo.hotspots.plane import Plane

        return Plane.of(self)

    @cached_property
    def areas_km2(self) -> NDArray[np.float64]:
        """The true area of each cell."""
        return areas_km2(self.cells)

    @cached_property
    def weights(self) -> csr_array:
        """Which cells touch or are the same: binary, as Gi* wants it."""
        return weights_of(self.cells)

    def places(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each of ``cells`` its place in the ground, -1 where it lies outside."""
        return places_in(self.cells, cells)

    def spread(self, cells: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.float64]:
        """Values by cell as an array over the whole ground, zero where nothing was counted."""
        at = self.places(cells)
        filled = np.zeros(len(self.cells))
        filled[at[at >= 0]] = values[at >= 0]
        return filled


def cells_of(outline: BaseGeometry, resolution: int) -> NDArray[np.int64]:
    """Every cell that an outline (degrees) reaches into, ascending: a report near its border lies in one.

    H3's own test walks all corners of the outline for each cell: half a minute for a province. Here it gets
    a coarse one, and the exact one is asked of GEOS for all middles at once; the border is walked in short
    steps.
    """
    if outline.is_empty:
        return np.empty(0, dtype=np.int64)
    edge_deg = float(h3.average_hexagon_edge_length(resolution, "km")) / 111.0
    wide = outline.simplify(edge_deg).buffer(2 * edge_deg)
    near = [h3.str_to_int(cell) for cell in h3.geo_to_cells(wide.__geo_interface__, resolution)]
    lon, lat = np.array([centre(cell) for cell in near]).T
    shapely.prepare(outline)
    inside = shapely.contains_xy(outline, lon, lat).tolist()
    found = {cell for cell, lies in zip(near, inside, strict=True) if lies}
    border = shapely.get_coordinates(shapely.segmentize(outline.boundary, edge_deg / 10))
    found.update(h3.str_to_int(h3.latlng_to_cell(y, x, resolution)) for x, y in border.tolist())
    return np.array(sorted(found), dtype=np.int64)


def weights_of(cells: NDArray[np.int64]) -> csr_array:
    """Binary weights between cells that touch, and of each with itself (n × n, rows in the cells' order)."""
    from scipy.sparse import csr_array

    near = np.sort(places_in(cells, np.concatenate([rings_of(cells, 0), rings_of(cells, 1)], axis=1)), axis=1)
    there = near >= 0
    starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return csr_array((np.ones(starts[-1]), near[there], starts), shape=(len(cells), len(cells)))


async def ground_on(connection: Connection, day: date, resolution: int) -> Ground:
    """The province as the wards in force on a day make it; of no cell where there is no ward."""
    return await asyncio.to_thread(_made, await _rows(connection, day), resolution)


async def _rows(connection: Connection, day: date) -> list[tuple[Any, ...]]:
    query = WARDS.encode() + in_force("day").as_bytes(connection) + b" ORDER BY code"
    return await (await connection.execute(query, {"day": day})).fetchall()


def _made(rows: Sequence[tuple[Any, ...]], resolution: int) -> Ground:
    polygons = tuple(shapely.from_wkb([bytes(row[4]) for row in rows]))
    outline = shapely.union_all(polygons)
    wards = tuple(Ward(*row[:4]) for row in rows)
    return Ground(resolution, cells_of(outline, resolution), wards, polygons, outline)


class Grounds:
    """One worker's grounds, by version of the units, day and resolution."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, date, int], Ground] = OrderedDict()
        self._lock = asyncio.Lock()

    async def ground(self, db: Database, who: Caller, version: int, day: date, resolution: int) -> Ground:
        """The province of a day as cells; of no cell where there is no ward."""
        key = (version, day, resolution)
        async with self._lock:
            if key not in self._kept:
                self._kept[key] = await self._make(db, who, key)
                while len(self._kept) > KEPT_MAX:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    async def _make(self, db: Database, who: Caller, key: tuple[int, date, int]) -> Ground:
        version, day, resolution = key
        for (kept_version, kept_day, _), other in self._kept.items():
            if (kept_version, kept_day) == (version, day):
                cells = await asyncio.to_thread(cells_of, other.outline, resolution)
                return replace(other, resolution=resolution, cells=cells)
        async with db.read(who) as connection:
            rows = await _rows(connection, day)
        # Without the connection: the database ends one that waits in a transaction.
        return await asyncio.to_thread(_made, rows, resolution)
