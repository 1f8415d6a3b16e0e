"""Street blocks by recursive splitting: blocks with streets between them, as one gap-free coverage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(slots=True)
class Pieces:
    """What a splitting leaves, in metres: plots with the number of their quarter, and streets by quarter."""

    plots: list[shapely.Polygon] = field(default_factory=list)
    quarter: list[int] = field(default_factory=list)
    streets: list[tuple[int, shapely.Polygon]] = field(default_factory=list)


# Longest side in metres at which splitting stops, width of the street cut in between: arterials around
# quarters, streets around blocks, nothing between the plots of a block.
QUARTER, BLOCK, PLOT = (850.0, 30.0), (260.0, 14.0), (135.0, 0.0)


def split_town(region: shapely.Polygon, angle: float, rng: np.random.Generator) -> Pieces:
    """Quarters, blocks and plots of a convex region; ``angle`` (radians) turns the street grid."""
    pieces = Pieces()
    quarters, arterials = _split([region], angle, *QUARTER, rng)
    pieces.streets += [(-1, strip) for strip in arterials]
    for number, quarter in enumerate(quarters):
        turned = angle + rng.normal(0, 0.06)
        blocks, streets = _split([quarter], turned, BLOCK[0] * rng.uniform(0.8, 1.25), BLOCK[1], rng)
        pieces.streets += [(number, strip) for strip in streets]
        plots, _ = _split(blocks, turned, PLOT[0] * rng.uniform(0.75, 1.35), PLOT[1], rng)
        pieces.plots += plots
        pieces.quarter += [number] * len(plots)
    return pieces


def _split(
    polygons: list[shapely.Polygon], angle: float, longest_m: float, street_m: float, rng: np.random.Generator
) -> tuple[list[shapely.Polygon], list[shapely.Polygon]]:
    done: list[shapely.Polygon] = []
    strips: list[shapely.Polygon] = []
    waiting = list(polygons)
    while waiting:
        polygon = waiting.pop()
        along, length = _long_axis(polygon, angle)
        if length <= longest_m or polygon.area < 900:
            done.append(polygon)
            continue
        halves, strip = _cut(polygon, along, street_m, rng)
        waiting += halves
        strips += strip
    return done, strips


def _long_axis(polygon: shapely.Polygon, angle: float) -> tuple[NDArray[np.float64], float]:
    """Of the grid's two directions the one in which the polygon is longer, and its length along it."""
    coordinates = shapely.get_coordinates(polygon)
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    spans = np.ptp(coordinates @ axes.T, axis=0)
    longer = int(spans[1] > spans[0])
    return axes[longer], float(spans[longer])


def _cut(
    polygon: shapely.Polygon, along: NDArray[np.float64], street_m: float, rng: np.random.Generator
) -> tuple[list[shapely.Polygon], list[shapely.Polygon]]:
    """Cut across the long axis near the middle: two halves, and the street between them if it has a width."""
    low, high = np.sort(shapely.get_coordinates(polygon) @ along)[[0, -1]]
    middle = low + (high - low) * rng.uniform(0.4, 0.6)
    tilt = rng.normal(0, 0.025)
    normal = np.array([along[0] - tilt * along[1], along[1] + tilt * along[0]])
    across = np.array([-normal[1], normal[0]])
    centre = along * middle + across * (shapely.get_coordinates(polygon.centroid)[0] @ across)
    before = _half_plane(centre - normal * street_m / 2, -normal, across)
    after = _half_plane(centre + normal * street_m / 2, normal, across)
    sides = (polygon.intersection(before), polygon.intersection(after))
    halves = [h for h in sides if isinstance(h, shapely.Polygon) and h.area > 400]
    between = polygon.difference(before).difference(after)
    strip = [between] if street_m and isinstance(between, shapely.Polygon) and between.area > 1 else []
    return halves, strip


def _half_plane(
    at: NDArray[np.float64], towards: NDArray[np.float64], across: NDArray[np.float64]
) -> shapely.Polygon:
    far = 40_000.0
    left, right = at - across * far, at + across * far
    return shapely.Polygon([left, right, right + towards * far, left + towards * far])


def weave(
    pieces: list[shapely.Polygon], vertex_every_m: float
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The pieces cut out of one noded set of lines: they share every vertex. With each, its piece's index."""
    given = np.array(pieces, dtype=object)
    lines = shapely.line_merge(shapely.union_all(shapely.boundary(given), grid_size=0.01))
    dense = shapely.segmentize(shapely.get_parts(lines), vertex_every_m)
    faces = shapely.get_parts(shapely.polygonize(dense))
    at, piece = shapely.STRtree(given).query(shapely.point_on_surface(faces), predicate="intersects")
    owner = np.full(len(faces), -1)
    owner[at] = piece
    keep = (owner >= 0) & (shapely.area(faces) > 20)
    return faces[keep], owner[keep]
