"""An invented province for tests of loading: irregular wards near Cao Lãnh and parcels that keep to them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from etl.georef import ground
from geo.crs import ZONES, from_wgs84

if TYPE_CHECKING:
    from etl.types import Ground

# Degrees: about 39 by 33 km in Đồng Tháp (province 82, VN-2000 105°00′ and 105°45′).
WEST, SOUTH, EAST, NORTH = 105.50, 10.30, 105.86, 10.60
NAMES = tuple(f"Phường Mẫu {n}" for n in range(1, 31))


@lru_cache
def wards() -> tuple[shapely.Polygon, ...]:
    """Thirty Voronoi cells, WGS 84."""
    rng = np.random.default_rng(7)
    seeds = shapely.MultiPoint(np.column_stack([rng.uniform(WEST, EAST, 30), rng.uniform(SOUTH, NORTH, 30)]))
    cells = shapely.get_parts(
        shapely.voronoi_polygons(seeds, extend_to=shapely.box(WEST, SOUTH, EAST, NORTH))
    )
    return tuple(shapely.intersection(cells, shapely.box(WEST, SOUTH, EAST, NORTH)))


@lru_cache
def tenant() -> Ground:
    return ground(list(NAMES), list(shapely.to_wkb(np.array(wards()))), ("82",))


@lru_cache
def parcels(step_deg: float = 0.006) -> np.ndarray:
    """A grid of plots cut at the wards' borders: none crosses one. WGS 84."""
    lon, lat = np.meshgrid(np.arange(WEST, EAST, step_deg), np.arange(SOUTH, NORTH, step_deg))
    cells = shapely.box(lon.ravel(), lat.ravel(), lon.ravel() + step_deg, lat.ravel() + step_deg)
    cut = [shapely.intersection(cells, ward) for ward in wards()]
    plots = np.concatenate(cut)
    return plots[(shapely.get_type_id(plots) == 3) & (shapely.area(plots) > 1e-7)]


def in_system(shapes: np.ndarray, epsg: int) -> np.ndarray:
    """The same shapes in the numbers of another system, easting first."""
    if epsg in ZONES:
        return shapely.transform(shapes, lambda xy: from_wgs84(xy, ZONES[epsg]))
    other = pyproj.Transformer.from_crs(4326, epsg, always_xy=True)
    return shapely.transform(shapes, lambda xy: np.column_stack(other.transform(xy[:, 0], xy[:, 1])))


def swapped(shapes: np.ndarray) -> np.ndarray:
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])
