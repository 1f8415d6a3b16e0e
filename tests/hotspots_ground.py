"""Reports for the tests of hotspots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.hotspots import cell_of

if TYPE_CHECKING:
    import psycopg

INSERT = """
INSERT INTO core.reports
       (geom, visibility, unit, code, category, status, channel, received_at, incident_code, h3_9, ward_code)
VALUES (ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, %s, %s, %s, 'closed', %s, %s, %s, %s, %s)
"""
SQL = "'; DROP TABLE core.reports; --"
HERE, THERE, NEAR = (105.61, 10.51), (105.70, 10.60), (105.6115, 10.5115)
JANUARY = {"from": "2026-01-01", "to": "2026-02-01"}
# place, visibility, code, category, received at, incident, channel, ward
ROWS: list[tuple[Any, ...]] = [
    (HERE, 0, "DT-0000-0001", "GT", "2026-01-10T08:00:00+07:00", "DT-0000-0001", "web", "30001"),
    (HERE, 0, "DT-0000-0002", "GT", "2026-01-10T09:00:00+07:00", "DT-0000-0001", "zalo", "30001"),
    (NEAR, 0, "DT-0000-0003", "GT", "2026-01-11T09:00:00+07:00", "DT-0000-0001", "web", "30001"),
    (HERE, 0, "DT-0000-0004", "MT", "2026-01-31T23:59:59+07:00", None, "web", "30001"),
    (HERE, 0, "DT-0000-0005", "MT", "2026-02-01T00:00:00+07:00", "DT-0000-0005", "web", "30001"),
    (THERE, 0, "DT-0000-0006", "CS", "2026-01-15T08:00:00+07:00", "DT-0000-0006", "web", "30002"),
    (THERE, 0, "DT-0000-0007", "ANTT", "2026-01-16T08:00:00+07:00", "DT-0000-0007", "web", "30002"),
    (THERE, 2, "DT-0000-0008", "ANTT", "2026-01-16T09:00:00+07:00", "DT-0000-0008", "web", "30002"),
]  # fmt: skip


def insert(admin: psycopg.Connection[Any], rows: list[tuple[Any, ...]]) -> None:
    """Put rows as they stand in :data:`ROWS`."""
    admin.cursor().executemany(
        INSERT,
        [
            (*place, vis, ward, code, category, channel, at, incident, cell_of(*place), ward)
            for place, vis, code, category, at, incident, channel, ward in rows
        ],
    )
