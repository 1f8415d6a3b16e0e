"""Do the units of a day cover the ground once? Overlaps, holes, and the provinces that they make. Pure.

A coverage in which every edge matches its neighbour's is dissolved in linear time; only units with edges
that do not match are united the slow way. On the 3,321 wards of 2025 (7.15 million vertices) these are 1,147.
"""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from geo.vintages.types import Shapes

# Boxes are grown by so many degrees before shapes are cut with them, so that no edge lies on a box's side.
MARGIN_DEG = 1e-6
# What is smaller is the rounding of coordinates, not an overlap.
LEAST_M2 = 0.01


@dataclass(frozen=True, slots=True)
class Overlaps:
    """Pairs of units ``first < second`` that share ground."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    shapes: Shapes
    area_m2: NDArray[np.float64]


def mismatched(shapes: Shapes) -> Shapes:
    """For each unit the edges that do not match its neighbours' (empty: it fits)."""
    edges = shapely.coverage_invalid_edges(shapes)
    # Of two units of one and the same shape every edge matches; their boxes are equal, so that comparing is
    # cheap.
    boxes = shapely.bounds(shapes)
    order = np.lexsort(boxes.T)
    for one, other in itertools.pairwise(order):
        if (boxes[one] == boxes[other]).all() and shapely.equals(shapes[one], shapes[other]):
            edges[one], edges[other] = shapely.boundary(shapes[one]), shapely.boundary(shapes[other])
    return edges


def overlaps(shapes: Shapes, edges: Shapes) -> Overlaps:
    """Where units share ground: of two that do, one has edges that do not match in the other."""
    loose = np.flatnonzero(~shapely.is_empty(edges))
    one, other = shapely.STRtree(shapes).query(edges[loose], predicate="intersects")
    ordered = np.sort(np.column_stack([loose[one], other]), axis=1)
    pairs = np.unique(ordered[ordered[:, 0] < ordered[:, 1]], axis=0)
    found = [
        (i, j, shape)
        for i, j in pairs.tolist()
        if not (shape := _common(shapes[i], shapes[j], edges[i], edges[j])).is_empty
    ]
    areas = area_m2(np.array([shape for *_, shape in found], dtype=object)) if found else np.zeros(0)
    kept = [k for k in range(len(found)) if areas[k] > LEAST_M2]
    return Overlaps(
        np.array([found[k][0] for k in kept], dtype=np.int64),
        np.array([found[k][1] for k in kept], dtype=np.int64),
        np.array([found[k][2] for k in kept], dtype=object),
        areas[kept],
    )


def _common(
    one: BaseGeometry, other: BaseGeometry, edges: BaseGeometry, other_edges: BaseGeometry
) -> BaseGeometry:
    """What two units share; looked for only around their edges that do not match."""
    around = shapely.total_bounds([edges, other_edges])
    low = np.max([shapely.bounds(one)[:2], shapely.bounds(other)[:2], around[:2]], axis=0) - MARGIN_DEG
    high = np.min([shapely.bounds(one)[2:], shapely.bounds(other)[2:], around[2:]], axis=0) + MARGIN_DEG
    # Cut with a polygon: shapely.clip_by_rect is faster and stumbles over slivers.
    return multi(shapely.intersection(shapely.intersection(one, shapely.box(*low, *high)), other))


def dissolve(shapes: Shapes, edges: Shapes) -> shapely.MultiPolygon:
    """The ground of some units of a coverage; ``edges`` as :func:`mismatched` gives them."""
    fits = shapely.is_empty(edges)
    united = shapely.union_all(
        np.concatenate([[shapely.coverage_union_all(shapes[fits])], shapes[~fits]]) if fits.any() else shapes
    )
    return multi(united)


def dissolve_each(
    shapes: Shapes, edges: Shapes, labels: NDArray[np.object_], done: Callable[[float], None]
) -> dict[str, shapely.MultiPolygon]:
    """The ground of each label (a province's code)."""
    names = sorted({str(label) for label in labels})
    out = {}
    # GEOS lets go of the interpreter while it unites.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        grounds = pool.map(lambda name: dissolve(shapes[labels == name], edges[labels == name]), names)
        for number, (name, ground) in enumerate(zip(names, grounds, strict=True), 1):
            out[name] = ground
            done(number / len(names))
    return out


def holes(grounds: list[shapely.MultiPolygon]) -> Shapes:
    """Ground that no unit covers: holes within each ground, and those that several enclose together."""
    within = [(i, _ring(ring)) for i, ground in enumerate(grounds) for ring in _rings(ground)]
    if len(grounds) < 2:
        return np.array([hole for _, hole in within], dtype=object)
    filled = [shapely.MultiPolygon([shapely.Polygon(p.exterior) for p in ground.geoms]) for ground in grounds]
    # What lies between the filled grounds is in none of them.
    between = [_ring(ring) for ring in _rings(multi(shapely.union_all(np.array(filled))))]
    return np.array([*_unfilled(within, grounds), *between], dtype=object)


def _unfilled(
    within: list[tuple[int, shapely.Polygon]], grounds: list[shapely.MultiPolygon]
) -> list[BaseGeometry]:
    """Holes without the other grounds that lie in them: a province may hold a ward of another."""
    all_grounds = np.array(grounds, dtype=object)
    shapely.prepare(all_grounds)
    own = np.array([i for i, _ in within], dtype=np.int64)
    left: list[BaseGeometry] = [hole for _, hole in within]
    first, second = shapely.STRtree(all_grounds).query(np.array(left, dtype=object))
    for at, other in zip(first.tolist(), second.tolist(), strict=True):
        if other != own[at] and shapely.intersects(all_grounds[other], left[at]):
            left[at] = shapely.difference(left[at], all_grounds[other])
    parts = [part for hole in left for part in shapely.get_parts(hole)]
    return [part for part in parts if part.geom_type == "Polygon" and part.area > 0]


def multi(shape: BaseGeometry) -> shapely.MultiPolygon:
    """The polygons of a shape, points and lines left out."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])


def _rings(ground: shapely.MultiPolygon) -> list[shapely.LinearRing]:
    return [ring for polygon in ground.geoms for ring in polygon.interiors]


def _ring(ring: shapely.LinearRing) -> shapely.Polygon:
    return shapely.Polygon(ring)
