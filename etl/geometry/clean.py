"""A batch of shapes through every check that a layer asks for; in WGS 84, lon lat.

What can be mended without changing the ground is mended and counted; a feature whose mending would change
more than a stated share of its area, or that cannot be mended within its time and memory, gets a fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.geometry import kinds
from etl.geometry.batch import ShapeBatch, flatten, refuse_hopeless
from etl.geometry.repairs import Tally
from etl.geometry.slivers import drop_slivers
from etl.geometry.validity import mend_all
from geo.geometry.area import area_m2
from geo.geometry.repair import Mender

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from shapely import GeometryType

    from etl.types import Fault, Geometries
    from layers.description import Layer

CHANGED_SHARE = 0.01


@dataclass(frozen=True)
class Cleaned:
    """Shapes of the layer's type, None where a fault says why; ``area_m2`` is 0 for points and lines."""

    geometry: Geometries
    area_m2: NDArray[np.float64]
    faults: tuple[Fault, ...]


@dataclass
class Cleaner:
    """Checks batches of one file. Close it: it holds the process that mends."""

    layer: Layer
    changed_share: float = CHANGED_SHARE
    tally: Tally = field(default_factory=Tally)
    mender: Mender = field(default_factory=Mender)

    def close(self) -> None:
        """End the process that mends."""
        self.mender.close()

    def clean(self, geometry: Geometries, first_row: int) -> Cleaned:
        """Shapes in the layer's type, all valid; those that cannot be are None and have a fault."""
        batch = ShapeBatch(geometry, first_row)
        flatten(batch, self.tally)
        refuse_hopeless(batch, self.layer)
        single, several = kinds.wanted(self.layer.geometry)
        self._fit(batch, single, several=several)
        areas = np.zeros(len(geometry))
        if single == kinds.POLYGON:
            mend_all(batch, self.mender, self.tally, self.changed_share, several=several)
            self._drop_repeated(batch)
            self._turn(batch)
            areas[batch.alive] = area_m2(batch.shapes[batch.alive])
            drop_slivers(batch, areas, self.tally)
        elif single == kinds.LINE:
            for at in np.flatnonzero(batch.alive & (shapely.length(batch.shapes) == 0)):
                batch.refuse(at, "no_length", "Đường không có chiều dài.", "The line has no length.")
            self._drop_repeated(batch)
        return Cleaned(batch.shapes, areas, tuple(batch.faults))

    def _fit(self, batch: ShapeBatch, single: GeometryType, *, several: bool) -> None:
        """Into the layer's type where that is no guess; what is of another is refused."""
        batch.shapes, found = kinds.take_parts(batch.shapes, single)
        self.tally.add("collection", batch.rows(found), batch.shapes[found])
        if single == kinds.POLYGON:
            batch.shapes, found = kinds.close_lines(batch.shapes)
            self.tally.add("line_closed", batch.rows(found), batch.shapes[found])
        batch.shapes, fits = kinds.fit(batch.shapes, single, several=several)
        for at in np.flatnonzero(batch.alive & ~fits):
            named = batch.shapes[at].geom_type
            batch.refuse(
                at,
                "geometry_type",
                f"Hình học là {named}, lớp cần {self.layer.geometry}.",
                f"The geometry is a {named}; the layer wants {self.layer.geometry}.",
            )

    def _drop_repeated(self, batch: ShapeBatch) -> None:
        """Vertices that stand twice in a row."""
        coordinates, index = shapely.get_coordinates(batch.shapes, return_index=True)
        same = (coordinates[1:] == coordinates[:-1]).all(axis=1) & (index[1:] == index[:-1])
        at = np.unique(index[1:][same])
        # Only after mending: what is left of a ring without extent is an error of the library, not a shape.
        fewer = shapely.remove_repeated_points(batch.shapes[at], 0)
        changed = shapely.get_num_coordinates(fewer) < shapely.get_num_coordinates(batch.shapes[at])
        batch.shapes[at[changed]] = fewer[changed]
        self.tally.add("duplicate_vertices", batch.first_row + at[changed], fewer[changed])

    def _turn(self, batch: ShapeBatch) -> None:
        """Shells counter-clockwise, holes clockwise (RFC 7946, 3.1.6)."""
        parts, index = shapely.get_parts(batch.shapes, return_index=True)
        wrong = np.unique(index[~shapely.is_ccw(shapely.get_exterior_ring(parts))])
        wrong = wrong[batch.alive[wrong]]
        batch.shapes[wrong] = shapely.orient_polygons(batch.shapes[wrong])
        self.tally.add("winding", batch.first_row + wrong)
