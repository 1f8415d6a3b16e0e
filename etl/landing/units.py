"""Which unit is responsible for a row whose file does not say: the ward in which it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray
    from psycopg import Connection

    from etl.types import Geometries

# Borders simplified by this (about 5 m) put 0.03 % of places into the neighbour and cost a quarter.
SIMPLER_DEG = 0.00005
WARDS = (
    "SELECT code, ST_AsBinary(ST_SimplifyPreserveTopology(geom, %s)) FROM core.admin_units "
    "WHERE level = 3 AND visibility = 0 AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s) "
    "ORDER BY code"
)


class Wards:
    """The wards in force on a day."""

    def __init__(self, codes: NDArray[np.object_], shapes: Geometries) -> None:
        self._codes = codes
        self._shapes = shapes
        self._tree = shapely.STRtree(shapes)
        shapely.prepare(shapes)

    @classmethod
    def load(cls, connection: Connection[tuple[Any, ...]], day: date) -> Wards:
        """Read by whoever may read the units."""
        rows = connection.execute(WARDS, [SIMPLER_DEG, day, day]).fetchall()
        codes = np.array([row[0] for row in rows], dtype=object)
        return cls(codes, shapely.from_wkb(np.array([row[1] for row in rows], dtype=object)))

    def __len__(self) -> int:
        return len(self._codes)

    def of(self, shapes: Geometries) -> NDArray[np.object_]:
        """The code of the ward that holds each shape's inner point, None outside all of them."""
        found = np.full(len(shapes), None, dtype=object)
        there = np.flatnonzero(~shapely.is_missing(shapes))
        points = shapely.point_on_surface(shapes[there])
        at, ward = self._tree.query(points)
        x, y = shapely.get_x(points), shapely.get_y(points)
        # Ward by ward, because a prepared ward answers for many points at once.
        for each in np.unique(ward):
            mine = at[ward == each]
            inside = shapely.contains_xy(self._shapes[each], x[mine], y[mine])
            found[there[mine[inside]]] = self._codes[each]
        return found
