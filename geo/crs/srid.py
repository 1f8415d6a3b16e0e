"""The rows of ``spatial_ref_sys`` by which PostGIS transforms VN-2000 as :mod:`geo.crs.vn2000` does."""

from __future__ import annotations

from typing import NamedTuple

from geo.crs.vn2000 import GEOGRAPHIC_SRID, TOWGS84, ZONES, Zone

# Not "EPSG": PostGIS asks PROJ for authority:code first, and PROJ's answer for EPSG codes is the 0.8 m tear.
AUTHORITY = "DIABAN"

_PARAMETERS = ",".join(map(str, TOWGS84))
_DATUM_PROJ4 = f"+ellps=WGS84 +towgs84={_PARAMETERS} +no_defs"
_DATUM_WKT = (
    'GEOGCS["VN-2000",DATUM["Vietnam_2000",SPHEROID["WGS 84",6378137,298.257223563],'
    f'TOWGS84[{_PARAMETERS}]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
)


class SridRow(NamedTuple):
    """One row of ``spatial_ref_sys``, in the order of its columns."""

    srid: int
    auth_name: str
    auth_srid: int
    srtext: str
    proj4text: str


def srid_rows() -> list[SridRow]:
    """Rows for the 18 TM-3 zones, both 6° zones and geographic VN-2000 (lon, lat).

    SRID = 900000 + EPSG code, below PostGIS' limit of 998999. Both texts carry EPSG:6960: PostGIS reads
    ``srtext`` first and ``proj4text`` where that fails.
    """
    geographic = SridRow(
        GEOGRAPHIC_SRID, AUTHORITY, GEOGRAPHIC_SRID, _DATUM_WKT, f"+proj=longlat {_DATUM_PROJ4}"
    )
    return [geographic, *(_projected(zone) for zone in ZONES.values())]


def _projected(zone: Zone) -> SridRow:
    proj4 = (
        f"+proj=tmerc +lat_0=0 +lon_0={zone.central_meridian_deg!r} +k={zone.scale!r} "
        f"+x_0={zone.false_easting_m:.0f} +y_0={zone.false_northing_m:.0f} +units=m {_DATUM_PROJ4}"
    )
    # WKT 1 of GDAL's kind is the one that PostGIS 3.3 stores and that keeps TOWGS84.
    wkt = (
        f'PROJCS["{zone.name}",{_DATUM_WKT},PROJECTION["Transverse_Mercator"],'
        f'PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",{zone.central_meridian_deg!r}],'
        f'PARAMETER["scale_factor",{zone.scale!r}],PARAMETER["false_easting",{zone.false_easting_m:.0f}],'
        f'PARAMETER["false_northing",{zone.false_northing_m:.0f}],UNIT["metre",1],'
        'AXIS["Easting",EAST],AXIS["Northing",NORTH]]'
    )
    return SridRow(zone.srid, AUTHORITY, zone.srid, wkt, proj4)
