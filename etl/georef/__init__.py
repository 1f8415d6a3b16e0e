"""Where a file's numbers lie: declared systems understood, all others tried against the tenant's wards.

Callers use the names below.
"""

from etl.georef.declared import understand
from etl.georef.detect import Found, detect
from etl.georef.ground import ground, load_ground
from etl.georef.systems import choice, geometries_to_wgs84, of_wkt

__all__ = [
    "Found",
    "choice",
    "detect",
    "geometries_to_wgs84",
    "ground",
    "load_ground",
    "of_wkt",
    "understand",
]
