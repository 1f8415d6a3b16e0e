"""A batch of shapes through every check that a layer asks for; in WGS 84, lon lat.

What can be mended without changing the ground is mended and counted; a feature whose mending would change
more than a stated share of its area, or that cannot be mended within its time and memory, gets a fault.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.geometry import kinds
from etl.geometry.repairs import REASONS, Tally, number_vi
from etl.types import Fault
from geo.geometry.area import area_m2
from geo.geometry.repair import Mender
from geo.types import GROUND
from layers.description import Text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.types import Geometries
    from layers.description import Layer

CHANGED_SHARE = 0.01
SPLINTER_M2 = 0.01
NARROW_M = 0.05
METRES_A_DEGREE = 111_000.0
_PLACE = re.compile(r"\[(-?[\d.e+-]+) (-?[\d.e+-]+)")

WHY_NOT = {
    "time": ("mất quá nhiều thời gian để sửa", "takes too long to mend"),
    "memory": ("cần quá nhiều bộ nhớ để sửa", "takes too much memory to mend"),
    "nothing": ("sửa xong không còn vùng nào", "leaves no polygon when mended"),
}


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
        batch = _Batch(geometry, first_row)
        _flatten(batch, self.tally)
        _refuse_hopeless(batch, self.layer)
        single, several = kinds.wanted(self.layer.geometry)
        self._type(batch, single)
        batch.shapes, fits = kinds.fit(batch.shapes, single, several=several)
        for at in np.flatnonzero(batch.alive & ~fits):
            named = batch.shapes[at].geom_type
            batch.refuse(
                at,
                "geometry_type",
                f"Hình học là {named}, lớp cần {self.layer.geometry}.",
                f"The geometry is a {named}; the layer wants {self.layer.geometry}.",
            )
        areas = np.zeros(len(geometry))
        if single == kinds.POLYGON:
            self._mend(batch)
            self._repeated(batch)
            self._turn(batch)
            areas[batch.alive] = area_m2(batch.shapes[batch.alive])
            self._slivers(batch, areas)
        elif single == kinds.LINE:
            for at in np.flatnonzero(batch.alive & (shapely.length(batch.shapes) == 0)):
                batch.refuse(at, "no_length", "Đường không có chiều dài.", "The line has no length.")
            self._repeated(batch)
        return Cleaned(batch.shapes, areas, tuple(batch.faults))

    def _type(self, batch: _Batch, single: int) -> None:
        taken, found = kinds.take_parts(batch.shapes, single)
        batch.shapes = taken
        self.tally.add("collection", batch.rows(found), taken[found])
        if single == kinds.POLYGON:
            closed, found = kinds.close_lines(batch.shapes)
            batch.shapes = closed
            self.tally.add("line_closed", batch.rows(found), closed[found])

    def _repeated(self, batch: _Batch) -> None:
        coordinates, index = shapely.get_coordinates(batch.shapes, return_index=True)
        same = (coordinates[1:] == coordinates[:-1]).all(axis=1) & (index[1:] == index[:-1])
        at = np.unique(index[1:][same])
        # Only after mending: what is left of a ring without extent is an error of the library, not a shape.
        fewer = shapely.remove_repeated_points(batch.shapes[at], 0)
        changed = shapely.get_num_coordinates(fewer) < shapely.get_num_coordinates(batch.shapes[at])
        batch.shapes[at[changed]] = fewer[changed]
        self.tally.add("duplicate_vertices", batch.first_row + at[changed], fewer[changed])

    def _mend(self, batch: _Batch) -> None:
        many = shapely.get_num_coordinates(batch.shapes) > 20_000
        valid = shapely.is_valid(batch.shapes) if not many.any() else np.zeros(len(many), dtype=bool)
        if many.any():
            valid[~many] = shapely.is_valid(batch.shapes[~many])
            for at in np.flatnonzero(many & batch.alive):
                known = self.mender.is_valid(batch.shapes[at])
                if known is None:
                    batch.refuse(at, "repair_time", *_sentence(WHY_NOT["time"]))
                else:
                    valid[at] = known
        for at in np.flatnonzero(batch.alive & ~valid):
            self._mend_one(batch, int(at))

    def _mend_one(self, batch: _Batch, at: int) -> None:
        before = batch.shapes[at]
        found = self.mender.mend(before)
        if found.shape is None:
            batch.refuse(at, f"repair_{found.why}", *_sentence(WHY_NOT[found.why]))
            return
        reason = str(shapely.is_valid_reason(before))
        both = area_m2(np.array([before, found.shape], dtype=object))
        changed = float(abs(both[1] - both[0]))
        share = changed / both[0] if both[0] > 0 else 1.0
        if share > self.changed_share:
            batch.refuse(
                at,
                "repair_changes_area",
                f"Sửa hình sẽ đổi {number_vi(min(share, 1) * 100, 1)} % diện tích"
                f" ({number_vi(changed, 1)} m²), quá {number_vi(self.changed_share * 100, 1)} %.",
                f"Mending would change {min(share, 1):.1%} of the area ({changed:,.1f} m²), more than"
                f" {self.changed_share:.1%}.",
            )
            return
        shape = shapely.orient_polygons(found.shape)
        batch.shapes[at] = shape if self.layer.geometry == "MultiPolygon" else shape.geoms[0]
        if self.layer.geometry == "Polygon" and len(found.shape.geoms) > 1:
            batch.refuse(at, "geometry_type", *_sentence(("thành nhiều vùng", "falls into several polygons")))
            return
        code = REASONS.get(reason.partition("[")[0].strip(), "other")
        self.tally.place(code, batch.first_row + at, _place(reason), changed)

    def _turn(self, batch: _Batch) -> None:
        parts, index = shapely.get_parts(batch.shapes, return_index=True)
        wrong = np.unique(index[~shapely.is_ccw(shapely.get_exterior_ring(parts))])
        wrong = wrong[batch.alive[wrong]]
        batch.shapes[wrong] = shapely.orient_polygons(batch.shapes[wrong])
        self.tally.add("winding", batch.first_row + wrong)

    def _slivers(self, batch: _Batch, areas: NDArray[np.float64]) -> None:
        several = np.flatnonzero(batch.alive & (shapely.get_num_geometries(batch.shapes) > 1))
        if len(several):
            self._splinters(batch, several, areas)
        lengths = shapely.length(batch.shapes) * METRES_A_DEGREE
        with np.errstate(invalid="ignore", divide="ignore"):
            narrow = batch.alive & (2 * areas / lengths < NARROW_M)
        self.tally.add("sliver", batch.rows(narrow), batch.shapes[narrow])

    def _splinters(self, batch: _Batch, several: NDArray[np.int64], areas: NDArray[np.float64]) -> None:
        parts, index = shapely.get_parts(batch.shapes[several], return_index=True)
        sizes = area_m2(parts)
        for k in np.unique(index[sizes < SPLINTER_M2]):
            kept = parts[(index == k) & (sizes >= SPLINTER_M2)]
            if len(kept):
                gone = float(sizes[(index == k) & (sizes < SPLINTER_M2)].sum())
                at = int(several[k])
                batch.shapes[at] = shapely.MultiPolygon(list(kept))
                areas[at] -= gone
                point = shapely.get_coordinates(kept[0])[0]
                self.tally.place("sliver_parts", batch.first_row + at, (point[0], point[1]), gone)


class _Batch:
    """Shapes on their way: a refused one becomes None at once, so that no later check meets it."""

    def __init__(self, shapes: Geometries, first_row: int) -> None:
        self.shapes = shapes.copy()
        self.first_row = first_row
        self.alive = ~shapely.is_missing(shapes)
        self.faults: list[Fault] = []

    def rows(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return self.first_row + np.flatnonzero(chosen)

    def refuse(self, at: int | np.integer, code: str, vi: str, en: str) -> None:
        self.faults.append(Fault(self.first_row + int(at), code, Text(vi=vi, en=en)))
        self.shapes[at] = None
        self.alive[at] = False


def _flatten(batch: _Batch, tally: Tally) -> None:
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
            "Có tọa độ không phải là số (NaN, vô cực).",
            "A coordinate is not a number (NaN, infinite).",
        )


def _refuse_hopeless(batch: _Batch, layer: Layer) -> None:
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
            f"{counts[at]} đỉnh, quá giới hạn {layer.max_vertices}.",
            f"{counts[at]} vertices, above the limit of {layer.max_vertices}.",
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


def _sentence(words: tuple[str, str]) -> tuple[str, str]:
    return f"Hình không hợp lệ: {words[0]}.", f"The geometry is invalid: {words[1]}."


def _place(reason: str) -> tuple[float, float] | None:
    found = _PLACE.search(reason)
    return (float(found[1]), float(found[2])) if found else None
