"""What the browser application needs to know of this deployment before it draws anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request

from api.deps import BaseUrl, Chosen, Db, Layers
from geo.calendar import today_ict
from geo.database import Caller

if TYPE_CHECKING:
    from geo.settings import Settings
    from tiles.basemap import Basemap

router = APIRouter(prefix="/api", tags=["map"])

# Where the province has no wards yet: the whole country, with both archipelagos.
VIETNAM = (102.0, 6.5, 118.0, 23.5)
EXTENT = """
SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
  FROM (SELECT ST_Extent(geom) AS e FROM admin_units
         WHERE province_code = %s AND valid_from <= %s AND (valid_to IS NULL OR valid_to > %s)) AS units
"""


@router.get("/config")
async def config(
    request: Request, db: Db, catalogue: Layers, settings: Chosen, base_url: BaseUrl
) -> dict[str, Any]:
    """Province, extent in degrees, limits of a report, base map, and what must be said of the data."""
    async with db.read(Caller.anonymous()) as connection:
        today = today_ict()
        values = [settings.province_code, today, today]
        row = await (await connection.execute(EXTENT, values)).fetchone()
    west, south, east, north = row if row and row[0] is not None else VIETNAM
    note = catalogue.note("admin_units")
    name = {"vi": settings.province_name, "en": in_english(settings.province_name)}
    return {
        "province": {"code": settings.province_code, "name": name},
        "bbox": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2],
        "basemap": _basemap(settings, request.app.state.basemap, base_url),
        "limits": {"photo_bytes": settings.photo_bytes_max, "text_min": 10, "text_max": 1000},
        "approximate": note.model_dump() if note else None,
    }


def _basemap(settings: Settings, own: Basemap | None, base_url: str) -> dict[str, Any] | None:
    """The base map as a MapLibre source says it: the province's own file, else a service, else none."""
    if own is not None:
        said = own.described()
        attribution = settings.basemap_attribution or said["attribution"]
        kind = "vector" if own.vector else "raster"
        return said | {
            "tiles": [f"{base_url}/basemap/{{z}}/{{x}}/{{y}}"],
            "kind": kind,
            "attribution": attribution,
        }
    if settings.basemap_tiles:
        return {
            "tiles": [settings.basemap_tiles],
            "kind": "raster",
            "attribution": settings.basemap_attribution,
        }
    return None


def in_english(province: str) -> str:
    """The name of a province or city as English writes it: «Tỉnh Đồng Tháp», "Đồng Tháp province"."""
    for prefix, kind in (("Tỉnh ", "province"), ("Thành phố ", "city"), ("TP ", "city")):
        if province.startswith(prefix):
            return f"{province.removeprefix(prefix)} {kind}"
    return province
