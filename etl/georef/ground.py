"""The tenant's wards out of the database, as the ground against which systems and names are weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from etl.types import Ground
from etl.units import COMMUNE_LEVEL

if TYPE_CHECKING:
    from psycopg import Connection

# About 11 m: a missing shift of datum is 225 m, wrong zones are 350 m and more.
TOLERANCE_DEG = 0.0001


def load_ground(connection: Connection[tuple[Any, ...]]) -> Ground | None:
    """Wards in force today, simplified by about 11 m; None while the database holds none."""
    rows = connection.execute(
        "SELECT name, province_code, ST_AsBinary(ST_Simplify(geom, %s, true)) FROM core.admin_units"
        " WHERE level = %s AND daterange(valid_from, valid_to)"
        " @> (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date",
        [TOLERANCE_DEG, COMMUNE_LEVEL],
    ).fetchall()
    if not rows:
        return None
    names, provinces, polygons = zip(*rows, strict=True)
    return ground(list(names), [bytes(wkb) for wkb in polygons], tuple(sorted(set(provinces))))


def ground(names: list[str], polygons: list[bytes], provinces: tuple[str, ...] = ()) -> Ground:
    """From names and WKB polygons in WGS 84; invalid ones are mended, for they only serve to compare."""
    wards = shapely.from_wkb(np.array(polygons, dtype=object))
    broken = ~shapely.is_valid(wards)
    wards[broken] = shapely.make_valid(wards[broken], method="structure", keep_collapsed=False)
    return Ground(wards, tuple(names), provinces)
