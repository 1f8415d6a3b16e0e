"""The systems that Vietnamese files are in, by key, and how each goes to WGS 84.

A key is an EPSG code, with ``:yx`` where the first number of each pair is the northing (or latitude): the
order of Vietnamese papers, which call the northing X (``vietnam-domain``: both orders are met in files).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pyproj
import shapely

from etl.types import CrsChoice
from geo.crs import ZONES, to_wgs84
from geo.crs.vn2000 import DEPRECATED, datum_to_wgs84
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.types import Geometries

    Coordinates = NDArray[np.float64]

VN2000_DEGREES = 4756
WGS84 = 4326
PINNED = "urn:ogc:def:coordinateOperation:EPSG::6960"
# WGS 84 / UTM 48N and 49N (handheld GPS, satellite work) and Web Mercator (exports of web maps).
OTHERS = (32648, 32649, 3857)
CANDIDATES = (*ZONES, *OTHERS, WGS84, VN2000_DEGREES)
# Vietnam with its sea, generously: degrees west, south, east, north.
GROUND_BOX = (101.0, 5.5, 118.5, 24.0)
_ALLOWED = "9209, 9209:yx, 32648, 4326, 4326:yx"


def choice(key: str) -> CrsChoice:
    """The system of a key; ``InvalidInput`` for no key, an unknown code, and the deprecated 6956–6959."""
    code, _, order = key.strip().upper().removeprefix("EPSG:").partition(":")
    if not code.isascii() or not code.isdigit() or order not in ("", "YX", "XY"):
        raise InvalidInput("crs", key, f"một mã EPSG, ví dụ {_ALLOWED}", f"an EPSG code, e.g. {_ALLOWED}")
    epsg = int(code)
    if epsg in DEPRECATED:
        right = DEPRECATED[epsg]
        raise InvalidInput(
            "crs",
            key,
            f"EPSG:{right} (EPSG:{epsg} là bản sai, đã hủy bỏ: đảo số Đông và số Bắc)",
            f"EPSG:{right} (EPSG:{epsg} is faulty and deprecated: false easting and northing exchanged)",
        )
    return _choice(epsg, order == "YX")


@lru_cache(maxsize=256)
def _choice(epsg: int, swapped: bool) -> CrsChoice:
    key = f"{epsg}:yx" if swapped else str(epsg)
    if epsg in ZONES:
        return CrsChoice(key, epsg, swapped, ZONES[epsg].name, PINNED)
    if epsg == VN2000_DEGREES:
        return CrsChoice(key, epsg, swapped, "VN-2000 (lon, lat)", PINNED)
    try:
        crs = pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError:
        raise InvalidInput("crs", epsg, f"một mã EPSG có thật, ví dụ {_ALLOWED}", _ALLOWED) from None
    if epsg == WGS84:
        return CrsChoice(key, epsg, swapped, "WGS 84 (lon, lat)", "none")
    return CrsChoice(key, epsg, swapped, crs.name, _other(str(epsg)).description)


def of_wkt(wkt: str) -> CrsChoice:
    """A system without a code of its own, as the file words it."""
    crs = pyproj.CRS.from_user_input(wkt)
    return CrsChoice("file", None, False, crs.name, _other(wkt).description, wkt)


@lru_cache(maxsize=64)
def _other(definition: str) -> pyproj.Transformer:
    crs = pyproj.CRS.from_epsg(int(definition)) if definition.isdigit() else pyproj.CRS(definition)
    return pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)


def coordinates_to_wgs84(xy: Coordinates, system: CrsChoice) -> Coordinates:
    """Pairs of numbers as in the file, shape (n, 2), to WGS 84 lon, lat; NaN where there is no answer."""
    pairs = np.ascontiguousarray(xy[:, ::-1]) if system.swapped else xy
    if system.epsg == WGS84:
        return pairs
    if system.epsg == VN2000_DEGREES:
        return datum_to_wgs84(pairs)
    if system.epsg in ZONES:
        return to_wgs84(pairs, ZONES[system.epsg])
    first, second = _other(system.wkt or str(system.epsg)).transform(pairs[:, 0], pairs[:, 1])
    out = np.column_stack([first, second])
    out[~np.isfinite(out)] = np.nan
    return out


def geometries_to_wgs84(geometries: Geometries, system: CrsChoice) -> Geometries:
    """Geometries in the file's numbers to WGS 84, lon lat; a height is kept as it is, M is not."""
    out: Geometries = np.array(geometries, dtype=object)
    high = shapely.has_z(out)

    def flat(xy: Coordinates) -> Coordinates:
        return coordinates_to_wgs84(xy, system)

    def keeping_z(xyz: Coordinates) -> Coordinates:
        return np.column_stack([flat(xyz[:, :2]), xyz[:, 2]])

    if not high.all():
        out[~high] = shapely.transform(out[~high], flat)
    if high.any():
        out[high] = shapely.transform(out[high], keeping_z, include_z=True)
    return out


def in_ground_box(lonlat: Coordinates) -> NDArray[np.bool_]:
    """Which points lie in Vietnam and its sea, roughly."""
    west, south, east, north = GROUND_BOX
    lon, lat = lonlat[:, 0], lonlat[:, 1]
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
