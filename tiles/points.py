"""Points from afar: one feature a cell with the number of points in it. Pure: a description in, SQL out.

Cells are squares, 8 by 8 a tile, so that a cell is four cells of the next zoom and counts add up from zoom to
zoom. A feature lies at the mean of its points, in one tile only: the counts of a zoom's tiles add up to the
rows, and nothing is lost in silence. It carries ``point_count``, ``count_<code>`` for each class, the most
frequent class in the legend's own field, and the row's id where it stands for one.

Positions are whole numbers of a grid of 2^30 a side over Web Mercator's square (3.7 cm), y down: sums of them
are exact, so a point that goes takes away what it brought (``ops.grid`` in ``geo/changes/install.sql``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.in_force import in_force

if TYPE_CHECKING:
    from geo.types import TileId
    from layers.description import Layer, LayerField

COUNT = "point_count"
CLASS_COUNT = "count_"
GRID_BITS = 30
# A tile of zoom z has the cells of level z + 3: 64 of its 512 pixels a side.
CELL_BITS = 3
# Below this zoom points are counted, however few they are; above it where the layer's plan says so.
EXACT_POINTS_ZOOM = 12

CLUSTERS: LiteralString = """
WITH part (x, y, class, n, id, sum_x, sum_y) AS ({sources}), classed AS (
  SELECT x, y, class, sum(n)::bigint AS n, bit_xor(id) AS id, sum(sum_x) AS sum_x, sum(sum_y) AS sum_y
    FROM part GROUP BY x, y, class HAVING sum(n) > 0
), cell AS (
  SELECT sum(n)::bigint AS n, bit_xor(id) AS id, (sum(sum_x) / sum(n))::float8 AS px,
         (sum(sum_y) / sum(n))::float8 AS py,
         (array_agg(class ORDER BY n DESC, class))[1] AS class,
         jsonb_object_agg({class_count} || class, n) FILTER (WHERE class <> '') AS classes
    FROM classed GROUP BY x, y
)
SELECT ST_AsMVT(t, %(layer)s, 4096, 'geom', 'id') FROM (
  SELECT CASE WHEN n = 1 THEN id END AS id,
         jsonb_build_object({count}, n {legend}) || coalesce(classes, '{{}}') AS properties,
         ST_MakePoint(floor((px / %(side)s - %(x)s) * 4096), floor((py / %(side)s - %(y)s) * 4096)) AS geom
    FROM cell ORDER BY cell.n DESC, cell.id, cell.px, cell.py) AS t
"""
COUNTED: LiteralString = """
SELECT x, y, class, n, id, sum_x, sum_y FROM ops.point_count
 WHERE layer = %(layer)s AND level = %(level)s
   AND x >> 3 = %(x)s AND y >> 3 = %(y)s
UNION ALL
SELECT px >> %(shift)s, py >> %(shift)s, class, n, id, n * px::bigint, n * py::bigint FROM ops.point_delta
 WHERE layer = %(layer)s AND px BETWEEN %(first_px)s AND %(last_px)s
   AND py BETWEEN %(first_py)s AND %(last_py)s AND {in_force}
"""
# The box, not the numbers, is what the index knows; the numbers then say which tile a point is of.
ROWS: LiteralString = """
SELECT px >> %(shift)s, py >> %(shift)s, class, 1, id, px::bigint, py::bigint
  FROM (SELECT ops.grid(ST_X(geom_3857)) AS px, ops.grid(-ST_Y(geom_3857)) AS py, id, {class} AS class
          FROM {source} AS t WHERE {where}) AS point
 WHERE px BETWEEN %(first_px)s AND %(last_px)s AND py BETWEEN %(first_py)s AND %(last_py)s
"""


def counts_points(layer: Layer) -> bool:
    """Whether the layer's points are counted from afar."""
    return layer.geometry == "Point"


def class_field(layer: Layer) -> LayerField | None:
    """The field by which points are counted apart: the legend's, where everyone may see it."""
    found = (field for field in layer.fields_for(staff=False) if field.name == layer.legend.field)
    return next(found, None)


def parameters(layer: Layer, tile: TileId) -> dict[str, Any]:
    """What the statements of this module bind."""
    shift = GRID_BITS - tile.z
    return {
        "layer": layer.name, "x": tile.x, "y": tile.y, "z": tile.z, "level": tile.z + CELL_BITS,
        "shift": shift - CELL_BITS, "side": 2**shift,
        "first_px": tile.x << shift, "last_px": ((tile.x + 1) << shift) - 1,
        "first_py": tile.y << shift, "last_py": ((tile.y + 1) << shift) - 1,
    }  # fmt: skip


def clusters(layer: Layer, sources: list[sql.Composable]) -> sql.Composed:
    """The statement that makes one MVT layer of what ``sources`` count."""
    field = class_field(layer)
    legend = sql.SQL(", {}, nullif(class, '')").format(sql.Literal(field.name)) if field else sql.SQL("")
    return sql.SQL(CLUSTERS).format(
        sources=sql.SQL(" UNION ALL ").join(sources),
        count=sql.Literal(COUNT),
        class_count=sql.Literal(CLASS_COUNT),
        legend=legend,
    )


def counted(layer: Layer) -> sql.Composable:
    """What is stored, and the edits that are not yet merged into it; with valid time ``on`` is bound too."""
    return sql.SQL(COUNTED).format(in_force=in_force("on") if layer.valid_time else sql.SQL("true"))


def from_rows(layer: Layer, source: sql.Composable, where: list[sql.Composed]) -> sql.Composed:
    """The rows of ``source`` (its alias is ``t``) for which ``where`` holds."""
    field = class_field(layer)
    value = sql.SQL("coalesce({}::text, '')").format(sql.Identifier(field.name)) if field else sql.SQL("''")
    found = {"class": value, "source": source, "where": sql.SQL(" AND ").join(where)}
    return sql.SQL(ROWS).format(**found)
