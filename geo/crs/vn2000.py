"""The zones of VN-2000 and their transformation to WGS 84, pinned to EPSG:6960.

Rule: Quyết định 05/2007/QĐ-BTNMT (seven parameters), Thông tư 973/2001/TT-TCĐC and Thông tư
26/2024/TT-BTNMT, appendix 1 (central meridians). EPSG:6960 carries exactly those parameters.

Why not ``Transformer.from_crs``: PROJ, and with it pyproj, GDAL and PostGIS, takes EPSG:5194 inside
104.24–107.11° E, 9.35–11.04° N and EPSG:6960 elsewhere. The two differ by 0.8 m, so a layer crossing 11.04° N
is torn. Pipelines below are complete and read nothing from PROJ's database.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.enums import TransformDirection

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray
    from shapely.geometry.base import BaseGeometry

# EPSG:6960 as PROJ's +towgs84 writes it. EPSG's method is "coordinate frame", +towgs84 is "position
# vector": hence the rotations carry the opposite sign of the decision's text. Unflipped: 0.55–0.75 m wrong.
TOWGS84 = (-191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278)

# Own SRIDs: PostGIS 3.3 lacks 9205–9218, and rows of authority EPSG are transformed by PROJ's choice.
SRID_BASE = 900_000
GEOGRAPHIC_SRID = SRID_BASE + 4756

# First, faulty versions of zones 5896–5899 (false easting and northing exchanged), deprecated by EPSG.
DEPRECATED = {6956: 5896, 6957: 5897, 6958: 5898, 6959: 5899}


@dataclass(frozen=True, slots=True)
class Zone:
    """One projected system of VN-2000; coordinates are easting, northing in metres (EPSG's order).

    Vietnamese papers call the northing X and the easting Y.
    """

    epsg: int
    central_meridian_deg: float
    scale: float
    name: str
    false_easting_m: float = 500_000.0
    false_northing_m: float = 0.0

    @property
    def srid(self) -> int:
        """The SRID under which PostGIS knows the zone with the pinned operation."""
        return SRID_BASE + self.epsg


def _tm3(epsg: int, degrees: int, minutes: int, label: str | None = None) -> Zone:
    name = label or f"{degrees}-{minutes:02d}"
    return Zone(epsg, degrees + minutes / 60, 0.9999, f"VN-2000 / TM-3 {name}")


TM3 = (
    _tm3(5896, 102, 0, "zone 481"),
    _tm3(9205, 103, 0),
    _tm3(9206, 104, 0),
    _tm3(9207, 104, 30),
    _tm3(9208, 104, 45),
    _tm3(5897, 105, 0, "zone 482"),
    _tm3(9209, 105, 30),
    _tm3(9210, 105, 45),
    _tm3(9211, 106, 0),
    _tm3(9212, 106, 15),
    _tm3(9213, 106, 30),
    _tm3(9214, 107, 0),
    _tm3(9215, 107, 15),
    _tm3(9216, 107, 30),
    _tm3(5899, 107, 45),
    _tm3(5898, 108, 0, "zone 491"),
    _tm3(9217, 108, 15),
    _tm3(9218, 108, 30),
)
UTM = (
    Zone(3405, 105.0, 0.9996, "VN-2000 / UTM zone 48N"),
    Zone(3406, 111.0, 0.9996, "VN-2000 / UTM zone 49N"),
)
ZONES: dict[int, Zone] = {zone.epsg: zone for zone in (*TM3, *UTM)}


def zone(epsg: int) -> Zone:
    """The zone of an EPSG code; ``ValueError`` for another code, naming the right one where it is known."""
    found = ZONES.get(epsg)
    if found is not None:
        return found
    if epsg in DEPRECATED:
        raise ValueError(
            f"EPSG:{epsg} is a faulty, deprecated version (easting and northing exchanged):"
            f" use EPSG:{DEPRECATED[epsg]}"
        )
    raise ValueError(f"EPSG:{epsg} is not a projected system of VN-2000; those are {sorted(ZONES)}")


def to_wgs84[T: (BaseGeometry, NDArray[np.float64])](coordinates: T, source: Zone) -> T:
    """VN-2000 easting, northing (m) of ``source`` to WGS 84 lon, lat (degrees, EPSG:4326 in that order).

    Takes an array of shape (n, 2) or a shapely geometry and gives back the same; a Z is kept as it is.
    Points without a finite answer come back as NaN.
    """
    return _apply(coordinates, _transformer(source), TransformDirection.FORWARD)


def from_wgs84[T: (BaseGeometry, NDArray[np.float64])](coordinates: T, target: Zone) -> T:
    """WGS 84 lon, lat (degrees) to VN-2000 easting, northing (m) of ``target``."""
    return _apply(coordinates, _transformer(target), TransformDirection.INVERSE)


def datum_to_wgs84(coordinates: ArrayLike) -> NDArray[np.float64]:
    """VN-2000 lon, lat (degrees; EPSG:4756 with the axes exchanged), shape (n, 2), to WGS 84 lon, lat."""
    return _transform(np.asarray(coordinates, dtype=np.float64), _geographic(), TransformDirection.FORWARD)


def datum_from_wgs84(coordinates: ArrayLike) -> NDArray[np.float64]:
    """WGS 84 lon, lat (degrees), shape (n, 2), to VN-2000 lon, lat."""
    return _transform(np.asarray(coordinates, dtype=np.float64), _geographic(), TransformDirection.INVERSE)


def _apply[T: (BaseGeometry, NDArray[np.float64])](
    coordinates: T, transformer: Transformer, direction: TransformDirection
) -> T:
    def two_dimensional(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return _transform(xy, transformer, direction)

    if isinstance(coordinates, shapely.Geometry):
        if not coordinates.has_z:
            return shapely.transform(coordinates, two_dimensional)
        return shapely.transform(coordinates, _keeping_z(two_dimensional), include_z=True)
    return two_dimensional(np.asarray(coordinates, dtype=np.float64))


def _keeping_z(
    two_dimensional: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    # Heights are above Hòn Dấu's sea level, the Helmert step would read them as ellipsoidal ones.
    def inner(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([two_dimensional(xyz[:, :2]), xyz[:, 2]])

    return inner


def _transform(
    xy: NDArray[np.float64], transformer: Transformer, direction: TransformDirection
) -> NDArray[np.float64]:
    if xy.ndim != 2 or xy.shape[1] != 2:
        raise ValueError(f"coordinates have the shape {xy.shape}; (n, 2) is wanted")
    first, second = transformer.transform(xy[:, 0], xy[:, 1], direction=direction)
    out = np.column_stack([first, second])
    out[~np.isfinite(out)] = np.nan
    return out


_TO_RADIANS = "+step +proj=unitconvert +xy_in=deg +xy_out=rad "
_SHIFT = (
    "+step +proj=push +v_3 +step +proj=cart +ellps=WGS84 "
    "+step +proj=helmert +x={} +y={} +z={} +rx={} +ry={} +rz={} +s={} +convention=position_vector "
    "+step +inv +proj=cart +ellps=WGS84 +step +proj=pop +v_3 "
    "+step +proj=unitconvert +xy_in=rad +xy_out=deg"
).format(*TOWGS84)


@lru_cache(maxsize=len(ZONES))
def _transformer(zone: Zone) -> Transformer:
    projection = (
        f"+step +inv +proj=tmerc +lat_0=0 +lon_0={zone.central_meridian_deg!r} +k={zone.scale!r} "
        f"+x_0={zone.false_easting_m!r} +y_0={zone.false_northing_m!r} +ellps=WGS84 "
    )
    return Transformer.from_pipeline("+proj=pipeline " + projection + _SHIFT)


@lru_cache(maxsize=1)
def _geographic() -> Transformer:
    return Transformer.from_pipeline("+proj=pipeline " + _TO_RADIANS + _SHIFT)
