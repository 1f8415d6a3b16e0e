"""The statement that reads one tile from a rung. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.in_force import in_force
from tiles import shapes
from tiles.fields import FEATURE_COUNT, class_fields, json_object, label_layer, labels_shown, tile_fields
from tiles.query import TileQuery, counted_query
from tiles.texts import composed_once

if TYPE_CHECKING:
    from datetime import date

    from geo.types import TileId
    from layers.description import Layer

# No row: the rung has no cell here, or not a fresh one.
FRESH: LiteralString = """
SELECT ({tile})
  FROM ops.rung_cell AS cell
 WHERE cell.layer = %(layer)s AND cell.zoom = %(z)s AND cell.x = %(cell_x)s AND cell.y = %(cell_y)s
   AND NOT cell.stale AND cell.holds @> %(on)s::date
"""
PLAIN = shapes.DRAWN.replace("{rows}", "SELECT id, properties, geom FROM ({features}) AS f")
FEATURES: LiteralString = """
SELECT id, properties,
       coalesce(drawn, ST_AsMVTGeom(geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64, true)) AS geom,
       CASE WHEN %(labelled)s THEN
         ST_AsMVTGeom(ST_PointOnSurface(geom), ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 0, true)
       END AS point
  FROM ops.rung
 WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(cell_x)s AND y = %(cell_y)s
   AND geom && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.015625)
"""
# From a stale cell down to those below it that are fresh; rows only where an edit has been, or where the plan
# has no cell. A row belongs to the cell of its middle; what is too small to be seen is counted in a speck.
PATCHED: LiteralString = """
WITH RECURSIVE part (zoom, x, y, fresh) AS (
  SELECT %(z)s::int, %(x)s::int, %(y)s::int, {root}
  UNION ALL
  SELECT part.zoom + 1, part.x * 2 + dx, part.y * 2 + dy, NOT cell.stale AND cell.holds @> %(on)s::date
    FROM part CROSS JOIN (VALUES (0, 0), (1, 0), (0, 1), (1, 1)) AS quarter (dx, dy)
    LEFT JOIN ops.rung_cell AS cell ON cell.layer = %(layer)s AND cell.zoom = part.zoom + 1
          AND cell.x = part.x * 2 + dx AND cell.y = part.y * 2 + dy
   WHERE part.fresh IS FALSE AND part.zoom < %(finest)s
), leaf AS MATERIALIZED (
  SELECT zoom, x, y, fresh IS TRUE AS fresh, ST_TileEnvelope(zoom, x, y) AS box
    FROM part WHERE fresh IS NOT FALSE OR zoom = %(finest)s
), row AS MATERIALIZED (
  SELECT box, properties, geom_3857, middle, {size} AS size,
         ST_X(middle) >= ST_XMin(box) AND ST_X(middle) < ST_XMax(box)
         AND ST_Y(middle) > ST_YMin(box) AND ST_Y(middle) <= ST_YMax(box) AS own
    FROM (SELECT box, {properties} AS properties, geom_3857, {middle} AS middle
            FROM leaf JOIN pub.{layer} ON geom_3857 && box WHERE NOT fresh{in_force}) AS found
)
SELECT NULL::bigint AS id, rung.properties, {stored} AS geom, NULL::geometry AS point
  FROM leaf JOIN ops.rung ON rung.layer = %(layer)s AND rung.zoom = leaf.zoom
        AND rung.x = leaf.x AND rung.y = leaf.y
 WHERE leaf.fresh
UNION ALL
SELECT NULL, properties || jsonb_build_object({count}, own::int), {large}, NULL
  FROM row WHERE size >= {half_pixel}
UNION ALL
SELECT NULL, properties || jsonb_build_object({count}, count(*)), {speck}, NULL
  FROM (SELECT properties, ST_SnapToGrid(middle, {grid}) AS place FROM row
         WHERE size < {half_pixel} AND own) AS small
 GROUP BY properties, place
