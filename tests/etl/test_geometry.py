"""Shapes of a file: what is mended is named and counted, what cannot be is refused with its reason."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from etl.geometry import Cleaned, Cleaner
from geo.geometry.area import area_m2
from geo.geometry.repair import Mender
from layers.registry import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

LAND_USE = load()["land_use"]
CAMERAS = load()["cameras"]
X, Y = 105.6, 10.4


def ring(*points: tuple[float, float]) -> shapely.Polygon:
    """A polygon of corners in units of about 100 m."""
    return shapely.Polygon([(X + x * 1e-3, Y + y * 1e-3) for x, y in points])


def circle(vertices: int) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, vertices)
    return shapely.Polygon(np.column_stack([X + 0.1 * np.cos(angle), Y + 0.1 * np.sin(angle)]))


SQUARE = ring((0, 0), (1, 0), (1, 1), (0, 1))


def cleaned(*shapes: BaseGeometry | None, layer=LAND_USE) -> tuple[Cleaned, Cleaner]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    cleaner = Cleaner(layer)
    try:
        return cleaner.clean(np.array(shapes, dtype=object), 1), cleaner
    finally:
        cleaner.close()


def counted(*shapes: BaseGeometry | None) -> dict[str, int]:
    result, cleaner = cleaned(*shapes)
    assert not result.faults, result.faults
    assert shapely.is_valid(result.geometry).all()
    assert set(shapely.get_type_id(result.geometry)) == {6}
    return {code: kind.count for code, kind in cleaner.tally.kinds.items()}


def test_sound_shapes_pass_unnamed() -> None:
    assert counted(SQUARE, shapely.MultiPolygon([SQUARE])) == {}


def test_each_repair_has_a_name() -> None:
    keyhole = ring((0, 0), (2, 0), (2, 2), (1, 2), (1, 1), (1, 2), (0, 2))  # a spike inwards and back
    touching = ring(
        (0, 0), (4, 0), (4, 4), (2, 4), (3, 2), (1, 2), (2, 4), (0, 4)
    )  # a ring that touches itself
    nested = shapely.MultiPolygon(
        [ring((0, 0), (9, 0), (9, 9), (0, 9)), ring((1, 1), (1.1, 1), (1.1, 1.1), (1, 1.1))]
    )
    twice = shapely.Polygon(
        [*SQUARE.exterior.coords[:2], SQUARE.exterior.coords[1], *SQUARE.exterior.coords[2:]]
    )
    assert counted(keyhole) == {"self_touch": 1}
    assert counted(touching) == {"self_touch": 1}
    assert counted(nested) == {"nested": 1}
    assert counted(twice, SQUARE, twice) == {"duplicate_vertices": 2}
    assert counted(shapely.Polygon(SQUARE.exterior.coords[::-1])) == {"winding": 1}
    assert counted(shapely.force_3d(SQUARE, 7.0)) == {"height_dropped": 1}
    assert counted(shapely.GeometryCollection([SQUARE, shapely.Point(X, Y)])) == {"collection": 1}
    assert counted(shapely.LineString(SQUARE.exterior.coords)) == {"line_closed": 1}


def test_the_ground_that_a_repair_changed_is_measured() -> None:
    over = shapely.MultiPolygon(
        [ring((0, 0), (30, 0), (30, 30), (0, 30)), ring((29.9, 0), (31, 0), (31, 1), (29.9, 1))]
    )
    result, cleaner = cleaned(over)
    (kind,) = cleaner.tally.kinds.values()
    common = Geod(ellps="WGS84").geometry_area_perimeter(ring((29.9, 0), (30, 0), (30, 1), (29.9, 1)))[0]
    assert kind.area_m2 == pytest.approx(abs(common), rel=1e-3)
    assert result.area_m2[0] == pytest.approx(area_m2(np.array([over]))[0] - common, rel=1e-9)


def test_a_repair_that_changes_too_much_is_refused() -> None:
    bow = ring((0, 0), (1, 1), (1, 0), (0, 1))
    loop = ring(
        (0, 0), (10, 0), (10, 10), (4, 10), (4, 14), (6, 14), (6, 10), (0, 10)
    )  # a second lobe, the other way
    result, _ = cleaned(bow, SQUARE, loop)
    assert [(fault.row, fault.code) for fault in result.faults] == [
        (1, "repair_changes_area"),
        (3, "repair_changes_area"),
    ]
    assert "%" in result.faults[1].reason.vi and shapely.is_missing(result.geometry).tolist() == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (None, "geometry_missing"),
        (shapely.Polygon(), "geometry_missing"),
        (shapely.Point(X, Y), "geometry_type"),
        (shapely.LineString([(X, Y), (X + 0.1, Y)]), "geometry_type"),
        (shapely.box(10.3, 105.6, 10.4, 105.7), "outside_vietnam"),
        (shapely.Polygon([(X, Y), (np.nan, Y), (X, Y + 1), (X, Y)]), "not_finite"),
        (shapely.Polygon([(X, Y), (np.inf, Y), (X, Y + 1), (X, Y)]), "not_finite"),
        (shapely.Polygon([(X, Y), (X + 1e-3, Y), (X, Y), (X, Y)]), "repair_nothing"),
        (circle(200_001), "too_many_vertices"),
        (shapely.GeometryCollection([shapely.Point(X, Y)]), "geometry_type"),
    ],
)
def test_what_cannot_be_mended_is_refused(shape: BaseGeometry | None, code: str) -> None:
    result, _ = cleaned(SQUARE, shape, SQUARE)
    assert [(fault.row, fault.code) for fault in result.faults] == [(2, code)]
    assert shapely.is_missing(result.geometry).tolist() == [False, True, False]


def test_points_for_a_layer_of_points() -> None:
    point = shapely.Point(X, Y)
    result, _ = cleaned(point, shapely.MultiPoint([point]), shapely.MultiPoint([point, point]), layer=CAMERAS)
    assert shapely.get_type_id(result.geometry).tolist() == [0, 0, -1]
    assert [fault.code for fault in result.faults] == ["geometry_type"]


def tangle(vertices: int) -> shapely.Polygon:
    return shapely.Polygon(np.random.default_rng(vertices).random((vertices, 2)) * 1e-2 + [X, Y])


def test_hostile_shapes_cost_their_time_and_no_more() -> None:
    with Mender(seconds=3) as mender:
        started = time.monotonic()
        assert mender.mend(tangle(4000)).why == "time"
        assert time.monotonic() - started < 60
        assert mender.mend(ring((0, 0), (1, 1), (1, 0), (0, 1))).shape is not None


def test_hostile_shapes_cost_their_memory_and_no_more() -> None:
    with Mender(seconds=60, memory_bytes=300 * 1024**2) as mender:
        assert mender.mend(tangle(3000)).why == "memory"
        assert mender.mend(ring((0, 0), (1, 1), (1, 0), (0, 1))).shape is not None


def test_splinters_go_and_narrow_features_are_named() -> None:
    splinter = shapely.box(X + 0.01, Y, X + 0.01 + 1e-8, Y + 1e-8)
    thin = shapely.box(X, Y, X + 1e-3, Y + 2e-7)
    assert counted(shapely.MultiPolygon([SQUARE, splinter])) == {"sliver_parts": 1}
    assert counted(thin) == {"sliver": 1}


@pytest.fixture(scope="module")
def cleaner() -> Iterator[Cleaner]:
    made = Cleaner(LAND_USE)
    yield made
    made.close()


@settings(max_examples=150, deadline=None)
@given(points=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=9))
def test_nothing_invalid_comes_out(cleaner: Cleaner, points: list[tuple[int, int]]) -> None:
    result = cleaner.clean(np.array([ring(*points)], dtype=object), 1)
    (shape,) = result.geometry
    if shape is None:
        assert len(result.faults) == 1
    else:
        assert shapely.is_valid(shape) and not result.faults and result.area_m2[0] > 0
