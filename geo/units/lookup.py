"""Questions about units to the database. The units are public in whole: every caller reads ``pub``."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from geo.types import Bbox
from geo.units.types import Candidate, Unit

if TYPE_CHECKING:
    from datetime import date

    from psycopg import AsyncConnection

    from geo.types import LonLat

    Connection = AsyncConnection[tuple[Any, ...]]

NAMES_MAX = 50

_FIELDS = tuple(field.name for field in fields(Unit) if field.name != "bbox")
_COLUMNS = (
    ", ".join(f"u.{'id' if name == 'feature_id' else name}" for name in _FIELDS)
    + ", ST_XMin(u.geom), ST_YMin(u.geom), ST_XMax(u.geom), ST_YMax(u.geom)"
)
_WIDTH = len(_FIELDS) + 4
_IN_FORCE = "daterange(u.valid_from, u.valid_to) @> %(day)s::date"

_NEAR = f"""
SELECT {_COLUMNS}, near.distance_m, near.border_m, near.area_m2
  FROM pub.units_near(%(lon)s, %(lat)s, %(day)s, %(radius_m)s) AS near
  JOIN pub.admin_units AS u ON u.id = near.feature_id
"""  # noqa: S608 - constants only
_BY_CODE = f"""
SELECT {_COLUMNS} FROM pub.admin_units AS u
 WHERE u.code = %(code)s AND {_IN_FORCE} ORDER BY u.unit_id, u.id
"""  # noqa: S608 - constants only
_BY_NAME = f"""
SELECT {_COLUMNS} FROM pub.admin_units AS u
 WHERE {_IN_FORCE} AND u.search LIKE '%%' || ops.fold(%(pattern)s) || '%%'
 ORDER BY position(ops.fold(%(name)s) IN u.search), length(u.name), u.name, u.unit_id, u.id
 LIMIT %(limit)s
"""  # noqa: S608 - constants only
_EXTENT = f"""
SELECT min(ST_XMin(u.geom)), min(ST_YMin(u.geom)), max(ST_XMax(u.geom)), max(ST_YMax(u.geom))
  FROM pub.admin_units AS u WHERE {_IN_FORCE}
"""  # noqa: S608 - constants only


async def units_near(
    connection: Connection, position: LonLat, day: date, radius_m: float = 0.0
) -> list[Candidate]:
    """Units valid on ``day`` that cover the position or lie within ``radius_m``; in no order."""
    cursor = await connection.execute(
        _NEAR, {"lon": position.lon, "lat": position.lat, "day": day, "radius_m": radius_m}
    )
    return [Candidate(_unit(row), *row[_WIDTH:]) for row in await cursor.fetchall()]


async def units_by_code(connection: Connection, code: str, day: date) -> list[Unit]:
    """The units that bear a code on a day: none, one, or (where the source errs) several."""
    cursor = await connection.execute(_BY_CODE, {"code": code, "day": day})
    return [_unit(row) for row in await cursor.fetchall()]


async def units_by_name(connection: Connection, name: str, day: date, limit: int = 20) -> list[Unit]:
    """Units whose name or code holds the given words on a day, marks and case ignored; best match first."""
    pattern = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    cursor = await connection.execute(
        _BY_NAME, {"name": name, "pattern": pattern, "day": day, "limit": min(limit, NAMES_MAX)}
    )
    return [_unit(row) for row in await cursor.fetchall()]


async def extent(connection: Connection, day: date) -> Bbox | None:
    """The box of all units valid on a day, or None where there is none."""
    cursor = await connection.execute(_EXTENT, {"day": day})
    row = await cursor.fetchone()
    return None if row is None or row[0] is None else Bbox(*row)


def _unit(row: tuple[Any, ...]) -> Unit:
    bbox = Bbox(*row[_WIDTH - 4 : _WIDTH])
    return Unit(**dict(zip(_FIELDS, row, strict=False)), bbox=bbox)
