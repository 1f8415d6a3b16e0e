"""Counting by cell, without a database."""

from __future__ import annotations

import json

import h3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.hotspots import Count, cell_of, feature_collection, rolled_up, totals, touching
from geo.hotspots.cells import area_km2, parent, ring
from geo.types import Bbox

places = st.tuples(st.floats(102.2, 109.4), st.floats(8.5, 23.3))
counted = st.lists(
    st.tuples(places, st.integers(0, 50)).map(lambda x: Count(cell_of(*x[0]), x[1], x[1] + 3)), max_size=30
)


def test_the_cell_of_a_place_is_lon_lat() -> None:
    assert cell_of(105.6325, 10.4603) == h3.latlng_to_cell(10.4603, 105.6325, 9)
    assert len(cell_of(105.6325, 10.4603)) == 15


@given(counted, st.sampled_from(range(5, 10)))
def test_nothing_is_lost_or_doubled_on_the_way_up(found: list[Count], resolution: int) -> None:
    unique = list({count.cell: count for count in found}.values())
    up = rolled_up(unique, resolution)
    assert totals(up)["incidents"] == totals(unique)["incidents"]
    assert totals(up)["contacts"] == totals(unique)["contacts"]
    assert [count.cell for count in up] == sorted({parent(count.cell, resolution) for count in unique})
    assert feature_collection(up, {}) == feature_collection(rolled_up(reversed(unique), resolution), {})


def test_density_uses_the_true_area() -> None:
    north, south = cell_of(105.3, 22.8), cell_of(105.1, 8.7)
    assert Count(north, 5, 9).per_km2 == pytest.approx(5 / h3.cell_area(north, "km^2"))
    assert abs(area_km2(north) / area_km2(south) - 1) > 0.02


def test_a_box_takes_whole_cells() -> None:
    here, there = Count(cell_of(105.61, 10.51), 1, 1), Count(cell_of(105.70, 10.60), 1, 1)
    assert touching([here, there], Bbox(105.6, 10.5, 105.62, 10.52)) == [here]
    west = min(lon for lon, _ in ring(here.cell))
    assert touching([here], Bbox(west - 0.1, 10.0, west, 11.0)) == [here]
    assert touching([here], Bbox(west - 0.1, 10.0, west - 1e-6, 11.0)) == []


def test_geojson() -> None:
    body = json.loads(feature_collection([Count(cell_of(105.61, 10.51), 2, 3)], {"á": 1}))
    assert body["type"] == "FeatureCollection"
    assert body["parameters"] == {"á": 1}
    (feature,) = body["features"]
    assert feature["properties"]["contacts"] == 3
    assert len(feature["geometry"]["coordinates"][0]) == 7
    assert json.loads(feature_collection([], {}))["features"] == []
