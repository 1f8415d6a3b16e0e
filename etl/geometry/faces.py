"""The pieces of ground into which a coverage's doubtful edges cut it, and how many shapes cover each.

An edge that exactly two shapes have, one on each side, is in order and is left out: as many shapes cover the
ground on its left as on its right. Between the edges that are left every piece is covered alike all over: not
at all (a gap, a lake, the sea), once, or several times. So neither a union nor a comparison of neighbours is
needed to know where a coverage is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.types import Geometries

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

# To a tenth of a millimetre: what the last bits of reprojected corners say is no gap.
STEPS_A_DEGREE = 1e9
# Odd numbers of mixed bits (of splitmix64 and murmur3), one for each of an edge's four coordinates.
MIXERS = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xFF51AFD7ED558CCD)


class Edges(NamedTuple):
    """Edges with their shape on the left: ``at`` (n, 4), x, y, x, y in steps; ``start``: which corner."""

    at: Ints
    start: Ints
    shape: Ints


def doubtful(shapes: Geometries) -> Edges:
    """The edges of valid polygons (degrees) without those that two of them have, one on each side."""
    edges = _edges(shapes)
    forward = (edges.at[:, 0] < edges.at[:, 2]) | (
        (edges.at[:, 0] == edges.at[:, 2]) & (edges.at[:, 1] < edges.at[:, 3])
    )
    keys = np.where(forward[:, None], edges.at, edges.at[:, [2, 3, 0, 1]])
    mixed = _mixed(keys)
    order = np.argsort(mixed)
    same = np.concatenate([[False], mixed[order[1:]] == mixed[order[:-1]], [False]])
    # Two of a kind, no third beside them.
    first = np.flatnonzero(same[1:-1] & ~same[:-2] & ~same[2:])
    one, other = order[first], order[first + 1]
    fits = (forward[one] != forward[other]) & (keys[one] == keys[other]).all(axis=1)
    left = np.ones(len(keys), dtype=bool)
    left[one[fits]] = left[other[fits]] = False
    return Edges(*(each[left] for each in edges))


def faces(shapes: Geometries, edges: Edges) -> tuple[Geometries, Ints]:
    """Polygons between the edges, without holes, and how many of the shapes cover each."""
    if not len(edges.at):
        return np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64)
    found = shapely.get_parts(shapely.polygonize([shapely.union_all(_lines(edges))]))
    points = shapely.get_coordinates(shapely.point_on_surface(found))
    depth = _depths(shapes, points)
    whole: Geometries = np.empty(len(found), dtype=object)
    shapely.polygons(shapely.get_exterior_ring(found), out=whole)
    return whole, depth


def _edges(shapes: Geometries) -> Edges:
    parts, shape_of_part = shapely.get_parts(shapely.orient_polygons(shapes), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    lonlat, ring = shapely.get_coordinates(rings, return_index=True)
    at = np.rint(lonlat * STEPS_A_DEGREE).astype(np.int64)
    start = np.flatnonzero((ring[1:] == ring[:-1]) & (at[1:] != at[:-1]).any(axis=1))
    return Edges(
        np.concatenate([at[start], at[start + 1]], axis=1), start, shape_of_part[part_of_ring[ring[start]]]
    )


def _mixed(keys: Ints) -> NDArray[np.uint64]:
    """A number for each edge: equal for equal edges, and almost never for others."""
    mixed = np.zeros(len(keys), dtype=np.uint64)
    for column, factor in zip(keys.T, MIXERS, strict=True):
        mixed = (mixed ^ column.astype(np.uint64)) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _lines(edges: Edges) -> Geometries:
    """Edges that follow one another as one line: GEOS takes long lines faster."""
    begins = np.concatenate([[True], (edges.start[1:] != edges.start[:-1] + 1)])
    begins[1:] |= (edges.at[1:, :2] != edges.at[:-1, 2:]).any(axis=1)
    ends = np.flatnonzero(np.concatenate([begins[1:], [True]]))
    line = np.cumsum(begins) - 1
    # Each edge gives its first corner, the last of a line its second one too.
    corners = np.insert(edges.at[:, :2], ends + 1, edges.at[ends, 2:], axis=0)
    made: Geometries = np.empty(len(ends), dtype=object)
    shapely.linestrings(corners / STEPS_A_DEGREE, indices=np.insert(line, ends + 1, line[ends]), out=made)
    return made


def _depths(shapes: Geometries, points: Floats) -> Ints:
    """How many of the shapes hold each point (m, 2)."""
    # With the same corners as the edges, or a narrow piece lies on the wrong side.
    stepped = shapely.transform(shapes, lambda lonlat: np.rint(lonlat * STEPS_A_DEGREE) / STEPS_A_DEGREE)
    shapely.prepare(stepped)
    shape, point = shapely.STRtree(np.atleast_1d(shapely.points(points))).query(stepped)
    inside = shapely.contains_xy(stepped[shape], points[point, 0], points[point, 1])
    return np.bincount(point[inside], minlength=len(points))
