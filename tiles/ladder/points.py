"""Counts of points in the database: made once from the rows, then kept by what edits have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from tiles.points import CELL_BITS, GRID_BITS, class_field

if TYPE_CHECKING:
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
          FROM pub.{layer}) AS point
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
# of a large import do not hold the readers' index back.
MERGE: LiteralString = """
WITH gone AS (
  DELETE FROM ops.point_delta WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM ops.point_delta WHERE layer = %(layer)s LIMIT {limit}))
  RETURNING px, py, class, n, id
), summed AS (
  SELECT level, px >> ({bits} - level) AS x, py >> ({bits} - level) AS y, class, sum(n) AS n,
         bit_xor(id) AS id, sum(n * px::bigint) AS sum_x, sum(n * py::bigint) AS sum_y
    FROM gone CROSS JOIN (SELECT DISTINCT zoom + {cell} AS level FROM ops.ladder
                           WHERE layer = %(layer)s AND kind = 'counted') AS counted
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
    bits=sql.Literal(GRID_BITS), cell=sql.Literal(CELL_BITS), limit=sql.Literal(MERGED_AT_ONCE)
)
EMPTIED: LiteralString = "DELETE FROM ops.point_count WHERE layer = %(layer)s AND n = 0"


def fill(connection: Connection[tuple[Any, ...]], layer: Layer, zooms: list[int]) -> None:
    """Count the public rows of a layer for ``zooms``, which follow one another; none forgets the counts.

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
        }
        statement = sql.SQL(COARSER if number else FINEST).format(**names)
        connection.execute(statement, {"layer": layer.name, "level": zoom + CELL_BITS})


async def merge(connection: AsyncConnection[tuple[Any, ...]], layer: str) -> int:
    """Merge edits of a layer's points into its counts; how many. ``connection`` is autocommit."""
    bound = {"layer": layer}
    async with connection.transaction():
        row = await (await connection.execute(LOCK, bound)).fetchone()
        if row is None or not row[0]:
            return 0
        merged = await (await connection.execute(MERGE_BOUND, bound)).fetchone()
        await connection.execute(EMPTIED, bound)
    return int(merged[0]) if merged else 0
