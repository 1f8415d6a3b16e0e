"""PostGIS transforms VN-2000 as Python does, under the product's own SRIDs and under them only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from geo.crs import GEOGRAPHIC_SRID, ZONES, from_wgs84, to_wgs84, zone
from geo.crs.vn2000 import datum_from_wgs84

if TYPE_CHECKING:
    import psycopg

MILLIMETRE_DEG = 1e-8
TRANSFORM = """
SELECT ST_X(g), ST_Y(g) FROM (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), %s::int), %s::int)) t(g)
"""


def transform(connection: psycopg.Connection, x: float, y: float, source: int, target: int) -> list[float]:
    row = connection.execute(TRANSFORM, (x, y, source, target)).fetchone()
    assert row is not None
    return list(row)


@pytest.mark.parametrize(
    ("east", "north", "lon", "lat"),
    [(600997, 1189964, 106.6752424711, 10.7590931419), (603882, 1191160, 106.70165256, 10.76982544)],
)
def test_golden_points(admin: psycopg.Connection, east: float, north: float, lon: float, lat: float) -> None:
    found = transform(admin, east, north, zone(9210).srid, 4326)
    assert found == pytest.approx([lon, lat], abs=MILLIMETRE_DEG)


@pytest.mark.parametrize("epsg", sorted(ZONES))
def test_all_zones_to_a_millimetre_in_both_directions(admin: psycopg.Connection, epsg: int) -> None:
    target = zone(epsg)
    for lon, lat in [(105.63, 10.46), (106.7, 11.03), (106.7, 11.05), (103.0, 22.4), (109.1, 12.2)]:
        plane = from_wgs84(np.array([[lon, lat]]), target)[0]
        assert transform(admin, lon, lat, 4326, target.srid) == pytest.approx(list(plane), abs=1e-3)
        back = to_wgs84(plane.reshape(1, 2), target)[0]
        assert transform(admin, *plane, target.srid, 4326) == pytest.approx(list(back), abs=MILLIMETRE_DEG)


def test_geographic(admin: psycopg.Connection) -> None:
    ours = datum_from_wgs84([[105.63, 10.46]])[0]
    assert transform(admin, 105.63, 10.46, 4326, GEOGRAPHIC_SRID) == pytest.approx(
        list(ours), abs=MILLIMETRE_DEG
    )


def test_the_database_s_own_choice_is_the_one_we_must_not_use(admin: psycopg.Connection) -> None:
    """If this fails, PROJ has changed its choice: look again at why the rows exist."""
    row = admin.execute(
        "SELECT ST_Distance(ST_Transform(p, 4326)::geography,"
        "                   ST_Transform(ST_SetSRID(p, %s), 4326)::geography)"
        " FROM (SELECT ST_SetSRID(ST_MakePoint(569000, 1157000), 5897)) t(p)",
        (zone(5897).srid,),
    ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx(0.8, abs=0.05)
