"""Staged vintages in the database: what is there to compare with, and the rows that wait. SQL only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
import shapely
from psycopg.types.json import Jsonb

from geo.geometry.area import area_m2
from geo.vintages.pieces import pieces
from geo.vintages.types import COMMUNE_LEVEL, Coverage, Known, UnitRow, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from psycopg import Connection

    from geo.vintages.plan import Plan
    from geo.vintages.types import Request

    Db = Connection[tuple[Any, ...]]

_UNITS: LiteralString = """
SELECT id, unit_id, valid_from, valid_to, code, name, kind, province_code, province_name, district_name,
population, ST_AsBinary(geom)
  FROM core.admin_units WHERE level = %(level)s AND visibility = 0
"""
BEFORE: LiteralString = (
    _UNITS + "AND valid_from < %(day)s AND (valid_to IS NULL OR valid_to >= %(day)s) ORDER BY code, id"
)
SAME_DAY: LiteralString = _UNITS + "AND valid_from = %(day)s ORDER BY code, id"
LATER: LiteralString = """
SELECT code, name FROM core.admin_units
 WHERE level = %(level)s AND daterange(valid_from, valid_to) && daterange(%(day)s, %(end)s)
   AND valid_from >= %(first)s ORDER BY code
"""
NEW_VINTAGE: LiteralString = """
INSERT INTO core.admin_vintage (valid_from, valid_to, legal_ref, source, options, report, possible,
                                fingerprint, staged_by)
VALUES (%s, %s, %s, %s, %s, %s, %s, core.units_fingerprint(%s), %s) RETURNING vintage_id
"""
UNIT_COLUMNS: LiteralString = (
    "vintage_id, unit_id, action, feature_id, code, name, kind, level, province_code, province_name,"
    " district_name, area_km2, population, aliases, geom"
)


def become_owner(connection: Db) -> None:
    """For the rest of the transaction: the owner of the tables."""
    connection.execute("SET LOCAL ROLE diaban_owner")


def units_before(connection: Db, day: date) -> Known:
    """Units in force on the day before ``day``."""
    return _known(connection.execute(BEFORE, {"day": day, "level": COMMUNE_LEVEL}).fetchall())


def units_of_day(connection: Db, day: date) -> Known:
    """Versions that began on ``day``."""
    return _known(connection.execute(SAME_DAY, {"day": day, "level": COMMUNE_LEVEL}).fetchall())


def later_units(connection: Db, first: date, day: date, end: date | None) -> list[tuple[str, str]]:
    """Code and name of versions that begin on ``first`` or later and are in force within [day, end)."""
    values = {"first": first, "day": day, "end": end, "level": COMMUNE_LEVEL}
    return [(code, name) for code, name in connection.execute(LATER, values).fetchall()]


def identities(connection: Db) -> frozenset[str]:
    """Every identity ever given."""
    return frozenset(
        row[0] for row in connection.execute("SELECT unit_id FROM core.admin_identity").fetchall()
    )


def new_vintage(
    connection: Db,
    request: Request,
    source: str,
    options: Mapping[str, Any],
    *,
    report: Mapping[str, Any],
    actor: str,
) -> int:
    """The vintage's own row; its number."""
    row = connection.execute(
        NEW_VINTAGE,
        [request.valid_from, request.valid_to, request.legal_ref, source, Jsonb(options), Jsonb(report),
         report["possible"], request.valid_from, actor],
    ).fetchone()  # fmt: skip
    assert row is not None  # noqa: S101 - INSERT … RETURNING of one row
    return int(row[0])


