"""The statement that renders one layer into one tile. Pure: a description in, SQL and parameters out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.in_force import in_force
from tiles import points
from tiles.ground import WORLD_M

if TYPE_CHECKING:
    from datetime import date

    from geo.features.cql2 import Predicate
    from geo.types import TileId
    from layers.description import Layer, LayerField

EXTENT = 4096
BUFFER = 64
# A tile is drawn at 512 pixels, so half a pixel is 1/1024 of its side (38 m at zoom 10, 0.6 m at zoom 16).
HALF_PIXELS_A_TILE = 1024
# In one tile only: nothing reaches over its border.
LABEL_POINT = sql.SQL(
    "ST_AsMVTGeom(ST_PointOnSurface(geom_3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 0, true)"
)
LABELLED: LiteralString = """
WITH found AS MATERIALIZED ({rows})
SELECT coalesce((SELECT ST_AsMVT(t, %(layer)s, 4096, 'geom', 'id')
                   FROM (SELECT id, geom{attributes} FROM found WHERE geom IS NOT NULL) AS t), '')
    || coalesce((SELECT ST_AsMVT(t, %(label_layer)s, 4096, 'geom', 'id')
                   FROM (SELECT id, point AS geom{attributes} FROM found WHERE point IS NOT NULL) AS t), '')
"""


@dataclass(frozen=True, slots=True)
class TileQuery:
    """A statement that answers one row with one MVT layer (bytes, empty where nothing is in the tile)."""

    statement: sql.Composed
    parameters: dict[str, Any]


def tile_fields(layer: Layer, *, staff: bool) -> tuple[LayerField, ...]:
    """The fields that stand in a tile and that the caller may see: label, legend, those with ``tile: true``.

    In the order of the description.
    """
    wanted = {layer.label, layer.legend.field} | {field.name for field in layer.fields if field.tile}
    return tuple(field for field in layer.fields_for(staff=staff) if field.name in wanted)


def tile_query(
    layer: Layer,
    schema: str,
    tile: TileId,
    on: date,
    *,
    staff: bool,
    predicate: Predicate | None = None,
    counted: bool | None = None,
) -> TileQuery:
    """Render ``layer`` of ``schema`` (``pub`` or ``core``) into ``tile``, from its rows.

    Geometry is EPSG:3857 clipped to the tile with 64 of 4,096 units around it; the feature id is the row's.
    Of a layer with valid time only rows in force on ``on`` (a day of the Asia/Ho_Chi_Minh calendar) stand in
    the tile. The box test alone finds the rows: ``ST_AsMVTGeom`` clips, an exact test would cost twice.

    ``predicate``: only rows for which it holds. ``counted``: whether points are counted by cell; by default
    below zoom 12.
    """
    parameters: dict[str, Any] = {"z": tile.z, "x": tile.x, "y": tile.y, "layer": layer.name}
    where = [_touching()]
    if layer.valid_time:
        where.append(in_force("on"))
        parameters["on"] = on
    if predicate is not None:
        # Composed by geo.features.cql2 of constants, quoted names and placeholders.
        where.append(sql.Composed([sql.SQL(predicate.sql)]))
        parameters |= predicate.values
    source = sql.SQL("{}.{}").format(sql.Identifier(schema), sql.Identifier(layer.name))
    if counted is None:
        counted = points.counts_points(layer) and tile.z < points.EXACT_POINTS_ZOOM
    if counted:
        statement = points.clusters(layer, [points.from_rows(layer, source, where)])
        return TileQuery(statement, parameters | points.parameters(layer, tile))
    where += _large_enough(layer, tile)
    return _features(layer, source, where, tile, parameters, staff=staff)


def counted_query(layer: Layer, tile: TileId, *, staff: bool) -> TileQuery:
    """Render the counts of ``tile`` from what is stored; staff's hold the restricted rows that they may see.

    No row where the plan has no counts at this zoom (any more).
    """
    sources: list[sql.Composable] = [points.counted()]
    if staff:
        core = sql.SQL("core.{}").format(sql.Identifier(layer.name))
        where = [sql.Composed([sql.SQL("visibility > 0")]), _touching()]
        sources.append(points.from_rows(layer, core, where))
    statement = sql.SQL(
        "SELECT ({}) FROM ops.ladder WHERE layer = %(layer)s AND zoom = %(z)s AND kind = 'counted'"
    ).format(points.clusters(layer, sources))
    return TileQuery(statement, points.parameters(layer, tile))


def _features(
    layer: Layer,
    source: sql.Composed,
    where: list[sql.Composed],
    tile: TileId,
    parameters: dict[str, Any],
    *,
    staff: bool,
) -> TileQuery:
    fields = tile_fields(layer, staff=staff)
    labelled = labels_shown(layer, tile.z)
    rows = sql.SQL("SELECT id, {geom} AS geom{point}{columns} FROM {source} AS t WHERE {where}").format(
        geom=_clipped(_simplified(layer, tile)),
        point=sql.SQL(", {} AS point").format(LABEL_POINT) if labelled else sql.SQL(""),
        columns=_listed([_column(field) for field in fields]),
        source=source,
        where=sql.SQL(" AND ").join(where),
    )
    if labelled:
        names = [sql.Composed([sql.Identifier(field.name)]) for field in fields]
        parameters["label_layer"] = label_layer(layer)
        return TileQuery(with_labels(rows, _listed(names)), parameters)
    statement = sql.SQL(
        "SELECT ST_AsMVT(t, %(layer)s, {extent}, 'geom', 'id') FROM ({rows}) AS t WHERE geom IS NOT NULL"
    ).format(extent=sql.Literal(EXTENT), rows=rows)
    return TileQuery(statement, parameters)


def restricted_rows(layer: Layer, properties: sql.Composable, tile: TileId) -> sql.Composed:
    """Id, ``properties`` and clipped geometry of the rows that are not public and that the caller may see.

    Parameters ``z``, ``x``, ``y`` and, with valid time, ``on``. A partial index has only these rows.
    """
    where = [sql.SQL("visibility > 0"), _touching(), *_large_enough(layer, tile)]
    if layer.valid_time:
        where.append(in_force("on"))
    return sql.SQL(
        "SELECT id, {properties}, {geom} AS geom, {point} AS point FROM core.{layer} WHERE {where}"
    ).format(
        properties=properties,
        point=LABEL_POINT,
        geom=_clipped(_simplified(layer, tile)),
        layer=sql.Identifier(layer.name),
        where=sql.SQL(" AND ").join(where),
    )


def value_of(field: LayerField) -> sql.Composed:
    """A field as tiles show it."""
    name = sql.Identifier(field.name)
    if field.type == "timestamp":  # independent of the session's time zone
        return sql.SQL("""to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""").format(name)
    if field.type == "date":
        return sql.SQL("{}::text").format(name)
    return sql.Composed([name])


def _column(field: LayerField) -> sql.Composed:
    return sql.SQL("{} AS {}").format(value_of(field), sql.Identifier(field.name))


def label_layer(layer: Layer) -> str:
    """The name of the MVT layer that holds a point for each feature's text."""
    return f"{layer.name}_label"


