"""Which staged rows the layer has already: by its identity, and where that does not tell, by place.

Made with sets, never row by row: a million rows are matched in seconds. The answer is a table: staged row,
row of the layer (``target``), and what is to be done with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composed, Identifier

from geo.datasets.difference import count, duplicates, judge
from geo.datasets.names import core, in_units, key_of, matched, staged

if TYPE_CHECKING:
    from geo.datasets.names import Db
    from geo.datasets.types import Difference, Plan

# A point moved by less than this (about a metre) is the same thing.
NEAR_DEG = 1e-5
# Two polygons that share at least this part of their union are the same thing.
LIKE_SHARE = 0.5


def match(connection: Db, number: int, plan: Plan) -> Difference:
    """Make the table of matches of a staged dataset anew, and count. Part of the caller's transaction."""
    table = {"match": matched(number), "staged": staged(number), "core": core(plan.layer.name)}
    connection.execute(SQL("DROP TABLE IF EXISTS {match}").format(**table))
    connection.execute(
        SQL('CREATE UNLOGGED TABLE {match} (row_no bigint NOT NULL, target bigint, action "char")').format(
            **table
        )
    )
    if _has_rows(connection, plan):
        if plan.identity:
            connection.execute(_by_identity(number, plan))
            connection.execute(SQL("ANALYZE {match}").format(**table))
        _by_place(connection, number, plan)
        connection.execute(SQL("ANALYZE {match}").format(**table))
        connection.execute(judge(number, plan))
    connection.execute(duplicates(number, plan))
    connection.execute(SQL("CREATE INDEX ON {match} (row_no)").format(**table))
    connection.execute(SQL("ANALYZE {match}").format(**table))
    return count(connection, number, plan)


def _has_rows(connection: Db, plan: Plan) -> bool:
    query = SQL("SELECT EXISTS (SELECT FROM {})").format(core(plan.layer.name))
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def _keys(plan: Plan, alias: str) -> Composed:
    return SQL(", ").join(key_of(plan.layer, name, alias) for name in plan.identity)


def _equal_keys(plan: Plan) -> Composed:
    """The same identity; a file without units meets no row of one: numbers repeat between communes."""
    parts = [
        SQL("{} = {}").format(key_of(plan.layer, name, "s"), key_of(plan.layer, name, "c"))
        for name in plan.identity
    ]
    if "unit" in plan.layer.identity and "unit" not in plan.identity:
        parts.append(SQL("c.unit IS NULL").format())
    return SQL(" AND ").join(parts)


def _named(plan: Plan) -> Composed:
    """Rows that have an identity at all: beside the unit and the day something must be said."""
    own = [name for name in plan.identity if name not in ("unit", "valid_from")]
    return SQL("({})").format(SQL(" OR ").join(SQL("s.{} IS NOT NULL").format(Identifier(n)) for n in own))


def _by_identity(number: int, plan: Plan) -> Composed:
    """Rows whose key stands once in the file, with the one row of the layer that has it."""
    words = {
        "match": matched(number),
        "staged": staged(number),
        "core": core(plan.layer.name),
        "keys": _keys(plan, "s"),
        "equal": _equal_keys(plan),
        "named": _named(plan),
        "scope": in_units(plan),
    }
    once = SQL("once AS (SELECT min(row_no) AS row_no FROM {staged} AS s WHERE {named} GROUP BY {keys} "
               "HAVING count(*) = 1)").format(**words)  # fmt: skip
    if not plan.versions:
        return SQL(
            "WITH {once} INSERT INTO {match} SELECT s.row_no, min(c.id), NULL FROM {staged} AS s "
            "JOIN once USING (row_no) JOIN {core} AS c ON {equal} WHERE {scope} "
            "GROUP BY s.row_no HAVING count(*) = 1"
        ).format(once=once, **words)
    # The version that begins that day, else the one in force then; a later one stands in the way.
    return SQL(
        "WITH {once}, found AS ("
        " SELECT s.row_no, min(c.id) FILTER (WHERE c.valid_from = s.valid_from) AS exact,"
        "  count(*) FILTER (WHERE c.valid_from = s.valid_from) AS exacts,"
        "  min(c.id) FILTER (WHERE {in_force}) AS current, count(*) FILTER (WHERE {in_force}) AS currents,"
        "  bool_or(c.valid_from > s.valid_from) AS later"
        " FROM {staged} AS s JOIN once USING (row_no) JOIN {core} AS c ON {equal} WHERE {scope}"
        " GROUP BY s.row_no) "
        "INSERT INTO {match} SELECT row_no, coalesce(exact, current), "
        " CASE WHEN exact IS NULL AND later THEN 'x' END FROM found "
        "WHERE exacts <= 1 AND currents <= 1 AND (exact IS NOT NULL OR current IS NOT NULL OR later)"
    ).format(once=once, in_force=_in_force(), **words)


