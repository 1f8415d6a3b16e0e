"""What the browser application needs to know of this deployment before it draws anything."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.deps import Chosen, Db, Layers
from geo.calendar import today_ict
from geo.database import Caller

router = APIRouter(prefix="/api", tags=["map"])

# Where the province has no wards yet: the whole country, with both archipelagos.
VIETNAM = (102.0, 6.5, 118.0, 23.5)
EXTENT = """
SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
  FROM (SELECT ST_Extent(geom) AS e FROM admin_units
         WHERE province_code = %s AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)) AS units
"""


@router.get("/config")
async def config(db: Db, catalogue: Layers, settings: Chosen) -> dict[str, Any]:
    """Province, extent in degrees, limits of a report, base map, and what must be said of the data."""
    async with db.read(Caller.anonymous()) as connection:
        today = today_ict()
        values = [settings.province_code, today, today]
        row = await (await connection.execute(EXTENT, values)).fetchone()
    west, south, east, north = row if row and row[0] is not None else VIETNAM
    note = catalogue.note("admin_units")
    name = {"vi": settings.province_name, "en": in_english(settings.province_name)}
    basemap = {
        "tiles": [settings.basemap_tiles],
        "attribution": settings.basemap_attribution,
        "kind": "raster",
    }
    return {
        "province": {"code": settings.province_code, "name": name},
        "bbox": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2],
        "basemap": basemap if settings.basemap_tiles else None,
        "limits": {"photo_bytes": settings.photo_bytes_max, "text_min": 10, "text_max": 1000},
        "approximate": note.model_dump() if note else None,
    }


def in_english(province: str) -> str:
    """The name of a province or city as English writes it: «Tỉnh Đồng Tháp», "Đồng Tháp province"."""
    for prefix, kind in (("Tỉnh ", "province"), ("Thành phố ", "city"), ("TP ", "city")):
        if province.startswith(prefix):
            return f"{province.removeprefix(prefix)} {kind}"
    return province
