"""A long file's shapes in regions that fit into memory, each with what lies in its box.

A river in whose box half a province lies would bring half a province along. Such shapes are large: they lie
around the others, and have regions of their own in which only they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from etl.geometry.boxes import middles
from etl.landing.block import GAP_DEG, TOUCH_DEG, meets
from etl.landing.density import Density

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from etl.landing.spool import Shapes, Spooled
    from etl.types import Geometries

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Known = NDArray[np.void]

SHAPES_A_REGION = 1_000_000
# More than these lie in its box only where shapes lie in heaps: the first of them tell enough.
SHAPES_AROUND = 1_000_000
# A shape is large where so many vertices of others lie in its box.
LARGE_VERTICES = 400_000
SAMPLE = 20_000


class Region(NamedTuple):
    """Shapes, and which of them are the region's own: the others lie around. Large ones come last."""

    shapes: Shapes
    own: Ints
    large: bool


class Regions:
    """Every shape is one region's own; whoever meets it is there too, unless it alone is large."""

    def __init__(self, whole: Spooled) -> None:
        self._whole = whole
        sample = _sample(whole)
        large = np.concatenate(list(_large(whole, Density(whole, sample))))
        strips = [_strips(sample[:, 0], int((~large).sum())), _strips(sample[:, 0], int(large.sum()))]
        self._first_large = len(strips[0]) + 1
        self._region = np.empty(len(whole), dtype=np.uint32)
        for start, known in _numbered(whole):
            mine = slice(start, start + len(known))
            x = middles(known["box"])[:, 0]
            small = np.searchsorted(strips[0], x)
            self._region[mine] = np.where(
                large[mine], self._first_large + np.searchsorted(strips[1], x), small
            )

    def __iter__(self) -> Iterator[Region]:
        for number, box in enumerate(self._boxes()):
            if box[0] <= box[2]:  # a strip may be empty
                yield self._region_of(number, box)

    def beside_others(self, gaps: Geometries) -> NDArray[np.bool_]:
        """Which of the gaps between large shapes another shape touches or fills: its region tells of them."""
        tree, touched = shapely.STRtree(gaps), np.zeros(len(gaps), dtype=bool)
        for start, known in _numbered(self._whole) if len(gaps) else ():
            small = known[self._region[start : start + len(known)] < self._first_large]
            west, south, east, north = small["box"].T
            near, gap = tree.query(
                shapely.box(west - TOUCH_DEG, south - TOUCH_DEG, east + TOUCH_DEG, north + TOUCH_DEG)
            )
            which, nth = np.unique(near, return_inverse=True)
            shapes = self._whole.shapes(small[which]).read(np.arange(len(which)))
            touched[gap[shapely.dwithin(shapes[nth], gaps[gap], TOUCH_DEG)]] = True
        return touched

    def _boxes(self) -> Floats:
        """Around what is each region's own, and a gap wider."""
        boxes: Floats = np.tile([np.inf, np.inf, -np.inf, -np.inf], (int(self._region.max()) + 1, 1))
        for start, known in _numbered(self._whole):
            regions = self._region[start : start + len(known)]
            for each in np.unique(regions):
                mine = known["box"][regions == each]
                boxes[each, :2] = np.minimum(boxes[each, :2], mine[:, :2].min(axis=0))
                boxes[each, 2:] = np.maximum(boxes[each, 2:], mine[:, 2:].max(axis=0))
        boxes += np.array([-GAP_DEG, -GAP_DEG, GAP_DEG, GAP_DEG])
        return boxes

    def _region_of(self, number: int, box: Floats) -> Region:
        found: list[tuple[Known, NDArray[np.bool_], NDArray[np.bool_]]] = []
        room = SHAPES_AROUND
        for start, known in _numbered(self._whole):
            regions = self._region[start : start + len(known)]
            own, large = regions == number, regions >= self._first_large
            around = meets(known["box"], box) & ~own & (large | (number < self._first_large))
            around &= np.cumsum(around) <= room
            room -= int(around.sum())
            there = own | around
            found.append((known[there], own[there], large[there]))
        known, own, large = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort(large, kind="stable")
        return Region(
            self._whole.shapes(known[order]), np.flatnonzero(own[order]), number >= self._first_large
        )


def _large(whole: Spooled, density: Density) -> Iterator[NDArray[np.bool_]]:
    for known in whole.chunks():
        yield density(known["box"]) - known["count"] > LARGE_VERTICES


def _sample(whole: Spooled) -> Floats:
    """Middles of shapes (n, 2), evenly taken."""
    step = max(1, len(whole) // SAMPLE)
    return np.concatenate([middles(known["box"][::step]) for known in whole.chunks()])


def _strips(x: Floats, shapes: int) -> Floats:
    """Where strips of about ``SHAPES_A_REGION`` shapes from west to east part."""
    number = max(1, -(-shapes // SHAPES_A_REGION))
    edges: Floats = np.quantile(x, np.linspace(0, 1, number + 1)[1:-1])
    return edges


def _numbered(whole: Spooled) -> Iterator[tuple[int, Known]]:
    start = 0
    for known in whole.chunks():
        yield start, known
        start += len(known)
