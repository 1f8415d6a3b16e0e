"""What is wrong among the shapes of one block of a coverage: overlaps by pair, and narrow gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

from etl.geometry.faces import STEPS_A_DEGREE, doubtful, faces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.geometry.faces import Edges
    from etl.landing.spool import Shapes
    from etl.types import Geometries

    Ints = NDArray[np.int64]

# About a metre: gaps as narrow as this are errors of drawing, wider ones are roads and canals.
GAP_DEG = 1e-5
# Ten blocks' worth lie in a block's box only where shapes lie in heaps: the first of them tell enough.
VERTICES_AROUND = 4_000_000
# In a file that is wrong everywhere the first so many pairs of a block tell enough.
PAIRS_A_BLOCK = 50_000
# Where more edges than this may cross one another, shapes lie in heaps: cutting all by all would never end.
CROSSINGS_A_BLOCK = 2_000_000
# So many pairs of boxes show that they do.
BOXES_A_BLOCK = 2_000_000
SHAPES_A_QUERY = 256
EDGES_A_QUERY = 4_096
# In the box of a river or a road lie more shapes than this, of which it meets few.
SHAPES_A_BOX = 500
# Less than a tenth of a square metre anywhere in the country.
LEAST_DEG2 = 8e-12
TOUCH_DEG = 1e-8


class Found(NamedTuple):
    """Places of one kind with a row for each; ``twice``: where another block may have found the same one."""

    code: str
    shapes: Geometries
    rows: Ints
    twice: NDArray[np.bool_] | None = None


def check_block(shapes: Shapes, block: Ints) -> list[Found]:
    """Overlaps and gaps (polygons in degrees) that belong to a block, with their rows.

    ``block``: places of its members among ``shapes``, which hold what lies around them too.
    """
    which = np.concatenate([block, _around(shapes, block)])
    here = shapes.read(which)
    edges = doubtful(here)
    if not len(edges.at):
        return []
    tree = shapely.STRtree(here)
    boxes = _box_pairs(tree)
    if len(boxes) >= BOXES_A_BLOCK or _in_heaps(edges):
        pairs, empty = boxes, _holes(here)
    else:
        found, depth = faces(here, edges)
        pairs, empty = _pairs(tree, found[depth > 1], boxes), found[depth == 0]
    # A pair belongs to the block of its first shape; the other may lie outside.
    mine = pairs[np.isin(which[pairs].min(axis=1), block)][:PAIRS_A_BLOCK]
    common = shapely.intersection(here[mine[:, 0]], here[mine[:, 1]])
    return [
        Found("overlap", common, shapes.rows[which[mine[:, 0]]]),
        _gaps(tree, empty, len(block), shapes.rows[which]),
    ]


def meets(boxes: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes (n, 4) have a point in common with one box."""
    low, high = box[:2], box[2:]
    met: NDArray[np.bool_] = ((boxes[:, :2] <= high) & (boxes[:, 2:] >= low)).all(axis=1)
    return met


def _around(shapes: Shapes, block: Ints) -> Ints:
    """What else lies in a block's box, as long as its vertices are not too many."""
    low, high = shapes.boxes[block][:, :2].min(axis=0), shapes.boxes[block][:, 2:].max(axis=0)
    near = meets(shapes.boxes, np.concatenate([low - GAP_DEG, high + GAP_DEG]))
    near[block] = False
    around = np.flatnonzero(near)
    return around[np.cumsum(shapes.counts[around]) <= VERTICES_AROUND]


def _box_pairs(tree: shapely.STRtree) -> Ints:
    """Shapes whose boxes meet, each pair once; the first ``BOXES_A_BLOCK`` of them."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for start in range(0, len(tree), SHAPES_A_QUERY):
        some = tree.geometries[start : start + SHAPES_A_QUERY]
        one, other = tree.query(some)
        wide = np.flatnonzero(np.bincount(one, minlength=len(some)) > SHAPES_A_BOX)
        if len(wide):
            again, met = tree.query(some[wide], predicate="intersects")
            rest = ~np.isin(one, wide)
            one, other = np.concatenate([one[rest], wide[again]]), np.concatenate([other[rest], met])
        found.append(np.column_stack([one + start, other])[one + start < other])
        if sum(map(len, found)) >= BOXES_A_BLOCK:
            break
    return np.concatenate(found)[:BOXES_A_BLOCK]


def _in_heaps(edges: Edges) -> bool:
    """Whether more than ``CROSSINGS_A_BLOCK`` pairs of edges may cross."""
    lines: Geometries = np.empty(len(edges.at), dtype=object)
    shapely.linestrings(edges.at.reshape(-1, 2, 2) / STEPS_A_DEGREE, out=lines)
    tree, pairs = shapely.STRtree(lines), 0
    for start in range(0, len(lines), EDGES_A_QUERY):
        pairs += tree.query(lines[start : start + EDGES_A_QUERY]).shape[1]
        if pairs > CROSSINGS_A_BLOCK:
            return True
    return False


def _pairs(tree: shapely.STRtree, deep: Geometries, boxes: Ints) -> Ints:
    """Those pairs that meet in a piece of ground which several shapes cover: no others share any."""
    face, shape = tree.query(deep, predicate="intersects")
    members = np.sort(shape * len(deep) + face)
    counts = np.bincount(shape, minlength=len(tree))
    starts = np.concatenate([[0], np.cumsum(counts)])
    # Every piece of the one that has fewer: is it the other's too?
    fewer = np.where((counts[boxes[:, 0]] <= counts[boxes[:, 1]])[:, None], boxes, boxes[:, ::-1])
    times = counts[fewer[:, 0]]
    pair = np.repeat(np.arange(len(boxes)), times)
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    piece = members[starts[fewer[pair, 0]] + nth] % max(len(deep), 1)
    return boxes[np.unique(pair[np.isin(fewer[pair, 1] * len(deep) + piece, members)])]


def _holes(here: Geometries) -> Geometries:
    """What is open within the ground of shapes that lie in heaps."""
    parts = shapely.get_parts(shapely.union_all(here))
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    rings = [ring for part in parts for ring in part.interiors]
    return shapely.polygons(rings) if rings else np.zeros(0, dtype=object)


def _gaps(tree: shapely.STRtree, empty: Geometries, members: int, rows: Ints) -> Found:
    """The narrow ones among pieces that no shape covers: those that touch a member of the block."""
    areas, lengths = shapely.area(empty), shapely.length(empty)
    narrow = empty[(areas > LEAST_DEG2) & (2 * areas < GAP_DEG * lengths)]
    # Pieces have rounded corners: a shape that they touch may lie a hair away.
    hole, shape = tree.query(narrow, predicate="dwithin", distance=TOUCH_DEG)
    first = np.full(len(narrow), len(rows))
    last = np.zeros(len(narrow), dtype=np.int64)
    np.minimum.at(first, hole, shape)
    np.maximum.at(last, hole, shape)
    mine = first < members
    return Found("gap", narrow[mine], rows[first[mine]], last[mine] >= members)
