"""Shapes of a batch on their way through the checks, and the checks that shapes of every type must pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.types import Fault
from geo.types import GROUND
from layers.description import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.geometry.repairs import Tally
    from etl.types import Geometries
    from layers.description import Layer


class ShapeBatch:
    """Shapes in WGS 84, lon lat: a refused one becomes None at once, so that no later check meets it."""

    def __init__(self, shapes: Geometries, first_row: int) -> None:
        self.shapes = shapes.copy()
        self.first_row = first_row
        self.alive = ~shapely.is_missing(shapes)
        self.faults: list[Fault] = []

    def rows(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Rows of the file, counted from 1, of the chosen shapes."""
        return self.first_row + np.flatnonzero(chosen)

    def refuse(self, at: int | np.integer, code: str, vi: str, en: str) -> None:
        """A fault of the shape at a place of the batch."""
        self.faults.append(Fault(self.first_row + int(at), code, Text(vi=vi, en=en)))
        self.shapes[at] = None
        self.alive[at] = False


def flatten(batch: ShapeBatch, tally: Tally) -> None:
    """No heights, no measures, no coordinates that are no numbers."""
    high = shapely.has_z(batch.shapes) | shapely.has_m(batch.shapes)
    if high.any():
        batch.shapes[high] = shapely.force_2d(batch.shapes[high])
        tally.add("height_dropped", batch.rows(high))
    coordinates, index = shapely.get_coordinates(batch.shapes, return_index=True)
    for at in np.unique(index[~np.isfinite(coordinates).all(axis=1)]):
        batch.refuse(
            at,
            "not_finite",
            "Có tọa độ không phải là số (NaN, vô cực): vẽ lại hình này hoặc nhập lại tọa độ.",
            "A coordinate is not a number (NaN, infinite): draw the shape or enter its coordinates again.",
        )


def refuse_hopeless(batch: ShapeBatch, layer: Layer) -> None:
    """Nothing there, too much there, or not in Vietnam: no other check is worth its time."""
    refused = {fault.row for fault in batch.faults}
    missing = ~batch.alive | shapely.is_empty(batch.shapes)
    for at in np.flatnonzero(missing):
        if batch.first_row + int(at) not in refused:
            batch.refuse(at, "geometry_missing", "Không có hình học.", "There is no geometry.")
    counts = shapely.get_num_coordinates(batch.shapes)
    for at in np.flatnonzero(counts > layer.max_vertices):
        batch.refuse(
            at,
            "too_many_vertices",
            f"{counts[at]} đỉnh, quá giới hạn {layer.max_vertices}: tách hình hoặc giảm bớt đỉnh.",
            f"{counts[at]} vertices, above the limit of {layer.max_vertices}: split or simplify the shape.",
        )
    west, south, east, north = GROUND
    box = shapely.bounds(batch.shapes)
    inside = (box[:, 0] >= west) & (box[:, 1] >= south) & (box[:, 2] <= east) & (box[:, 3] <= north)
    for at in np.flatnonzero(batch.alive & ~inside):
        batch.refuse(
            at,
            "outside_vietnam",
            "Nằm ngoài Việt Nam: kiểm tra hệ tọa độ và thứ tự trục.",
            "Lies outside Vietnam: check the coordinate system and the order of axes.",
        )
