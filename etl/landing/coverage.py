"""Do the shapes of a file cover their ground once? Overlaps and narrow gaps between neighbours.

Done block by block: a block's shapes with everything that touches them. Nothing is changed: two neighbours
that overlap are a question for whoever surveyed them.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import shapely

from etl.types import Note
from geo.geometry.area import area_m2
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from etl.geometry import Tally
    from etl.landing.report import Findings
    from etl.landing.spool import Shapes
    from etl.types import Geometries

    Ints = NDArray[np.int64]

VERTICES_A_BLOCK = 400_000
# GEOS works outside of the interpreter's lock: blocks are checked side by side. Each reads shapes of its own.
HANDS = 2
# About a metre: gaps as narrow as this are errors of drawing, wider ones are roads and canals.
GAP_DEG = 1e-5
LEAST_M2 = 0.1
POLYGON = 3
# In a file that is wrong everywhere the first so many pairs of a block tell enough.
PAIRS_A_BLOCK = 50_000


def check_coverage(shapes: Shapes, tally: Tally, done: Callable[[float], None] = lambda _: None) -> None:
    """Count overlaps and gaps with their area and places."""
    ready = 0
    blocks = list(_blocks(shapes, np.arange(len(shapes))))
    with ThreadPoolExecutor(HANDS) as hands:
        for block, found in zip(blocks, hands.map(partial(_check_block, shapes), blocks), strict=True):
            for code, places, rows in found:
                _count(tally, code, places, rows)
            ready += len(block)
            done(ready / len(shapes))


def take_neighbours(found: Findings, shared: list[tuple[int, bytes]] | None) -> None:
    """Count what a file shares with features of its layer that stay; None: the comparison took too long."""
    if shared is None:
        found.take_notes((_TOO_MANY,))
    elif shared:
        rows = np.array([row for row, _ in shared], dtype=np.int64)
        _count(found.tally, "overlap_layer", shapely.from_wkb([wkb for _, wkb in shared]), rows)


def _blocks(shapes: Shapes, which: Ints) -> Iterator[Ints]:
    """Halves of halves, across the longer side, until a block is small."""
    if len(which) < 2 or shapes.counts[which].sum() <= VERTICES_A_BLOCK:
        if len(which):
            yield which
        return
    middles = shapes.boxes[which][:, :2] + shapes.boxes[which][:, 2:]
    axis = int(np.ptp(middles[:, 1]) > np.ptp(middles[:, 0]))
    order = np.argsort(middles[:, axis], kind="stable")
    half = len(which) // 2
    yield from _blocks(shapes, which[order[:half]])
    yield from _blocks(shapes, which[order[half:]])


def _check_block(shapes: Shapes, block: Ints) -> list[tuple[str, Geometries, Ints]]:
    """What is wrong in a block, where, and in which rows."""
    west, south = shapes.boxes[block][:, :2].min(axis=0) - GAP_DEG
    east, north = shapes.boxes[block][:, 2:].max(axis=0) + GAP_DEG
    box = shapes.boxes
    near = (box[:, 0] <= east) & (box[:, 2] >= west) & (box[:, 1] <= north) & (box[:, 3] >= south)
    near[block] = False
    which = np.concatenate([block, np.flatnonzero(near)])
    here = shapes.read(which)
    # To a tenth of a millimetre: what the last bits of reprojected corners say is no gap.
    rounded = shapely.transform(here, lambda lonlat: np.round(lonlat, 9))
    edges = shapely.coverage_invalid_edges(rounded, GAP_DEG)
    loose = np.flatnonzero(~shapely.is_empty(edges))
    twins = _twins(box[which])
    if not len(loose) and not len(twins):
        return []
    pairs = _pairs(here, edges, loose, twins)
    # A pair belongs to the block of its first shape; the other may lie outside.
    first = np.minimum(which[pairs[:, 0]], which[pairs[:, 1]])
    mine = pairs[np.isin(first, block)]
    common = shapely.intersection(here[mine[:, 0]], here[mine[:, 1]])
    return [
        ("overlap", common, shapes.rows[which[mine[:, 0]]]),
        ("gap", *_gaps(here, edges, loose, len(block), shapes.rows[which])),
    ]


def _twins(boxes: NDArray[np.float64]) -> Ints:
    """Pairs of one and the same box: of two equal shapes every edge fits."""
    order = np.lexsort(boxes.T)
    same = (boxes[order[1:]] == boxes[order[:-1]]).all(axis=1)
    return np.column_stack([order[:-1][same], order[1:][same]])


def _pairs(here: Geometries, edges: Geometries, loose: Ints, twins: Ints) -> Ints:
    """Shapes that may share ground: of two that do, one has edges that do not fit and lie in the other."""
    tree = shapely.STRtree(here)
    one, other = tree.query(edges[loose], predicate="intersects")
    pairs = np.sort(np.concatenate([np.column_stack([loose[one], other]), twins]), axis=1)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)[:PAIRS_A_BLOCK]


def _gaps(
    here: Geometries, edges: Geometries, loose: Ints, members: int, rows: Ints
) -> tuple[Geometries, Ints]:
    """Small holes in the union of the shapes whose edges do not fit."""
    if not len(loose):
        return np.zeros(0, dtype=object), np.zeros(0, dtype=np.int64)
    parts = shapely.get_parts(shapely.union_all(here[loose]))
    parts = parts[shapely.get_type_id(parts) == POLYGON]
    inner = [ring for part in parts for ring in part.interiors]
    holes = shapely.polygons(inner) if inner else np.zeros(0, dtype=object)
    narrow = np.array([hole for hole in holes if _narrow(hole)], dtype=object)
    if not len(narrow):
        return narrow, np.zeros(0, dtype=np.int64)
    tree = shapely.STRtree(here[loose])
    owner = np.array(
        [loose[tree.query(hole, predicate="intersects").min()] for hole in narrow], dtype=np.int64
    )
    mine = owner < members
    return narrow[mine], rows[owner[mine]]


def _narrow(hole: shapely.Polygon) -> bool:
    return bool(hole.length) and 2 * hole.area / hole.length < GAP_DEG


def _count(tally: Tally, code: str, found: Geometries, rows: Ints) -> None:
    if not len(found):
        return
    areas = area_m2(found)
    large = areas >= LEAST_M2
    tally.add(code, rows[large], found[large], float(areas[large].sum()))


_TOO_MANY = Note(
    "overlap_layer_unknown",
    "info",
    Text(
        vi="Chưa so hết chồng lấn với đối tượng đang có của lớp: quá nhiều.",
        en="Overlaps with the features of the layer were not all compared: too many.",
    ),
)
