"""The statement that renders one layer into one tile. Pure: a description in, SQL and parameters out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.in_force import in_force
from tiles import points, shapes
from tiles.fields import FEATURE_COUNT, label_layer, labels_shown, tile_fields, value_of
from tiles.texts import composed_once

if TYPE_CHECKING:
    from datetime import date

    from geo.features.cql2 import Predicate
    from geo.types import TileId
    from layers.description import Layer, LayerField

# Rows large enough to be seen as they are; of the others one speck a place and class, with their number. A
# row belongs to the tile of its middle, so each is counted once.
WITH_SPECKS: LiteralString = """
WITH row AS MATERIALIZED (SELECT t.id, t.geom_3857{kept}, {size} AS size FROM {source} AS t WHERE {where})
SELECT id, {geom} AS geom{point}, NULL::bigint AS {count}{columns} FROM row WHERE size >= {half_pixel}
UNION ALL
SELECT NULL, {speck}{no_point}, n, {typed}
  FROM (SELECT place, count(*) AS n, {firsts}
          FROM (SELECT row.*, ST_SnapToGrid({middle}, {grid}) AS place FROM row
                 WHERE size < {half_pixel} AND {middle} && ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS small
         GROUP BY place{classes}) AS specks
"""


@dataclass(frozen=True, slots=True)
class TileQuery:
    """A statement that answers one row with one MVT layer (bytes, empty where nothing is in the tile)."""

    statement: bytes
    parameters: dict[str, Any]
    # Of rows as they are, without a filter: what is drawn most often, and so cheap that its asking counts.
    plain: bool = False


def tile_query(
    layer: Layer,
    schema: str,
    tile: TileId,
    on: date,
    *,
    staff: bool,
    predicate: Predicate | None = None,
    counted: bool = False,
) -> TileQuery:
    """Render ``layer`` of ``schema`` (``pub`` or ``core``) into ``tile``, from its rows.

    Geometry is EPSG:3857 clipped to the tile with 64 of 4,096 units around it; the feature id is the row's.
    Of a layer with valid time only rows in force on ``on`` (a day of the Asia/Ho_Chi_Minh calendar) stand in
    the tile; with a ``predicate`` those for which it holds. Points are counted from afar, and wherever
    ``counted`` says so. The box test alone finds the rows:
    ``ST_AsMVTGeom`` clips, an exact test would cost twice.
    """
    parameters: dict[str, Any] = {"z": tile.z, "x": tile.x, "y": tile.y, "layer": layer.name}
    parameters["label_layer"] = label_layer(layer)
    if layer.valid_time:
        parameters["on"] = on
    counted = points.counts_points(layer) and (counted or tile.z < points.EXACT_POINTS_ZOOM)
    if counted:
        parameters |= points.parameters(layer, tile)
    if predicate is not None:
        statement = _statement(layer, schema, tile, staff=staff, predicate=predicate, counted=counted)
        return TileQuery(statement.as_bytes(None), parameters | dict(predicate.values))

    def compose() -> sql.Composed:
        return _statement(layer, schema, tile, staff=staff, counted=counted)

    text = composed_once(layer, compose, "rows", schema, tile.z, staff, counted)
    return TileQuery(text, parameters, plain=not counted)


def _statement(
    layer: Layer,
    schema: str,
    tile: TileId,
    *,
    staff: bool,
    predicate: Predicate | None = None,
    counted: bool = False,
) -> sql.Composed:
    """Without a predicate the same for all tiles of a zoom."""
    where = [shapes.touching()]
    if layer.valid_time:
        where.append(in_force("on"))
    if predicate is not None:
        # Composed by geo.features.cql2 of constants, quoted names and placeholders.
        where.append(sql.Composed([sql.SQL(predicate.sql)]))
    source = sql.SQL("{}.{}").format(sql.Identifier(schema), sql.Identifier(layer.name))
    if counted:
        return points.clusters(layer, [points.from_rows(layer, source, where)])
    fields = tile_fields(layer, staff=staff, zoom=tile.z)
    rows = _rows(layer, source, sql.SQL(" AND ").join(where), tile, fields)
    names = [sql.Identifier(field.name) for field in fields]
    if shapes.has_specks(layer, tile.z):
        names.append(sql.Identifier(FEATURE_COUNT))
    if labels_shown(layer, tile.z):
        return shapes.with_labels(rows, _listed(names))
    return sql.SQL(shapes.DRAWN).format(rows=rows)


def counted_query(layer: Layer, tile: TileId, on: date, *, staff: bool) -> TileQuery:
    """Render the counts of ``tile`` from what is stored; staff's hold the restricted rows that they may see.

    No row where the plan has no counts at this zoom (any more), or has those of other days.
    """
    text = composed_once(layer, lambda: _counted(layer, staff=staff), "counted", staff)
    return TileQuery(text, points.parameters(layer, tile) | {"on": on})


def _counted(layer: Layer, *, staff: bool) -> sql.Composed:
    sources: list[sql.Composable] = [points.counted(layer)]
    if staff:
        core = sql.SQL("core.{}").format(sql.Identifier(layer.name))
        where = [sql.Composed([sql.SQL("visibility > 0")]), shapes.touching()]
        if layer.valid_time:
            where.append(in_force("on"))
        sources.append(points.from_rows(layer, core, where))
    return sql.SQL(
        "SELECT ({}) FROM ops.ladder"
        " WHERE layer = %(layer)s AND zoom = %(z)s AND kind = 'counted' AND holds @> %(on)s::date"
    ).format(points.clusters(layer, sources))


def _rows(
    layer: Layer, source: sql.Composable, where: sql.Composable, tile: TileId, fields: tuple[LayerField, ...]
) -> sql.Composed:
    """Rows of id, geom, with labels point, and the fields; with specks their count."""
    labelled = labels_shown(layer, tile.z)
    shown = {
        "source": source,
        "where": where,
        "geom": shapes.clipped(shapes.simplified(layer, tile)),
        "point": sql.SQL(", {} AS point").format(shapes.label_point(layer, tile.z))
        if labelled
        else sql.SQL(""),
        "columns": _listed(
            [sql.SQL("{} AS {}").format(value_of(field), sql.Identifier(field.name)) for field in fields]
        ),
    }
    if not shapes.has_specks(layer, tile.z):
        return sql.SQL("SELECT id, {geom} AS geom{point}{columns} FROM {source} AS t WHERE {where}").format(
            **shown
        )
    legend = [field for field in fields if field.name == layer.legend.field]
    half_pixel = shapes.half_pixel_m(tile.z)
    return sql.SQL(WITH_SPECKS).format(
        **shown,
        kept=_listed([sql.SQL("t.{}").format(sql.Identifier(field.name)) for field in fields]),
        size=shapes.SIZE,
        middle=shapes.MIDDLE,
        count=sql.Identifier(FEATURE_COUNT),
        half_pixel=sql.Literal(half_pixel),
        grid=sql.Literal(4 * half_pixel),
        speck=shapes.clipped(shapes.speck(layer, sql.SQL("place"), tile.z)),
        no_point=sql.SQL(", NULL") if labelled else sql.SQL(""),
        classes=_listed([sql.Identifier(field.name) for field in legend]),
        firsts=sql.SQL(", ").join(_first(field) for field in fields),
        # A speck has its class and nothing else of the rows that it stands for.
        typed=sql.SQL(", ").join(
            sql.Identifier(field.name)
            if field in legend
            else sql.SQL("CASE WHEN false THEN {} END").format(sql.Identifier(field.name))
            for field in fields
        ),
    )


def _first(field: LayerField) -> sql.Composed:
    name = sql.Identifier(field.name)
    return sql.SQL("(array_agg({}))[1] AS {}").format(value_of(field), name)


def _listed(columns: list[Any]) -> sql.Composed:
    return sql.Composed([sql.SQL(", ") + column for column in columns])
