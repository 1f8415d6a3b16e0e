"""Pictures of a density surface in a fixed ramp of colours: tiles, and boxes for sheets."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from pyproj import Transformer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hotspots.plane import Plane
    from geo.hotspots.surface import Surface
    from geo.types import TileId

# Cividis, light end first, one colour each half power of ten from 0.1 to 100 reports per km² and 30 days. The
# same in the browser (web_map/src/map/ramp.ts): a colour means one number, whatever the zoom or the period.
RAMP = ("#fee838", "#d9c55c", "#b0a473", "#8b8879", "#666970", "#3f4e6d", "#00224e")
LOWEST, HIGHEST = 0.1, 100.0
TILE = 256
KNOTS = 17
EARTH_M = 20_037_508.342789244


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
