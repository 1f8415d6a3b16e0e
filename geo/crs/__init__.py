"""VN-2000 to WGS 84 and back, by the one operation that Vietnamese law prescribes.

Callers use the names below: zones, :func:`to_wgs84`, :func:`from_wgs84`, and :func:`srid_rows`, which a
migration writes into ``spatial_ref_sys``.
"""

from geo.crs.customary import customary
from geo.crs.srid import SridRow, srid_rows
from geo.crs.vn2000 import GEOGRAPHIC_SRID, ZONES, Zone, from_wgs84, to_wgs84, zone

__all__ = [
    "GEOGRAPHIC_SRID",
    "ZONES",
    "SridRow",
    "Zone",
    "customary",
    "from_wgs84",
    "srid_rows",
    "to_wgs84",
    "zone",
]