def write_units(connection: Db, vintage_id: int, plan: Plan, staged: Coverage) -> None:
    """Staged rows; units that go on unchanged need none."""
    areas_m2 = area_m2(staged.shapes).tolist()
    with connection.cursor().copy(f"COPY core.staged_unit ({UNIT_COLUMNS}) FROM STDIN") as copy:
        for step in plan.steps:
            if step.action == "same":
                continue
            row, shape, area = staged.rows[step.row], staged.shapes[step.row], areas_m2[step.row]
            copy.write_row(
                (vintage_id, step.unit_id, step.action, step.feature_id if step.action == "replace" else None,
                 row.code, row.name, row.kind, COMMUNE_LEVEL, row.province_code, row.province_name,
                 row.district_name, round(area / 1e6, 4), row.population, list(row.aliases), _ewkb(shape))
            )  # fmt: skip


def write_pieces(
    connection: Db, vintage_id: int, plan: Plan, staged: Coverage, done: Callable[[float], None]
) -> None:
    """The units that will be inserted, cut for lookup, and their areas as the database takes them."""
    connection.execute(
        "UPDATE core.staged_unit SET area_m2 = ST_Area(geom::geography) WHERE vintage_id = %s", [vintage_id]
    )
    steps = [step for step in plan.steps if step.action in ("new", "version")]
    at, found = pieces(staged.shapes[[step.row for step in steps]], done)
    with connection.cursor().copy("COPY core.staged_part (vintage_id, unit_id, geom) FROM STDIN") as copy:
        for unit, piece in zip(at.tolist(), found, strict=True):
            copy.write_row((vintage_id, steps[unit].unit_id, _ewkb(piece)))


def write_ends(connection: Db, vintage_id: int, ends: Iterable[tuple[int, str]]) -> None:
    """Versions that end: (feature_id, close or remove)."""
    with connection.cursor().copy("COPY core.staged_end (vintage_id, feature_id, action) FROM STDIN") as copy:
        for feature_id, action in ends:
            copy.write_row((vintage_id, feature_id, action))


def write_successions(connection: Db, vintage_id: int, plan: Plan) -> None:
    """Lines of succession between identities."""
    columns = "vintage_id, from_unit, to_unit, kind, share_area, share_pop"
    with connection.cursor().copy(f"COPY core.staged_succession ({columns}) FROM STDIN") as copy:
        for each in plan.passings:
            copy.write_row(
                (vintage_id, each.from_unit, each.to_unit, each.kind, each.share_area, each.share_pop)
            )


def write_provinces(
    connection: Db,
    vintage_id: int,
    provinces: Mapping[str, shapely.MultiPolygon],
    names: Mapping[str, str | None],
    gone: Iterable[str],
) -> None:
    """Dissolved provinces by code, and the codes of those that end."""
    columns = "vintage_id, province_code, province_name, area_km2, geom"
    areas_km2 = (area_m2(np.array(list(provinces.values()), dtype=object)) / 1e6).tolist()
    with connection.cursor().copy(f"COPY core.staged_province ({columns}) FROM STDIN") as copy:
        for (code, ground), area_km2 in zip(provinces.items(), areas_km2, strict=True):
            copy.write_row((vintage_id, code, names.get(code), area_km2, _ewkb(ground)))
        for code in sorted(gone):
            copy.write_row((vintage_id, code, None, 0.0, None))


def stored_provinces(connection: Db, day: date) -> set[str]:
    """Codes of the provinces that are stored as of the day before ``day`` or later."""
    found = connection.execute(
        "SELECT province_code FROM core.admin_province WHERE valid @> (%s::date - 1)", [day]
    )
    return {row[0] for row in found.fetchall()}


def _known(found: list[tuple[Any, ...]]) -> Known:
    versions = tuple(Version(*row[:4]) for row in found)
    rows = tuple(UnitRow(*row[4:11]) for row in found)
    shapes = (
        np.array(shapely.from_wkb([row[11] for row in found]), dtype=object) if found else np.zeros(0, object)
    )
    return Known(versions, Coverage(rows, shapes))


def _ewkb(shape: shapely.Geometry) -> str:
    # Python writes hexadecimal digits ten times as fast as GEOS.
    return shapely.to_wkb(shapely.set_srid(shape, 4326), include_srid=True).hex()
