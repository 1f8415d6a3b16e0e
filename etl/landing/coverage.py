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

from etl.geometry.boxes import middles
from etl.landing.block import TOUCH_DEG, check_block
from etl.landing.regions import Regions
from etl.types import Note
from geo.geometry.area import area_m2
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from etl.geometry import Tally
    from etl.landing.block import Found
    from etl.landing.findings import Findings
    from etl.landing.spool import Shapes, Spooled
    from etl.types import Geometries

    Ints = NDArray[np.int64]

VERTICES_A_BLOCK = 400_000
# GEOS works outside of the interpreter's lock: blocks are checked side by side. Each reads shapes of its own.
HANDS = 2
LEAST_M2 = 0.1


def check_coverage(whole: Spooled, tally: Tally, done: Callable[[float], None] = lambda _: None) -> None:
    """Count overlaps and gaps of polygons (WGS 84) with their area in m² and places (lon, lat).

    ``done`` hears the share (0 to 1) of shapes that were compared.
    """
    ready = 0
    seen: set[bytes] = set()
    regions = Regions(whole)
    with ThreadPoolExecutor(HANDS) as hands:
        for region in regions:
            blocks = list(_blocks(region.shapes, region.own))
            check = partial(check_block, region.shapes)
            for block, found in zip(blocks, hands.map(check, blocks), strict=True):
                for each in found:
                    new = _new(each, seen)
                    if region.large and each.code == "gap":
                        new[new] = ~regions.beside_others(each.shapes[new])
                    _count(tally, each.code, each.shapes[new], each.rows[new])
                ready += len(block)
                done(ready / len(whole))


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
    at = middles(shapes.boxes[which])
    axis = int(np.ptp(at[:, 1]) > np.ptp(at[:, 0]))
    order = np.argsort(at[:, axis], kind="stable")
    half = len(which) // 2
    yield from _blocks(shapes, which[order[:half]])
    yield from _blocks(shapes, which[order[half:]])


def _new(found: Found, seen: set[bytes]) -> NDArray[np.bool_]:
    """Which places no block before has found."""
    new = np.ones(len(found.shapes), dtype=bool)
    if found.twice is not None:
        boxes = np.rint(shapely.bounds(found.shapes) / TOUCH_DEG).astype(np.int64)
        for at in np.flatnonzero(found.twice).tolist():
            key = boxes[at].tobytes()
            new[at] = key not in seen
            seen.add(key)
    return new


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
