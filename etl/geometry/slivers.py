"""Splinters of a polygon that nobody surveyed, dropped; and polygons too narrow to be plots, told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.geometry.batch import ShapeBatch
    from etl.geometry.repairs import Tally

SPLINTER_M2 = 0.01
NARROW_M = 0.05
# Of latitude; a degree of longitude is up to a tenth shorter here, which matters to no threshold.
METRES_A_DEGREE = 111_000.0


def drop_slivers(batch: ShapeBatch, areas_m2: NDArray[np.float64], tally: Tally) -> None:
    """Parts below ``SPLINTER_M2`` go out of shapes and of ``areas_m2``; narrow shapes are counted."""
    several = np.flatnonzero(batch.alive & (shapely.get_num_geometries(batch.shapes) > 1))
    if len(several):
        _splinters(batch, several, areas_m2, tally)
    lengths = shapely.length(batch.shapes) * METRES_A_DEGREE
    with np.errstate(invalid="ignore", divide="ignore"):
        # Twice the area over the perimeter: the width of what is much longer than wide.
        narrow = batch.alive & (2 * areas_m2 / lengths < NARROW_M)
    tally.add("sliver", batch.rows(narrow), batch.shapes[narrow])


def _splinters(
    batch: ShapeBatch, several: NDArray[np.int64], areas_m2: NDArray[np.float64], tally: Tally
) -> None:
    parts, index = shapely.get_parts(batch.shapes[several], return_index=True)
    sizes = area_m2(parts)
    for k in np.unique(index[sizes < SPLINTER_M2]):
        kept = parts[(index == k) & (sizes >= SPLINTER_M2)]
        if len(kept):
            gone = float(sizes[(index == k) & (sizes < SPLINTER_M2)].sum())
            at = int(several[k])
            batch.shapes[at] = shapely.MultiPolygon(list(kept))
            areas_m2[at] -= gone
            point = shapely.get_coordinates(kept[0])[0]
            tally.place("sliver_parts", batch.first_row + at, (point[0], point[1]), gone)
