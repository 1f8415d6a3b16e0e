"""Counts of points in the database: made once from the rows, then kept by what edits have changed."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

from psycopg import IsolationLevel, sql

from geo.in_force import in_force
from tiles.points import CELL_BITS, GRID_BITS, class_field

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from typing import Any

    from psycopg import AsyncConnection, Connection

    from layers.description import Layer

# One builder a layer, whoever it is (the same key as tiles.ladder.__main__ takes for its session).
LOCK: LiteralString = "SELECT pg_try_advisory_xact_lock(hashtext('diaban ladder'), hashtext(%(layer)s))"
CLEAR: LiteralString = """
WITH gone AS (DELETE FROM ops.point_delta WHERE layer = %(layer)s)
DELETE FROM ops.point_count WHERE layer = %(layer)s
"""
FINEST: LiteralString = """
INSERT INTO ops.point_count (layer, level, x, y, class, n, id, sum_x, sum_y)
SELECT %(layer)s, %(level)s, px >> {shift}, py >> {shift}, class,
       count(*), bit_xor(id), sum(px::bigint), sum(py::bigint)
  FROM (SELECT ops.grid(ST_X(geom_3857)) AS px, ops.grid(-ST_Y(geom_3857)) AS py, id, {class} AS class
          FROM pub.{layer} WHERE {in_force}) AS point
 GROUP BY px >> {shift}, py >> {shift}, class
"""
COARSER: LiteralString = """
INSERT INTO ops.point_count (layer, level, x, y, class, n, id, sum_x, sum_y)
SELECT layer, level - 1, x >> 1, y >> 1, class, sum(n), bit_xor(id), sum(sum_x), sum(sum_y)
  FROM ops.point_count WHERE layer = %(layer)s AND level = %(level)s + 1
 GROUP BY layer, level, x >> 1, y >> 1, class
"""
MERGED_AT_ONCE = 50_000
# One statement, one snapshot: a reader finds an edit either here or there. A few at a time, so that the rows
# of a large import do not hold the readers' index back. The days of which the counts hold become fewer where
# a row comes into force or goes out of it within them.
MERGE: LiteralString = """
WITH gone AS (
  DELETE FROM ops.point_delta WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ops.point_delta WHERE layer = %(layer)s LIMIT {limit}))
  RETURNING px, py, class, n, id, valid_from, valid_to
), turn AS (
  SELECT DISTINCT day FROM gone, LATERAL (VALUES (valid_from), (valid_to)) AS turn (day) WHERE day IS NOT NULL
), plan AS (
  SELECT DISTINCT holds FROM ops.ladder WHERE layer = %(layer)s AND kind = 'counted'
), kept AS (
  SELECT CASE WHEN holds @> %(on)s::date THEN holds * daterange(
           (SELECT max(day) FROM turn WHERE day <= %(on)s), (SELECT min(day) FROM turn WHERE day > %(on)s))
         ELSE 'empty' END AS holds
    FROM plan
), held AS (
  UPDATE ops.ladder SET holds = kept.holds FROM kept
   WHERE layer = %(layer)s AND kind = 'counted' AND ladder.holds <> kept.holds
), summed AS (
  SELECT level, px >> ({bits} - level) AS x, py >> ({bits} - level) AS y, class, sum(n) AS n,
         bit_xor(id) AS id, sum(n * px::bigint) AS sum_x, sum(n * py::bigint) AS sum_y
    FROM gone CROSS JOIN (SELECT DISTINCT zoom + {cell} AS level FROM ops.ladder
                           WHERE layer = %(layer)s AND kind = 'counted') AS counted
   WHERE {in_force}
   GROUP BY 1, 2, 3, 4
), put AS (
  INSERT INTO ops.point_count AS there (layer, level, x, y, class, n, id, sum_x, sum_y)
  SELECT %(layer)s, level, x, y, class, n, id, sum_x, sum_y FROM summed
   WHERE (n, id, sum_x, sum_y) <> (0, 0, 0, 0)
  ON CONFLICT (layer, level, x, y, class) DO UPDATE SET n = there.n + excluded.n, id = there.id # excluded.id,
    sum_x = there.sum_x + excluded.sum_x, sum_y = there.sum_y + excluded.sum_y
)
SELECT count(*) FROM gone
"""
MERGE_BOUND = sql.SQL(MERGE).format(
    bits=sql.Literal(GRID_BITS), cell=sql.Literal(CELL_BITS), limit=sql.Literal(MERGED_AT_ONCE),
    in_force=in_force("on"),
)  # fmt: skip
# Days on which the same rows are in force as on this one.
HOLDS = sql.SQL("""
UPDATE ops.ladder SET holds = (
  SELECT daterange(max(day) FILTER (WHERE day <= %(on)s), min(day) FILTER (WHERE day > %(on)s))
    FROM pub.{layer}, LATERAL (VALUES (valid_from), (valid_to)) AS turn (day))
 WHERE layer = %(layer)s AND kind = 'counted'
