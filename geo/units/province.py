"""A province on a day: its wards, dissolved. Never an outline of its own, which would not fit them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    Connection = AsyncConnection[tuple[Any, ...]]

# Metres to degrees of latitude; of longitude it is a little less, so detail is never lost for it.
METRES_A_DEGREE = 110_500.0
_PROVINCE = """
SELECT province_code, province_name, valid_from, valid_to, area_km2, stored,
       ST_AsGeoJSON(CASE WHEN %(detail)s::float8 > 0 THEN ST_Multi(ST_Simplify(geom, %(detail)s, true))
                         ELSE geom END, 6, 0)
  FROM pub.province(%(code)s, %(day)s)
"""


@dataclass(frozen=True, slots=True)
class Province:
    """``geometry``: GeoJSON, WGS 84. ``stored``: made at activation, not at the question."""

    code: str
    name: str | None
    valid_from: date
    valid_to: date | None
    area_km2: float
    stored: bool
    geometry: str


async def province(connection: Connection, code: str, day: date, detail_m: float = 0.0) -> Province | None:
    """The province of a two-digit code on a day, simplified by ``detail_m``; None where no ward names it."""
    values = {"code": code, "day": day, "detail": detail_m / METRES_A_DEGREE}
    row = await (await connection.execute(_PROVINCE, values)).fetchone()
    return Province(*row) if row else None
