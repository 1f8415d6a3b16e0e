"""The density surface of a province: its plane in metres, as raster, as GeoTIFF and as picture tiles."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import Transformer

from geo.hotspots.cells import centre, unknown
from geo.hotspots.stats.density import Grid, density, kernel_mass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hotspots.ground import Ground
    from geo.types import TileId

CELL_M = 100.0
BANDWIDTHS_M = (300, 5_000)
DEFAULT_BANDWIDTH_M = 800
# Cividis, light end first, one colour each half power of ten from 0.1 to 100 reports per km² and 30 days. The
# same in the browser (web_map/src/map/ramp.ts): a colour means one number, whatever the zoom or the period.
RAMP = ("#fee838", "#d9c55c", "#b0a473", "#8b8879", "#666970", "#3f4e6d", "#00224e")
LOWEST, HIGHEST = 0.1, 100.0
TILE = 256
KNOTS = 17
EARTH_M = 20_037_508.342789244
# Standard deviation along an axis of a point anywhere in a hexagon of edge 1.
SPREAD_OF_HEXAGON = math.sqrt(5 / 24)


@dataclass(frozen=True, eq=False)
class Plane:
    """A province in a metric plane (UTM on WGS 84, the zone of its middle) as raster of 100 m."""

    epsg: int
    grid: Grid

    @classmethod
    def of(cls, ground: Ground) -> Plane:
        """The raster of a ground's outline. The outline must not be empty."""
        import shapely
        from rasterio.features import rasterize
        from rasterio.transform import from_origin

        epsg = 32_600 + math.floor(ground.outline.centroid.x / 6) + 31
        project = Transformer.from_crs(4326, epsg, always_xy=True).transform
        outline = shapely.transform(ground.outline, lambda xy: np.column_stack(project(*xy.T)))
        west, south, east, north = outline.bounds
        west, north = math.floor(west / CELL_M) * CELL_M, math.ceil(north / CELL_M) * CELL_M
        shape = (math.ceil((north - south) / CELL_M), math.ceil((east - west) / CELL_M))
        place = from_origin(west, north, CELL_M, CELL_M)
        inside = rasterize([(outline, 1)], out_shape=shape, transform=place, dtype="uint8").astype(bool)
        return cls(epsg, Grid(west, north, CELL_M, inside))

    @cached_property
    def nearest_inside(self) -> NDArray[np.int64]:
        """For each raster cell the flat place of the nearest one inside."""
        from scipy.ndimage import distance_transform_edt

        row, column = distance_transform_edt(~self.grid.inside, return_distances=False, return_indices=True)
        flat: NDArray[np.int64] = (row * self.grid.inside.shape[1] + column).ravel().astype(np.int64)
        return flat

    @cached_property
    def _kept(self) -> dict[str, NDArray[np.int64]]:
        """Cells that were asked for, ascending, and their places: one pair that is replaced whole."""
        return {"pair": np.empty((2, 0), dtype=np.int64)}

    def places(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """The raster cell of each H3 cell's middle; -1 far from the province."""
        known = self._kept["pair"]
        new = unknown(cells, known[0])
        if len(new):
            known = np.concatenate([known, [new, self._placed(new)]], axis=1)
            known = self._kept["pair"] = known[:, np.argsort(known[0])]
        found: NDArray[np.int64] = known[1][np.searchsorted(known[0], cells)]
        return found

    def _placed(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """A cell on the border may have its middle across it: its reports go to the nearest place inside."""
        lon, lat = np.array([centre(cell) for cell in cells.tolist()]).T
        x, y = Transformer.from_crs(4326, self.epsg, always_xy=True).transform(lon, lat)
        rows, columns = self.grid.inside.shape
        column = np.floor((x - self.grid.west_m) / CELL_M).astype(np.int64).clip(-50, columns + 50)
        row = np.floor((self.grid.north_m - y) / CELL_M).astype(np.int64).clip(-50, rows + 50)
        near = (abs(column - columns / 2) < columns / 2 + 20) & (abs(row - rows / 2) < rows / 2 + 20)
        flat = row.clip(0, rows - 1) * columns + column.clip(0, columns - 1)
        return np.where(near, self.nearest_inside[flat], -1)

    def mass(self, bandwidth_m: float) -> NDArray[np.float32]:
        """Kernel mass inside (see :func:`geo.hotspots.stats.density.kernel_mass`), kept."""
        return _mass(self, bandwidth_m)


@lru_cache(maxsize=8)
def _mass(plane: Plane, bandwidth_m: float) -> NDArray[np.float32]:
    return kernel_mass(plane.grid, bandwidth_m)


@dataclass(frozen=True, slots=True)
class Surface:
    """Reports per km² and 30 days on a plane, with what it was made from."""

    plane: Plane
    values: NDArray[np.float32]
    parameters: dict[str, Any]


def surface(
    plane: Plane, cells: NDArray[np.int64], counts: NDArray[np.float64], *, edge_m: float, days: int,
    bandwidth_m: float, parameters: dict[str, Any],
) -> Surface:  # fmt: skip
    """The density of counts by H3 cell. ``edge_m``: a cell's edge.

    Counts stand at their cells' middles, which by itself spreads them as a hexagon does; the kernel is that
    much narrower, so that the whole has the bandwidth that was asked for.
    """
    places = plane.places(cells)
    on = places >= 0
    shape = plane.grid.inside.shape
    raster = np.bincount(places[on], counts[on], minlength=shape[0] * shape[1]).reshape(shape)
    narrow_m = math.sqrt(max(bandwidth_m**2 - (SPREAD_OF_HEXAGON * edge_m) ** 2, (bandwidth_m / 2) ** 2))
    values = density(raster.astype(np.float32), plane.grid, narrow_m, days, plane.mass(narrow_m))
    said = parameters | {
        "density": {
            "kernel": "gaussian",
            "bandwidth_m": bandwidth_m,
            "cell_m": CELL_M,
            "border": "each report divided by the mass of its kernel inside (Diggle 1985)",
            "unit": "incidents / km² / 30 d",
            "n": float(counts[on].sum()),
            "outside": float(counts[~on].sum()),
            "crs": f"EPSG:{plane.epsg}",
        }
    }
    return Surface(plane, values, said)


def geotiff(made: Surface) -> bytes:
    """A Cloud Optimized GeoTIFF with the parameters in its tags; equal surfaces give equal bytes."""
    import rasterio
    from rasterio.io import MemoryFile
    from rasterio.transform import from_origin

    grid = made.plane.grid
    values = np.where(grid.inside, made.values, np.float32(-1)).astype(np.float32)
    with MemoryFile() as memory:
        with memory.open(
            driver="COG",
            width=values.shape[1],
            height=values.shape[0],
            count=1,
            dtype="float32",
            crs=rasterio.CRS.from_epsg(made.plane.epsg),
            transform=from_origin(grid.west_m, grid.north_m, grid.cell_m, grid.cell_m),
            nodata=-1.0,
            compress="deflate",
            predictor="yes",
            blocksize=256,
            overview_resampling="average",
        ) as file:
            file.write(values, 1)
            file.update_tags(diaban=json.dumps(made.parameters, ensure_ascii=False, sort_keys=True))
            file.set_band_description(1, "incidents / km2 / 30 d")
            file.update_tags(1, unit="incidents / km2 / 30 d")
        return bytes(memory.read())


def png_tile(made: Surface, tile: TileId) -> bytes:
    """A picture of 256 pixels a side in the fixed ramp; clear below 0.1 and outside the province."""
    side = 2 * EARTH_M / 2**tile.z
    west, north = -EARTH_M + tile.x * side, EARTH_M - tile.y * side
    return _picture(made, 3857, (west, north - side, west + side, north), TILE, TILE)


def png_box(made: Surface, bounds: tuple[float, float, float, float], width: int, height: int) -> bytes:
    """The same of a box in degrees (west, south, east, north), degrees straight across the picture."""
    return _picture(made, 4326, bounds, width, height)


def color_of(rate: float) -> str | None:
    """The colour of a rate on the fixed ramp; None where the scale has not begun."""
    if rate < LOWEST / 3:
        return None
    place = math.log10(max(rate, LOWEST) / LOWEST) / math.log10(HIGHEST / LOWEST) * (len(RAMP) - 1)
    low = min(int(place), len(RAMP) - 2)
    part = min(place - low, 1.0)
    pair = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in RAMP[low : low + 2]]
    mixed = [round(a + (b - a) * part) for a, b in zip(*pair, strict=True)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _picture(
    made: Surface, epsg: int, bounds: tuple[float, float, float, float], width: int, height: int
) -> bytes:
    from PIL import Image
    from scipy.ndimage import map_coordinates

    places = _pixels(made.plane, epsg, bounds, width, height)
    sampled = map_coordinates(made.values, places, order=1, mode="constant", cval=0.0)
    sampled[map_coordinates(made.plane.grid.inside, places, order=0, cval=0) == 0] = 0.0
    place = np.log10(np.maximum(sampled, 1e-9) / LOWEST) / math.log10(HIGHEST / LOWEST)
    index = np.where(sampled < LOWEST, 0, 1 + (place.clip(0, 1) * 254).round()).astype(np.uint8)
    picture = Image.fromarray(index)
    picture.putpalette(_palette())
    sink = io.BytesIO()
    picture.save(sink, "PNG", transparency=bytes([0]) + bytes([205]) * 255, compress_level=6)
    return sink.getvalue()


def _pixels(
    plane: Plane, epsg: int, bounds: tuple[float, float, float, float], width: int, height: int
) -> NDArray[np.float64]:
    """Rows and columns of the raster (fractions, (2, height, width)) under the middles of a picture's pixels.

    Projected at 17 by 17 knots: between them the two projections are straight to a hundredth of a pixel.
    """
    from scipy.ndimage import map_coordinates

    west, south, east, north = bounds
    knots = np.linspace(0, 1, KNOTS)
    x, y = np.meshgrid(west + knots * (east - west), north - knots * (north - south))
    project = Transformer.from_crs(epsg, plane.epsg, always_xy=True).transform
    easting, northing = (values.reshape(x.shape) for values in project(x.ravel(), y.ravel()))
    column = (easting - plane.grid.west_m) / plane.grid.cell_m - 0.5
    row = (plane.grid.north_m - northing) / plane.grid.cell_m - 0.5
    down, across = ((np.arange(size) + 0.5) / size * (KNOTS - 1) for size in (height, width))
    at = np.array(np.meshgrid(down, across, indexing="ij"))
    return np.array([map_coordinates(values, at, order=1) for values in (row, column)])


@lru_cache(maxsize=1)
def _palette() -> bytes:
    stops = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in RAMP], dtype=np.float64)
    at = np.linspace(0, len(stops) - 1, 255)
    channels = [np.interp(at, np.arange(len(stops)), stops[:, i]) for i in range(3)]
    return bytes(3) + np.column_stack(channels).round().astype(np.uint8).tobytes()