""")
OTHER_DAYS: LiteralString = """
SELECT zoom FROM ops.ladder WHERE layer = %(layer)s AND kind = 'counted' AND NOT holds @> %(on)s::date
"""
TIMEOUT: LiteralString = "SET LOCAL statement_timeout = '120s'"
# Tiles of today that were drawn meanwhile count the same, but where rows are few they showed them.
TOLD: LiteralString = "INSERT INTO ops.change_log (layer, op, vis) VALUES (%(layer)s, 'ladder', 0)"
EMPTIED: LiteralString = "DELETE FROM ops.point_count WHERE layer = %(layer)s AND n = 0"


def fill(connection: Connection[tuple[Any, ...]], layer: Layer, zooms: list[int], on: date) -> None:
    """Count the public rows in force on the day ``on`` for ``zooms``, which follow one another.

    Without zooms the counts are forgotten. The zooms' lines of the plan are there already.

    ``connection`` is in a transaction of one snapshot (REPEATABLE READ): an edit is either among the rows
    that are counted or among what stays to be merged, however many write meanwhile.
    """
    field = class_field(layer)
    value = sql.SQL("coalesce({}::text, '')").format(sql.Identifier(field.name)) if field else sql.SQL("''")
    connection.execute(CLEAR, {"layer": layer.name})
    for number, zoom in enumerate(sorted(zooms, reverse=True)):
        names = {
            "layer": sql.Identifier(layer.name),
            "class": value,
            "shift": sql.Literal(GRID_BITS - CELL_BITS - zoom),
            "in_force": in_force("on") if layer.valid_time else sql.SQL("true"),
        }
        statement = sql.SQL(COARSER if number else FINEST).format(**names)
        connection.execute(statement, {"layer": layer.name, "level": zoom + CELL_BITS, "on": on})
    if layer.valid_time:
        connection.execute(HOLDS.format(layer=sql.Identifier(layer.name)), {"layer": layer.name, "on": on})


def recount(connection: Connection[tuple[Any, ...]], layer: Layer, on: date) -> bool:
    """Count anew where what is stored is of other days than ``on``; whether it was.

    ``connection`` is autocommit and of the role ``diaban_pump``.
    """
    bound = {"layer": layer.name, "on": on}
    with one_snapshot(connection):
        connection.execute(TIMEOUT)
        zooms = [zoom for (zoom,) in connection.execute(OTHER_DAYS, bound)]
        if zooms:
            fill(connection, layer, zooms, on)
            connection.execute(TOLD, bound)
    return bool(zooms)


@contextmanager
def one_snapshot(connection: Connection[tuple[Any, ...]]) -> Iterator[None]:
    """A transaction all of whose statements see the same state of the database."""
    before = connection.isolation_level
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            yield
    finally:
        connection.isolation_level = before


async def merge(connection: AsyncConnection[tuple[Any, ...]], layer: str, on: date) -> int:
    """Merge edits of a layer's points into its counts, today being ``on``; how many.

    ``connection`` is autocommit.
    """
    bound = {"layer": layer, "on": on}
    async with connection.transaction():
        row = await (await connection.execute(LOCK, bound)).fetchone()
        if row is None or not row[0]:
            return 0
        merged = await (await connection.execute(MERGE_BOUND, bound)).fetchone()
        await connection.execute(EMPTIED, bound)
    return int(merged[0]) if merged else 0
