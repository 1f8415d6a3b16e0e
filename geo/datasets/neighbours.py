"""Where a staged file overlaps features of its layer that it does not replace: told, never refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors as pg
from psycopg.sql import SQL

from geo.datasets.difference import CHANGED, VERSION
from geo.datasets.names import OWNER, core, in_units, matched, staged

if TYPE_CHECKING:
    from geo.datasets.names import Db
    from geo.datasets.types import Plan

# So many overlaps tell enough of a file that lies on others; so long the comparison may take.
MOST = 20_000
TIMEOUT = "SET LOCAL statement_timeout = '120s'"
# About a tenth of a square metre: less is the rounding of corners that two features share.
LEAST_DEG2 = 8e-12


def overlaps(connection: Db, number: int, plan: Plan) -> list[tuple[int, bytes]] | None:
    """Rows of the file that would be written, with the WKB of what each shares with a feature that stays.

    Call it after ``match``. At most ``MOST``; None where the comparison took too long.
    """
    ends = in_units(plan) if plan.mode == "replace" else SQL("false").format()
    in_force = SQL("c.valid_to IS NULL" if plan.layer.valid_time else "true").format()
    query = SQL(
        "SELECT s.row_no, ST_AsBinary(common) FROM {staged} AS s LEFT JOIN {match} AS m USING (row_no) "
        "JOIN {core} AS c ON s.geom && c.geom AND {in_force} AND NOT ({ends}), "
        "LATERAL (SELECT ST_Intersection(s.geom, c.geom) AS common) AS shared "
        "WHERE (m.action IS NULL OR m.action IN ({changed}, {version})) "
        "AND NOT EXISTS (SELECT FROM {match} AS other WHERE other.target = c.id) "
        "AND ST_Area(common) > {least} LIMIT {most}"
    ).format(
        staged=staged(number),
        match=matched(number),
        core=core(plan.layer.name),
        in_force=in_force,
        ends=ends,
        changed=CHANGED,
        version=VERSION,
        least=LEAST_DEG2,
        most=MOST,
    )
    try:
        with connection.transaction():
            connection.execute(OWNER)
            connection.execute(TIMEOUT)
            return [(int(row), bytes(wkb)) for row, wkb in connection.execute(query).fetchall()]
    except pg.QueryCanceled:
        return None
