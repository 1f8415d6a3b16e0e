"""Overlaps and gaps of a coverage, against what a union of all and all pairs of its shapes say."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from etl.geometry import Tally
from etl.landing import block, coverage, regions, spool
from etl.landing.spool import Spool
from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.types import Geometries

WEST, SOUTH, CELL = 105.5, 10.5, 1e-3


def told(shapes: Geometries) -> Tally:
    tally = Tally()
    with Spool() as spool:
        spool.add(shapely.to_wkb(shapes).tolist(), shapes, np.arange(1, len(shapes) + 1))
        whole = spool.close()
        assert whole is not None
        coverage.check_coverage(whole, tally)
    return tally


def expected(shapes: Geometries) -> dict[str, NDArray[np.float64]]:
    """Areas of all overlaps and of all narrow gaps, by brute force."""
    one, other = np.triu_indices(len(shapes), 1)
    common: NDArray[np.float64] = area_m2(shapely.intersection(shapes[one], shapes[other]))
    parts = shapely.get_parts(shapely.union_all(shapes))
    holes = [shapely.Polygon(ring) for part in parts for ring in part.interiors]
    narrow = [hole for hole in holes if 2 * hole.area < block.GAP_DEG * hole.length]
    gaps: NDArray[np.float64] = area_m2(np.array(narrow, dtype=object))
    return {"overlap": common[common >= coverage.LEAST_M2], "gap": gaps[gaps >= coverage.LEAST_M2]}


def agree(shapes: Geometries) -> Tally:
    found = told(shapes)
    for code, areas in expected(shapes).items():
        kind = found.kinds.get(code)
        assert (kind.count if kind else 0) == len(areas), code
        assert (kind.area_m2 if kind else 0) == pytest.approx(areas.sum(), rel=1e-3, abs=0.02), code
    return found


def cells(rng: np.random.Generator, side: int) -> Geometries:
    """Jittered quadrangles that share their corners; their rings begin anywhere and turn either way."""
    nodes = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1), indexing="ij"), -1)
    at = np.array([WEST, SOUTH]) + (nodes + rng.uniform(-0.2, 0.2, nodes.shape)) * CELL
    made = []
    for i in range(side):
        for j in range(side):
            ring = np.array([at[i, j], at[i + 1, j], at[i + 1, j + 1], at[i, j + 1]])
            ring = np.roll(ring, rng.integers(4), axis=0)
            made.append(shapely.Polygon(ring[:: rng.choice([-1, 1])]))
    return np.array(made, dtype=object)


def spoiled(rng: np.random.Generator, shapes: Geometries) -> Geometries:
    """A third of the shapes made wrong in one of the ways in which files are."""
    out = list(shapes)
    for at in rng.choice(len(out), max(1, len(out) // 3), replace=False):
        shape, size = out[at], rng.uniform(2e-6, 8e-6)
        way = rng.integers(8)
        if way == 0:
            out[at] = shape.buffer(-size, join_style="mitre")
        elif way == 1:
            out[at] = shape.buffer(size, join_style="mitre")
        elif way == 2:
            out[at] = shapely.transform(shape, partial(np.add, [size, size / 3]))
        elif way == 3:
            out[at] = shapely.segmentize(
                shape, CELL / 3
            )  # corners that the neighbours lack: nothing is wrong
        elif way == 4:
            out.append(shape)
        elif way == 5:
            out.append(shape.buffer(CELL * rng.uniform(0.2, 2.5), quad_segs=3))
        elif way == 6:
            x, y = shape.centroid.coords[0]
            slit = shapely.box(x, y, x + size, y + 3e-4)
            out[at] = shape.difference(slit)
            if rng.integers(2):
                out.append(slit)
        else:
            south = shapely.transform(shape, lambda xy: xy - [0, 1e-2])
            out[at] = shapely.MultiPolygon([*shapely.get_parts(shape), *shapely.get_parts(south)])
    return np.array([each for each in out if not each.is_empty and each.is_valid], dtype=object)


@pytest.mark.parametrize("seed", range(30))
def test_what_is_told_is_what_a_union_and_all_pairs_say(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(seed)
    monkeypatch.setattr(coverage, "VERTICES_A_BLOCK", int(rng.choice([60, 150, 10_000])))
    monkeypatch.setattr(regions, "LARGE_VERTICES", int(rng.choice([20, 60, 10_000])))
    monkeypatch.setattr(regions, "SHAPES_A_REGION", int(rng.choice([12, 30, 10_000])))
    monkeypatch.setattr(spool, "A_CHUNK", int(rng.choice([7, 10_000])))
    monkeypatch.setattr(block, "SHAPES_A_BOX", int(rng.choice([2, 500])))
    agree(spoiled(rng, cells(rng, int(rng.integers(2, 8)))))


def test_heaps_of_shapes_are_compared_without_cutting_all_by_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "CROSSINGS_A_BLOCK", 0)
    rng = np.random.default_rng(11)
    found = agree(spoiled(rng, cells(rng, 6)))
    assert {"overlap", "gap"} <= found.kinds.keys()


def test_a_river_through_many_shapes_is_no_heap(monkeypatch: pytest.MonkeyPatch) -> None:
    def heaps(here: Geometries) -> Geometries:
        raise AssertionError("taken for a heap")

    monkeypatch.setattr(block, "_holes", heaps)
    monkeypatch.setattr(block, "BOXES_A_BLOCK", 2_500)
    monkeypatch.setattr(block, "CROSSINGS_A_BLOCK", 100_000)
    monkeypatch.setattr(block, "SHAPES_A_BOX", 50)
    monkeypatch.setattr(regions, "LARGE_VERTICES", 200)
    under = cells(np.random.default_rng(3), 20)
    t = np.linspace(0, 1, 900)
    course = np.column_stack([WEST + 20 * CELL * t, SOUTH + CELL * (20 * t + np.sin(40 * t))])
    rivers = [shapely.LineString(xy).buffer(2e-5) for xy in (course, np.add(course, [3.5 * CELL, 0]))]
    assert agree(np.array([*under, *rivers], dtype=object)).kinds["overlap"].count > 80


def test_where_all_edges_fit_nothing_is_told() -> None:
    assert not told(cells(np.random.default_rng(1), 6)).kinds


def test_a_shape_over_others_that_fit_overlaps_the_inner_ones_too() -> None:
    under = cells(np.random.default_rng(2), 5)
    over = shapely.box(WEST + 0.5 * CELL, SOUTH + 0.5 * CELL, WEST + 4.5 * CELL, SOUTH + 4.5 * CELL)
    assert agree(np.array([*under, over], dtype=object)).kinds["overlap"].count == 25


def test_a_gap_between_two_blocks_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    west, south = WEST, SOUTH
    boxes = [(0, 0, 1, 1), (1.005, 0, 2, 1), (0, 1, 2, 2), (0, -1, 2, 0)]
    shapes = [
        shapely.box(west + a * CELL, south + b * CELL, west + c * CELL, south + d * CELL)
        for a, b, c, d in boxes
    ]
    monkeypatch.setattr(coverage, "VERTICES_A_BLOCK", 6)
    assert agree(np.array(shapes, dtype=object)).kinds["gap"].count == 1


def test_a_spool_without_shapes_has_nothing_to_compare() -> None:
    with Spool() as spool:
        assert spool.close() is None


def test_spooled_shapes_come_back_in_any_order_and_do_not_stay_in_memory() -> None:
    shapes = np.array([shapely.Point(n, n).buffer(0.1, quad_segs=2_000) for n in range(200)], dtype=object)
    with Spool() as spool:
        for start in range(0, len(shapes), 50):
            part = shapes[start : start + 50]
            spool.add(shapely.to_wkb(part).tolist(), part, np.arange(start, start + len(part)))
        whole = spool.close()
        assert whole is not None and len(whole) == 200
        (known,) = whole.chunks()
        kept = whole.shapes(known)
        before = mapped_kb()
        for which in (np.array([199, 0, 70]), np.arange(200)):
            assert shapely.equals_identical(kept.read(which), shapes[which]).all()
        assert kept.rows.tolist() == list(range(200)) and kept.counts.sum() == 200 * 8_001
        assert mapped_kb() - before < 8_000  # of 25,600


def mapped_kb() -> int:
    """How much of files counts as memory of this process."""
    said = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in said if line.startswith("RssFile:"))
