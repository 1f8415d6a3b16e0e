"""The statement that reads one tile from a rung. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.in_force import in_force
from tiles.ladder.rows import class_fields, json_object
from tiles.query import (
    TileQuery,
    counted_query,
    label_layer,
    labels_shown,
    restricted_rows,
    tile_fields,
    with_labels,
)

if TYPE_CHECKING:
    from datetime import date

    from geo.types import TileId
    from layers.description import Layer

# No row: the rung has no cell here, or not a fresh one, and the tile is drawn from the rows themselves.
MERGED: LiteralString = """
SELECT ({tile})
  FROM ops.rung_cell AS cell
 WHERE cell.layer = %(layer)s AND cell.zoom = %(z)s AND cell.x = %(cell_x)s AND cell.y = %(cell_y)s
   AND NOT cell.stale AND cell.holds @> %(on)s::date
"""
PLAIN: LiteralString = (
    "SELECT ST_AsMVT(t, %(layer)s, 4096, 'geom', 'id') FROM ({features}) AS t WHERE geom IS NOT NULL"
)
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


def rung_query(layer: Layer, kind: str, tile: TileId, on: date, *, staff: bool) -> TileQuery:
    """Render ``tile`` from the rung of its zoom; no row where that is not fresh.

    Staff get, beside the public ladder, the restricted rows under their own policies.
    """
    if kind == "counted":
        return counted_query(layer, tile, staff=staff)
    cell_x, cell_y = (tile.x, tile.y) if kind == "merged" else (0, 0)
    parameters: dict[str, Any] = {
        "layer": layer.name, "on": on, "z": tile.z, "x": tile.x, "y": tile.y,
        "cell_x": cell_x, "cell_y": cell_y,
    }  # fmt: skip
    labelled = kind == "outline" and labels_shown(layer, tile.z)
    parameters |= {"labelled": labelled, "label_layer": label_layer(layer)}
    features = sql.SQL("{} AND {}").format(sql.SQL(FEATURES), in_force("on"))
    if staff:
        shown = class_fields(layer) if kind == "merged" else tile_fields(layer, staff=True)
        features = sql.SQL("{} UNION ALL {}").format(
            features, restricted_rows(layer, json_object(shown), tile)
        )
    if labelled:
        drawn = with_labels(features, sql.SQL(", properties"))
    else:
        drawn = sql.SQL(PLAIN).format(
            features=sql.SQL("SELECT id, properties, geom FROM ({}) AS f").format(features)
        )
    return TileQuery(sql.SQL(MERGED).format(tile=drawn), parameters)
