"""The density surface of a province, and its file."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.hotspots.plane import CELL_M
from geo.hotspots.stats.density import density

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hotspots.plane import Plane

# Standard deviation along an axis of a point anywhere in a hexagon of edge 1.
SPREAD_OF_HEXAGON = math.sqrt(5 / 24)


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
