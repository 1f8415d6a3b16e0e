"""Generalising on made-up ground: nothing overlaps, nothing is lost, neighbours keep their common edges."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geo.types import TileId
from tiles.ground import Box, degrees, mercator_box, tiles_of
from tiles.ladder.merge import CELLS, MARGIN_CELLS, Area, grid_of, merged
from tiles.ladder.outline import outlined, pixel_m

TILE = TileId(12, 3249, 1927)


def plots(side: int, gap: float, seed: int = 1) -> tuple[list[shapely.Polygon], list[int]]:
    """``side`` by ``side`` plots over the tile with its margin, three classes in blocks, streets between."""
    west, south, east, north = mercator_box(TILE, 1 / 64)
    step_x, step_y = (east - west) / side, (north - south) / side
    random = np.random.default_rng(seed)
    shapes, classes = [], []
    for i in range(side):
        for j in range(side):
            x, y = west + i * step_x, south + j * step_y
            shapes.append(shapely.box(x + gap, y + gap, x + step_x - gap, y + step_y - gap))
            classes.append(int((i // 8 + j // 8) % 3 if random.random() > 0.02 else random.integers(3)))
    return shapes, classes


def areas(side: int = 60, gap: float = 6.0) -> list[Area]:
    shapes, classes = plots(side, gap)
    return merged(shapes, classes, grid_of(*mercator_box(TILE)))


def test_streets_are_closed_and_nothing_overlaps() -> None:
    found = areas()
    whole = (CELLS + 2 * MARGIN_CELLS) ** 2
    assert shapely.area([each.cells for each in found]).sum() == pytest.approx(whole, rel=1e-5)
    assert shapely.union_all([each.cells for each in found]).area == pytest.approx(whole, rel=1e-5)


def test_neighbours_share_their_edges() -> None:
    polygons = np.concatenate([shapely.get_parts(each.cells) for each in areas()])
    assert shapely.coverage_is_valid(polygons)


def test_areas_keep_the_share_of_their_class() -> None:
    _, classes = plots(60, 6.0)
    found = areas()
    total = sum(each.cells.area for each in found)
    for each in found:
        assert each.cells.area / total == pytest.approx(classes.count(each.class_index) / 3600, abs=0.02)


def test_on_the_tile_rings_are_whole_numbers_valid_and_wound_as_mvt_asks() -> None:
    for each in areas():
        drawn = each.on_tile()
        points = shapely.get_coordinates(drawn)
        assert drawn.is_valid
        assert (points == np.round(points)).all() and points.min() >= -64 and points.max() <= 4096 + 64
        for polygon in drawn.geoms:
            assert polygon.exterior.is_ccw and not any(ring.is_ccw for ring in polygon.interiors)


def test_what_is_too_small_everywhere_has_no_area() -> None:
    west, south, east, north = mercator_box(TILE)
    dot = shapely.box(west + 500, south + 500, west + 505, south + 505)
    found = merged([shapely.box(west, south, east, north), dot], [0, 1], grid_of(west, south, east, north))
    assert [each.class_index for each in found] == [0]
    assert merged([], [], grid_of(west, south, east, north)) == []


def test_empty_ground_stays_empty() -> None:
    west, south, east, north = mercator_box(TILE)
    half = shapely.box(west, south, (west + east) / 2, north)
    grid = grid_of(west, south, east, north)
    (found,) = merged([half], [0], grid)
    assert found.on_ground(grid).area == pytest.approx(half.area, rel=0.01)


def wards(count: int = 40) -> np.ndarray:
    """A coverage with wavy borders: cells of random places, their edges set with many small steps."""
    random = np.random.default_rng(3)
    points = shapely.MultiPoint(random.random((count, 2)) * 50_000)
    cells = np.array(shapely.voronoi_polygons(points).geoms)
    fine = shapely.segmentize(shapely.intersection(cells, shapely.box(0, 0, 50_000, 50_000)), 40)

    def wave(xy: np.ndarray) -> np.ndarray:
        shift = np.column_stack([np.sin(xy[:, 1] / 90), np.cos(xy[:, 0] / 90)]) * 15
        return np.round(xy + shift, 3)

    return shapely.transform(fine, wave)


@pytest.mark.parametrize("zoom", [6, 9, 12])
def test_outlines_share_edges_and_keep_every_row(zoom: int) -> None:
    before = wards()
    assert shapely.coverage_is_valid(before)
    after = outlined(before.copy(), zoom)
    assert shapely.coverage_is_valid(after)
    assert not shapely.is_empty(after).any() and shapely.is_valid(after).all()
    assert shapely.get_num_coordinates(after).sum() < shapely.get_num_coordinates(before).sum()
    union = shapely.union_all(after).area
    assert union == pytest.approx(shapely.area(after).sum(), rel=1e-9)  # no overlap
    assert union == pytest.approx(shapely.union_all(before).area, abs=200_000 * pixel_m(zoom))


def test_overlapping_periods_come_out_valid() -> None:
    both = np.concatenate([wards(40), wards(25)])
    assert shapely.is_valid(outlined(both, 8)).all()


def test_tiles_of_a_place() -> None:
    box = degrees(mercator_box(TILE, -0.1))
    assert list(tiles_of(box, 12)) == [TILE]
    assert set(tiles_of(degrees(mercator_box(TILE)), 12)) >= {TILE, TileId(12, TILE.x - 1, TILE.y)}
    assert len(list(tiles_of(Box(-180, -90, 180, 90), 3))) == 64