"""
ROOT: LiteralString = """(SELECT NOT stale AND holds @> %(on)s::date FROM ops.rung_cell
   WHERE layer = %(layer)s AND zoom = %(z)s AND x = %(x)s AND y = %(y)s)"""


def rung_query(layer: Layer, kind: str, tile: TileId, on: date, *, staff: bool) -> TileQuery:
    """Render ``tile`` from the rung of its zoom; no row where that is not fresh.

    Staff get, beside the public ladder, the restricted rows under their own policies.
    """
    if kind == "counted":
        return counted_query(layer, tile, on, staff=staff)
    cell_x, cell_y = (tile.x, tile.y) if kind == "merged" else (0, 0)
    labelled = kind == "outline" and labels_shown(layer, tile.z)
    more = {"cell_x": cell_x, "cell_y": cell_y, "labelled": labelled, "label_layer": label_layer(layer)}

    def compose() -> sql.Composed:
        features = sql.SQL("{} AND {}").format(sql.SQL(FEATURES), in_force("on"))
        if staff:
            shown = class_fields(layer) if kind == "merged" else tile_fields(layer, staff=True, zoom=tile.z)
            features = _with_restricted(layer, features, json_object(shown), tile)
        if labelled:
            drawn = shapes.with_labels(features, sql.SQL(", properties"))
        else:
            drawn = sql.SQL(PLAIN).format(features=features)
        return sql.SQL(FRESH).format(tile=drawn)

    return TileQuery(composed_once(layer, compose, kind, tile.z, staff), _parameters(layer, tile, on) | more)


def patched_query(layer: Layer, finest: int, tile: TileId, on: date, *, staff: bool) -> TileQuery:
    """Render ``tile`` of a merged zoom whose cell is stale: fresh cells below it, and rows beside them.

    ``finest``: the last zoom that is merged. So an edit costs the tiles above it the rows of one small cell
    and not all of theirs, and they lose nothing meanwhile.
    """
    text = composed_once(layer, lambda: _patched(layer, tile, staff=staff), "patched", tile.z, staff)
    return TileQuery(text, _parameters(layer, tile, on) | {"finest": finest})


def _patched(layer: Layer, tile: TileId, *, staff: bool) -> sql.Composed:
    half_pixel = shapes.half_pixel_m(tile.z)
    properties = json_object(class_fields(layer))
    features: sql.Composable = sql.SQL(PATCHED).format(
        root=sql.SQL(ROOT),
        size=shapes.SIZE,
        middle=shapes.MIDDLE,
        properties=properties,
        layer=sql.Identifier(layer.name),
        in_force=sql.SQL(" AND {}").format(in_force("on")) if layer.valid_time else sql.SQL(""),
        stored=shapes.clipped(sql.SQL("ST_ClipByBox2D(rung.geom, leaf.box)")),
        large=shapes.clipped(shapes.simplified(layer, tile, "ST_ClipByBox2D(geom_3857, box)")),
        speck=shapes.clipped(shapes.speck(layer, sql.SQL("place"), tile.z)),
        count=sql.Literal(FEATURE_COUNT),
        half_pixel=sql.Literal(half_pixel),
        grid=sql.Literal(4 * half_pixel),
    )
    if staff:
        features = _with_restricted(layer, features, properties, tile)
    return sql.SQL(PLAIN).format(features=features)


def _with_restricted(
    layer: Layer, features: sql.Composable, properties: sql.Composable, tile: TileId
) -> sql.Composed:
    restricted = shapes.restricted_rows(layer, properties, tile)
    return sql.SQL("SELECT * FROM ({}) AS public UNION ALL {}").format(features, restricted)


def _parameters(layer: Layer, tile: TileId, on: date) -> dict[str, Any]:
    return {"layer": layer.name, "on": on, "z": tile.z, "x": tile.x, "y": tile.y}
