"""Questions about units to the database. The units are public in whole: every caller reads ``pub``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.types import Bbox
from geo.units.rows import COLUMNS, IN_FORCE, NAMES, WIDTH, unit_of
from geo.units.types import Candidate

if TYPE_CHECKING:
    from datetime import date, datetime

    from psycopg import AsyncConnection

    from geo.types import LonLat
    from geo.units.types import Unit

    Connection = AsyncConnection[tuple[Any, ...]]

_NEAR = f"""
SELECT {COLUMNS}, near.distance_m, near.border_m, near.area_m2
  FROM pub.units_near(%(lon)s, %(lat)s, %(day)s, %(radius_m)s) AS near
  JOIN pub.admin_units AS u ON u.id = near.feature_id
"""  # noqa: S608 - constants only
_KNOWN = f"""
SELECT {", ".join("u." + name for name in NAMES)}, ST_XMin(near.geom), ST_YMin(near.geom), ST_XMax(near.geom),
       ST_YMax(near.geom), near.distance_m, near.border_m, near.area_m2
  FROM pub.units_known(%(lon)s, %(lat)s, %(day)s, %(known_at)s, %(radius_m)s) AS near
  JOIN pub.admin_record AS u USING (record_id)
"""  # noqa: S608 - constants only
_BY_CODE = f"""
SELECT {COLUMNS} FROM pub.admin_units AS u
 WHERE u.code = %(code)s AND {IN_FORCE} ORDER BY u.unit_id, u.id
"""  # noqa: S608 - constants only
_EXTENT = f"""
SELECT min(ST_XMin(u.geom)), min(ST_YMin(u.geom)), max(ST_XMax(u.geom)), max(ST_YMax(u.geom))
  FROM pub.admin_units AS u WHERE {IN_FORCE}
"""  # noqa: S608 - constants only


async def units_near(
    connection: Connection,
    position: LonLat,
    day: date,
    radius_m: float = 0.0,
    known_at: datetime | None = None,
) -> list[Candidate]:
    """Units valid on ``day`` that cover the position or lie within ``radius_m``; in no order.

    With ``known_at``: by what was recorded at that instant, whatever was corrected since.
    """
    values = {"lon": position.lon, "lat": position.lat, "day": day, "radius_m": radius_m}
    question = _NEAR if known_at is None else _KNOWN
    cursor = await connection.execute(question, {**values, "known_at": known_at})
    return [Candidate(unit_of(row), *row[WIDTH:]) for row in await cursor.fetchall()]


async def units_by_code(connection: Connection, code: str, day: date) -> list[Unit]:
    """The units that bear a code on a day: none or one at each level."""
    cursor = await connection.execute(_BY_CODE, {"code": code, "day": day})
    return [unit_of(row) for row in await cursor.fetchall()]


async def extent(connection: Connection, day: date) -> Bbox | None:
    """The box of all units valid on a day, or None where there is none."""
    cursor = await connection.execute(_EXTENT, {"day": day})
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else Bbox(*row)