def labels_shown(layer: Layer, zoom: int) -> bool:
    """Whether tiles of this zoom hold label points: for areas, from where the layer's style writes text.

    A polygon is in every tile that it touches, and a map would write its name once in each; its label point
    is in one tile.
    """
    if not layer.geometry.endswith("Polygon"):
        return False
    text = [entry.get("minzoom", 0) for entry in layer.style if entry.get("type") == "symbol"]
    return bool(text) and zoom >= math.floor(min(text))


def with_labels(rows: sql.Composable, attributes: sql.Composable) -> sql.Composed:
    """Both MVT layers from ``rows`` of id, geom, point and ``attributes`` (a list after a comma)."""
    return sql.SQL(LABELLED).format(rows=rows, attributes=attributes)


def _listed(columns: list[sql.Composed]) -> sql.Composed:
    return sql.Composed([sql.SQL(", ") + column for column in columns])


def _clipped(geometry: sql.Composable) -> sql.Composed:
    return sql.SQL(
        "ST_AsMVTGeom({geometry}, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {extent}, {buffer}, true)"
    ).format(geometry=geometry, extent=sql.Literal(EXTENT), buffer=sql.Literal(BUFFER))


def _touching() -> sql.Composed:
    return sql.SQL("geom_3857 && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {margin})").format(
        margin=sql.Literal(BUFFER / EXTENT)
    )


def _half_pixel_m(zoom: int) -> float:
    return float(WORLD_M / 2**zoom / HALF_PIXELS_A_TILE)


def _simplified(layer: Layer, tile: TileId) -> sql.Composable:
    """Simplified by half a pixel below the layer's own last zoom; that one is overzoomed and stays exact.

    ``ST_Simplify`` may cross its own rings; ``ST_AsMVTGeom`` mends that on the tile's grid, on the few points
    left. On the 3,321 real wards at zoom 5 it takes 51 ms, ``ST_SimplifyPreserveTopology`` 2,439 ms.
    """
    if layer.geometry.endswith("Point") or tile.z >= layer.tiles.max_zoom:
        return sql.SQL("geom_3857")
    return sql.SQL("ST_Simplify(geom_3857, {}, true)").format(sql.Literal(_half_pixel_m(tile.z)))


def _large_enough(layer: Layer, tile: TileId) -> list[sql.Composed]:
    """Leave out what is smaller than half a pixel both ways, below the layer's own last zoom."""
    if layer.geometry.endswith("Point") or tile.z >= layer.tiles.max_zoom:
        return []
    return [
        sql.SQL(
            "greatest(ST_XMax(geom_3857) - ST_XMin(geom_3857), ST_YMax(geom_3857) - ST_YMin(geom_3857)) >= {}"
        ).format(sql.Literal(_half_pixel_m(tile.z)))
    ]
