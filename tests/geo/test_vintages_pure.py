"""Areas, shares, topology and mending on shapes whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from pyproj import Geod

from geo.geometry import repair
from geo.geometry.area import area_m2
from geo.vintages import topology
from geo.vintages.pieces import pieces
from geo.vintages.shares import shares
from tests.geo.vintage_ground import cell


def shapes(*polygons: shapely.Polygon) -> np.ndarray:
    return np.array([shapely.MultiPolygon([p]) for p in polygons], dtype=object)


@pytest.mark.parametrize("lat", [8.5, 10.4, 16.0, 23.3])
def test_areas_are_those_of_the_ellipsoid(lat: float) -> None:
    box = shapely.segmentize(shapely.box(105, lat, 105.1, lat + 0.1), 0.005)
    geodesic, _ = Geod(ellps="WGS84").geometry_area_perimeter(box)
    assert area_m2(np.array([box], dtype=object))[0] == pytest.approx(abs(geodesic), rel=1e-6)


def test_shares_of_a_divided_unit() -> None:
    old = shapes(cell(0, 0), cell(1, 0))
    new = shapes(cell(0, 0, 1.25, 1), cell(1.25, 0, 0.75, 1))
    table = shares(old, new).table()
    assert table[0, 0] == pytest.approx((1.0, 0.8), abs=1e-6)
    assert table[1, 0] == pytest.approx((0.25, 0.2), abs=1e-6)
    assert table[1, 1] == pytest.approx((0.75, 1.0), abs=1e-6)
    assert shares(old, new).covered(2) == pytest.approx([1, 1], abs=1e-6)
    assert shares(old, new[:1]).covered(2) == pytest.approx([1, 0.25], abs=1e-6)
    assert shares(old, new[:0]).table() == {}


@pytest.mark.parametrize(
    ("first", "second", "parts"),
    [
        ((0, 0, 1, 1), (1, 0, 1, 1), 0),  # a common edge
        ((0, 0, 1, 1), (0.9, 0, 1, 1), 0.1),  # one over the other's side
        ((0, 0, 2, 2), (0.5, 0.5, 1, 1), 1.0),  # one inside the other
        ((0, 0, 1, 1), (0, 0, 1, 1), 1.0),  # twice the same
        ((0, 0, 1, 1), (3, 3, 1, 1), 0),
    ],
)
def test_overlaps(first: tuple[float, ...], second: tuple[float, ...], parts: float) -> None:
    both = shapes(cell(*first), cell(*second))
    found = topology.overlaps(both, topology.mismatched(both))
    assert found.area_m2.sum() == pytest.approx(parts * area_m2(shapes(cell(0, 0)))[0], rel=1e-2, abs=0.1)
    assert len(found.first) == (1 if parts else 0)


def test_holes_within_and_between_grounds() -> None:
    ring = [cell(x, y) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    west, east = shapes(*ring[:4]), shapes(*ring[4:])
    grounds = [topology.dissolve(part, topology.mismatched(part)) for part in (west, east)]
    (hole,) = topology.holes(grounds)
    assert shapely.equals(hole, cell(1, 1))
    # What is another province's ward is no hole.
    assert len(topology.holes([*grounds, shapely.MultiPolygon([cell(1, 1)])])) == 0
    whole = shapes(*ring)
    inner = topology.dissolve(whole, topology.mismatched(whole))
    assert len(topology.holes([inner])) == 1
    assert len(topology.holes([inner, shapely.MultiPolygon([cell(1, 1)])])) == 0


def test_dissolving_is_a_union_whatever_fits() -> None:
    rng = np.random.default_rng(1)
    cells = [cell(x, y) for x in range(6) for y in range(6)]
    loose = [shapely.transform(c, lambda xy: xy + rng.normal(0, 1e-5, xy[:1].shape)) for c in cells[:6]]
    both = shapes(*loose, *cells[6:])
    edges = topology.mismatched(both)
    assert 0 < (~shapely.is_empty(edges)).sum() < 36
    assert shapely.equals(topology.dissolve(both, edges), shapely.union_all(both))


def test_pieces_make_up_the_unit_and_have_few_vertices() -> None:
    circle = shapely.Point(105.6, 10.4).buffer(0.02, quad_segs=500)
    holed = shapely.difference(circle, shapely.box(105.599, 10.399, 105.601, 10.401))
    islands = shapely.MultiPolygon([holed, shapely.box(105.7, 10.4, 105.71, 10.41)])
    at, found = pieces(np.array([shapely.MultiPolygon([circle]), islands], dtype=object))
    assert shapely.get_num_coordinates(found).max() <= 64
    assert shapely.is_valid(found).all()
    for number, shape in enumerate((circle, islands)):
        own = found[at == number]
        assert float(shapely.area(own).sum()) == pytest.approx(shape.area, rel=1e-9)
        assert shapely.symmetric_difference(shapely.union_all(own), shape).area < 1e-12
        # Cuts only: no piece reaches beyond the unit, no two share ground.
        assert shapely.STRtree(own).query(own, predicate="overlaps").size == 0


def test_pieces_of_a_spike_thinner_than_numbers_end() -> None:
    spike = [(105.6 + i * 1e-15, 10.4 + (i % 2) * 1e-15) for i in range(200)]
    at, found = pieces(np.array([shapely.MultiPolygon([shapely.Polygon(spike)])], dtype=object))
    assert len(at) == len(found)


def test_mending() -> None:
    bowtie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    line = shapely.Polygon([(0, 0), (1, 1), (0, 0)])
    mended, nothing, fine = repair.mended([bowtie, line, cell(0, 0)])
    assert mended is not None
    assert mended.is_valid
    assert mended.area == pytest.approx(2)
    assert nothing is None
    assert fine is not None
    assert repair.mended([]) == []


def test_a_shape_that_kills_the_process_is_given_up() -> None:
    """The others are still mended."""
    tangle = shapely.Polygon(np.random.default_rng(1).random((3000, 2)))
    results = repair.mended([cell(0, 0), tangle, cell(1, 0)], seconds=0.5)
    assert [each is None for each in results] == [False, True, False]
