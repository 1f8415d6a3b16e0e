"""From points of old wards to two coverages with one outer line: before and after 2025-07-01.

An approximation for demonstration: cells nearest to the points (Voronoi), moved by a smooth field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.demo.frame import Frame, unwiggle, wiggle
from geo.geometry.repair import multi

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.demo.source import OldWard, Source

VERTEX_EVERY_M = 130.0
OUTLINE_SMOOTHING_M = 2500.0


def build(source: Source) -> tuple[dict[str, shapely.MultiPolygon], dict[str, shapely.MultiPolygon]]:
    """Polygons by code of the old units and of the new ones, WGS 84; both cover the same ground exactly."""
    frame = frame_of(source)
    seeds, owners = _seeds(source, frame)
    outside = frame.to_xy(np.array(source.neighbours).reshape(-1, 2))
    cells = _cells(np.vstack([seeds, unwiggle(outside)]))
    province = shapely.union_all(cells[: len(seeds)])
    land = _main_part(province.intersection(_reach(source, frame)))
    faces, face_owner = _faces(cells[: len(seeds)], land)
    faces = frame.geometry_to_lonlat(shapely.transform(faces, wiggle))
    pairs = [owners[i] for i in face_owner]
    return _dissolve(faces, [p[0] for p in pairs]), _dissolve(faces, [p[1] for p in pairs])


def frame_of(source: Source) -> Frame:
    """The frame in metres around the middle of the province."""
    return Frame(
        round(float(np.mean([w.lon for w in source.old])), 2),
        round(float(np.mean([w.lat for w in source.old])), 2),
    )


def _seeds(source: Source, frame: Frame) -> tuple[NDArray[np.float64], list[tuple[str, str]]]:
    """Points (n, 2) in metres and for each its (old code, new code)."""
    new_at = {w.code: frame.to_xy(np.array([[w.lon, w.lat]]))[0] for w in source.new}
    points: list[NDArray[np.float64]] = []
    owners: list[tuple[str, str]] = []
    taken: set[tuple[float, float]] = set()
    for ward in source.old:
        at = frame.to_xy(np.array([[ward.lon, ward.lat]]))[0]
        while (key := (round(at[0]), round(at[1]))) in taken:
            at = at + np.array([400.0, 250.0])  # two wards share a point in the package's list
        taken.add(key)
        for point, code in _parts(ward, at, new_at):
            points.append(point)
            owners.append((ward.code, code))
    for code, point in new_at.items():
        _adopt(code, point, points, owners)
    return unwiggle(np.array(points)), owners


def _parts(
    ward: OldWard, at: NDArray[np.float64], new_at: dict[str, NDArray[np.float64]]
) -> list[tuple[NDArray[np.float64], str]]:
    """A split ward gets one point for each of its successors, drawn towards the successor's own point."""
    if len(ward.successors) == 1:
        return [(at, ward.successors[0])]
    parts = []
    for code in ward.successors:
        towards = new_at[code] - at
        parts.append((at + towards * min(0.3, 900.0 / max(float(np.hypot(*towards)), 1.0)), code))
    return parts


def _adopt(
    code: str, point: NDArray[np.float64], points: list[NDArray[np.float64]], owners: list[tuple[str, str]]
) -> None:
    """Where a new ward's own point would fall outside it, the point joins its nearest old ward as a cell."""
    distance = np.hypot(*(np.array(points) - point).T)
    own = [i for i, owner in enumerate(owners) if owner[1] == code]
    nearest_own = min(own, key=lambda i: distance[i])
    if owners[int(np.argmin(distance))][1] != code and distance[nearest_own] < 6000 and distance.min() > 250:
        points.append(point)
        owners.append(owners[nearest_own])


def _cells(points: NDArray[np.float64]) -> NDArray[np.object_]:
    """The Voronoi cell of each point, in the order of the points."""
    collection = shapely.MultiPoint(points)
    cells = shapely.get_parts(shapely.voronoi_polygons(collection))
    tree = shapely.STRtree(cells)
    at, cell = tree.query(shapely.points(points), predicate="intersects")
    order = np.full(len(points), -1)
    order[at] = cell
    return cells[order]  # type: ignore[no-any-return]


def _reach(source: Source, frame: Frame) -> shapely.Geometry:
    """Where the province can be at all: the bounds of its old wards, joined and smoothed."""
    boxes = frame.geometry_to_xy(np.array([shapely.box(*ward.bounds) for ward in source.old]))
    joined = shapely.union_all(boxes).buffer(OUTLINE_SMOOTHING_M)
    return joined.buffer(-2 * OUTLINE_SMOOTHING_M).buffer(OUTLINE_SMOOTHING_M)


def _main_part(land: shapely.Geometry) -> shapely.Polygon:
    largest = max(shapely.get_parts(land), key=lambda part: part.area)
    return shapely.Polygon(largest.exterior)


def _faces(
    cells: NDArray[np.object_], land: shapely.Polygon
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The cells cut at the outline, out of one noded set of lines, so that neighbours share every vertex."""
    cut = shapely.intersection(shapely.boundary(cells), land)
    lines = shapely.line_merge(shapely.union_all(np.array([*cut, land.boundary]), grid_size=0.001))
    dense = shapely.segmentize(shapely.get_parts(lines), VERTEX_EVERY_M)
    faces = shapely.get_parts(shapely.polygonize(dense))
    inner = shapely.point_on_surface(faces)
    face, cell = shapely.STRtree(cells).query(inner, predicate="intersects")
    owner = np.full(len(faces), -1)
    owner[face] = cell
    return faces[owner >= 0], owner[owner >= 0]


def _dissolve(faces: NDArray[np.object_], codes: list[str]) -> dict[str, shapely.MultiPolygon]:
    labels = np.array(codes)
    return {str(code): multi(shapely.coverage_union_all(faces[labels == code])) for code in np.unique(labels)}
