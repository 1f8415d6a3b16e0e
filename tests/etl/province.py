"""The demonstration province, made once for all tests of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.demo import cameras, crops, farms, land_use, reports, wards, zoning
from etl.demo.ground import Ground
from etl.demo.source import Source, read

if TYPE_CHECKING:
    import geopandas as gpd

SHARED = Path(__file__).parents[3] / "shared" / "data"


@cache
def source() -> Source:
    return read("82")


@cache
def units() -> gpd.GeoDataFrame:
    return wards.generate(source())


@cache
def ground() -> Ground:
    return Ground.of(units())


@cache
def layer(name: str) -> gpd.GeoDataFrame:
    match name:
        case "zoning":
            return zoning.generate(ground())
        case "land_use":
            return land_use.generate(ground(), layer("zoning"))
        case "crop_areas":
            return crops.generate(ground())
        case "farms":
            return farms.generate(ground())
        case "cameras":
            return cameras.generate(ground(), layer("zoning"))
        case "reports":
            return reports.generate(ground())
    raise KeyError(name)


def shared(path: str) -> Path:
    """A file of the real data; the test skips where it is absent."""
    found = SHARED / path
    if not found.exists():
        pytest.skip(f"no real data here: {path}")
    return found
