"""Which unit came of which in the reform of 2025-07-01, for the demonstration's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from etl.demo.wards import OLD_FROM
from etl.units import REFORM, unit_id
from geo.datasets.names import OWNER

if TYPE_CHECKING:
    from datetime import date
    from typing import Any

    import psycopg

    from etl.demo.source import Source

# Resolution on the provinces, decision on the codes of all units.
LEGAL_REF = "NQ 202/2025/QH15; QĐ 19/2025/QĐ-TTg"
INSERT = """
INSERT INTO core.admin_succession (from_unit, to_unit, effective, kind, share_area, legal_ref, source)
SELECT %(from_unit)s, %(to_unit)s, %(effective)s, %(kind)s,
       least(1, ST_Area(ST_Intersection(old.geom, new.geom)::geography) / ST_Area(old.geom::geography)),
       %(legal_ref)s, 'vietnamadminunits 1.0.4'
  FROM core.admin_units AS old, core.admin_units AS new
 WHERE old.unit_id = %(from_unit)s AND new.unit_id = %(to_unit)s
ON CONFLICT DO NOTHING
"""


class Step(NamedTuple):
    """One edge: an old unit, whole or in part, into a new one."""

    from_unit: str
    to_unit: str
    effective: date
    kind: str
    legal_ref: str


def steps(source: Source) -> list[Step]:
    """Every edge of the province, in the order of the old units."""
    return [
        Step(
            unit_id(ward.province_code, ward.code, OLD_FROM),
            unit_id(source.province_code, code, REFORM),
            REFORM,
            "whole" if len(ward.successors) == 1 else "part",
            LEGAL_REF,
        )
        for ward in source.old
        for code in ward.successors
    ]


def load(connection: psycopg.Connection[Any], source: Source) -> int:
    """Write the edges between units that are there, with the shares of ground; how many there are then."""
    with connection.transaction():
        connection.execute(OWNER)
        connection.cursor().executemany(INSERT, [step._asdict() for step in steps(source)])
        row = connection.execute("SELECT count(*) FROM core.admin_succession").fetchone()
    return row[0] if row else 0
