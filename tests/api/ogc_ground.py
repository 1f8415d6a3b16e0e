"""Rows for the tests of /ogc: few, and chosen so that every answer can be told by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

# Around Cao Lãnh.
WEST, SOUTH = 105.6, 10.4
ADMIN = """INSERT INTO core.admin_units
  (geom, unit, unit_id, code, name, kind, level, province_code, area_km2, valid_from, valid_to)
  VALUES (ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 4326)), %s, %s, %s, %s, %s, 3, '82', %s, %s, %s)"""
CAMERA = """INSERT INTO core.cameras (geom, visibility, unit, name, kind, status, stream_url, heading_deg)
  VALUES (ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, '29869', %s, %s, %s, %s, %s)"""
REPORT = """INSERT INTO core.reports
  (geom, visibility, unit, code, category, status, channel, received_at, h3_9, text)
  VALUES (ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, '29869', %s, %s, %s, %s, %s, '8965a274e0bffff', %s)"""


def first_code(admin: psycopg.Connection, layer: str, field: str) -> str:
    """A code that the layer's list has."""
    row = admin.execute("SELECT description FROM ops.layer WHERE name = %s", [layer]).fetchone()
    assert row is not None
    description = row[0] if isinstance(row[0], dict) else json.loads(row[0])
    codes = next(entry["codes"] for entry in description["fields"] if entry["name"] == field)
    return str(description["codes"][codes][0]["code"])


def put_rows(admin: psycopg.Connection) -> None:
    """Two wards (one of them ended), 25 public and 2 hidden cameras, 25 public and 5 hidden reports."""
    kind = first_code(admin, "admin_units", "kind")
    box = (WEST, SOUTH, WEST + 0.1, SOUTH + 0.1)
    admin.execute(
        ADMIN, (*box, "29869", "u-new", "29869", "Phường Cao Lãnh <mới>", kind, 12.5, "2025-07-01", None)
    )
    admin.execute(
        ADMIN, (*box, "29869", "u-old", "29870", "Phường 1", kind, 3.25, "2004-01-01", "2025-07-01")
    )
    camera = first_code(admin, "cameras", "kind"), first_code(admin, "cameras", "status")
    for i in range(25):
        place = (WEST + i * 0.001, SOUTH + i * 0.001)
        admin.execute(CAMERA, (*place, 0, f"Camera {i:02d}", *camera, f"rtsp://secret/{i}", float(i)))
    for i in range(2):
        admin.execute(CAMERA, (WEST, SOUTH, 1 + i, f"Camera kín {i}", *camera, "rtsp://secret", 1.0))
    report = [first_code(admin, "reports", field) for field in ("category", "status", "channel")]
    for i in range(30):
        place = (WEST + 0.0123456789, SOUTH + i * 0.01)
        admin.execute(
            REPORT,
            (
                *place,
                1 if i < 5 else 0,
                f"PA-{i:03d}",
                *report,
                f"2026-01-{i + 1:02d}T08:00:00+07:00",
                "bí mật",
            ),
        )