def _in_force() -> Composed:
    return SQL("(c.valid_from < s.valid_from AND (c.valid_to IS NULL OR c.valid_to > s.valid_from))").format()


def _by_place(connection: Db, number: int, plan: Plan) -> None:
    """Rows without a key, or with one that stands several times: the same shape, then the most alike."""
    for pairs in (_same_shape(plan), _alike(plan)):
        if pairs is None:
            continue
        connection.execute(
            SQL(
                "WITH open AS (SELECT s.* FROM {staged} AS s WHERE {unclear} AND NOT EXISTS "
                " (SELECT FROM {match} AS m WHERE m.row_no = s.row_no)), "
                "free AS (SELECT c.* FROM {core} AS c WHERE {scope} AND NOT EXISTS "
                " (SELECT FROM {match} AS m WHERE m.target = c.id)), "
                "pairs AS ({pairs}), "
                "best AS (SELECT DISTINCT ON (row_no) row_no, id, how FROM pairs "
                " ORDER BY row_no, how DESC, id) "
                "INSERT INTO {match} SELECT DISTINCT ON (id) row_no, id, NULL FROM best "
                "ORDER BY id, how DESC, row_no"
            ).format(
                match=matched(number),
                staged=staged(number),
                core=core(plan.layer.name),
                scope=in_units(plan),
                unclear=_unclear(plan),
                pairs=pairs,
            )
        )


def _unclear(plan: Plan) -> Composed:
    """Rows without a key, and those whose key the layer has, but not so that it says which row."""
    if not plan.identity:
        return SQL("true").format()
    return SQL("(NOT {} OR EXISTS (SELECT FROM {} AS c WHERE {} AND {}))").format(
        _named(plan), core(plan.layer.name), _equal_keys(plan), in_units(plan)
    )


def _alike_keys(plan: Plan) -> Composed:
    """Rows that a place brings together must not have different keys; and must be of the day."""
    conditions = [_equal_keys(plan)] if plan.identity else []
    if plan.versions:
        conditions.append(SQL("(c.valid_from = s.valid_from OR {})").format(_in_force()))
    return SQL(" AND ").join(conditions) if conditions else SQL("true").format()


def _same_shape(plan: Plan) -> Composed:
    # Shapes may be there several times (an area with two codes): the first is the first.
    return SQL(
        "SELECT s.row_no, c.id, 1.0 AS how FROM "
        "(SELECT *, row_number() OVER (PARTITION BY geom ORDER BY row_no) AS nth FROM open) AS s JOIN "
        "(SELECT *, row_number() OVER (PARTITION BY geom ORDER BY id) AS nth FROM free) AS c "
        "ON s.geom = c.geom AND s.nth = c.nth WHERE {}"
    ).format(_alike_keys(plan))


def _alike(plan: Plan) -> Composed | None:
    if plan.layer.geometry.endswith("Polygon"):
        return SQL(
            "SELECT s.row_no, c.id, how FROM open AS s JOIN free AS c ON s.geom && c.geom AND {}, "
            "LATERAL (SELECT ST_Area(ST_Intersection(s.geom, c.geom)) AS common) AS shared, "
            "LATERAL (SELECT common / (ST_Area(s.geom) + ST_Area(c.geom) - common) AS how) AS share "
            "WHERE how >= {}"
        ).format(_alike_keys(plan), LIKE_SHARE)
    if plan.layer.geometry.endswith("Point"):
        return SQL(
            "SELECT s.row_no, c.id, -ST_Distance(s.geom, c.geom) AS how FROM open AS s JOIN free AS c "
            "ON c.geom && ST_Expand(s.geom, {near}) AND ST_Distance(s.geom, c.geom) <= {near} WHERE {keys}"
        ).format(near=NEAR_DEG, keys=_alike_keys(plan))
    return None
