"""A million points at once: the grid never changes an answer of the polygons."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from geo.routing import cells
from geo.routing.memory import Ground
from geo.types import Bbox
from geo.units import Unit

Numbers = NDArray[np.float64]


def a_unit(number: int) -> Unit:
    day, box = date(2025, 7, 1), Bbox(0, 0, 1, 1)
    name = f"vn-{number}"
    return Unit(number, name, "00001", "Xã", "xa", 3, "82", None, None, None, None, day, None, box)


def ragged(pick: np.random.Generator, middle: Numbers, size: float, corners: int) -> shapely.Polygon:
    """A star-shaped polygon: a river's bank in the small, a straight border where corners are few."""
    angle = np.sort(pick.uniform(0, 2 * np.pi, corners))
    star = np.stack([np.cos(angle), np.sin(angle)]) * size * pick.uniform(0.5, 1, corners)
    return shapely.Polygon(star.T + middle)


@pytest.fixture(params=[0.001, 0.02, 0.5])
def ground(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """Overlapping shapes, holes, islands and long straight borders, under cells of several sizes."""
    monkeypatch.setattr(cells, "CELL_MIN_DEG", request.param)
    pick = np.random.default_rng(7)
    stars = [(0.3, 5), (0.2, 400), (0.05, 2_000), (0.1, 30), (0.02, 8)]
    shapes: list[shapely.Geometry] = [
        ragged(pick, pick.uniform((105, 10), (105.6, 10.6)), size, corners) for size, corners in stars
    ]
    shapes += [shapely.box(105.0, 10.0, 105.25, 10.25), shapely.box(105.25, 10.0, 105.5, 10.25)]
    shapes += [shapely.box(105.6, 10.5, 105.9, 10.8).difference(shapely.box(105.7, 10.6, 105.8, 10.7))]
    islands = shapely.box(106, 10, 106.01, 10.01), shapely.box(106.3, 10.3, 106.4, 10.4)
    shapes += [shapely.MultiPolygon(islands)]
    valid = [shapely.make_valid(each) for each in shapes]
    return Ground([a_unit(number) for number in range(len(valid))], valid)


def by_polygons(ground: Ground, lon: Numbers, lat: Numbers) -> NDArray[np.int64]:
    """Every polygon asked for every point."""
    order = sorted(
        range(len(ground._shapes)), key=lambda i: (round(ground._areas_m2[i]), ground._units[i].unit_id)
    )
    answer = np.full(len(lon), -1)
    for index in reversed(order):
        answer[shapely.intersects_xy(ground._shapes[index], lon, lat)] = index
    return answer


def test_the_grid_changes_no_answer(ground: Ground) -> None:
    pick = np.random.default_rng(11)
    corners = shapely.get_coordinates(ground._shapes)
    begin, end = corners[:-1], corners[1:]
    edges = begin + (end - begin) * pick.uniform(0, 1, (len(begin), 1))
    beside = corners + pick.normal(0, 1e-5, corners.shape)
    anywhere = pick.uniform((104.5, 9.5), (106.6, 11.0), (20_000, 2))
    on_cells = np.round(anywhere, 3)
    lon, lat = np.concatenate([corners, edges, beside, anywhere, on_cells]).T
    assert np.array_equal(ground.assign(lon, lat), by_polygons(ground, lon, lat))


def test_most_points_meet_no_polygon(ground: Ground) -> None:
    lon, lat = np.random.default_rng(3).uniform((105.26, 10.01), (105.49, 10.24), (5_000, 2)).T
    mixed = np.mean(ground._cells.of(lon, lat) == cells.MIXED)
    assert mixed < (0.35 if ground._cells._size < 0.02 else 1.01)


def test_nowhere_is_nobodys(ground: Ground) -> None:
    lon = np.array([np.nan, 105.1, np.inf, -np.inf, 0.0, 180.0, 105.1])
    lat = np.array([10.1, np.nan, 10.1, 10.1, 0.0, 90.0, -90.0])
    assert ground.assign(lon, lat).tolist() == [-1] * 7
    assert ground.assign(np.array([]), np.array([])).tolist() == []
