"""Parts of the statements that draw areas and lines into a tile. Pure.

They bind ``z``, ``x`` and ``y`` and speak of a row's ``geom_3857``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from geo.in_force import in_force
from tiles.ground import WORLD_M

if TYPE_CHECKING:
    from geo.types import TileId
    from layers.description import Layer

EXTENT = 4096
BUFFER = 64
# A tile is drawn at 512 pixels, so half a pixel is 1/1024 of its side (38 m at zoom 10, 0.6 m at zoom 16).
HALF_PIXELS_A_TILE = 1024
# In one tile only: nothing reaches over its border.
LABEL_POINT = sql.SQL(
    "ST_AsMVTGeom(ST_PointOnSurface(geom_3857), ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 0, true)"
)
# In order, so that a tile's bytes follow from its features and not from the plan of the day: a worker's tile
# is another's, and an archive's the live one. What stands for several features has no id.
LABELLED: LiteralString = """
WITH found AS MATERIALIZED ({rows} ORDER BY id, geom)
SELECT coalesce((SELECT ST_AsMVT(t, %(layer)s, 4096, 'geom', 'id')
                   FROM (SELECT id, geom{attributes} FROM found WHERE geom IS NOT NULL) AS t), '')
    || coalesce((SELECT ST_AsMVT(t, %(label_layer)s, 4096, 'geom', 'id')
                   FROM (SELECT id, point AS geom{attributes} FROM found WHERE point IS NOT NULL) AS t), '')
"""
# OFFSET 0 keeps the planner from putting the test inside, where every geometry would be clipped twice: half
# of what a tile of parcels costs.
DRAWN: LiteralString = (
    "SELECT ST_AsMVT(t, %(layer)s, 4096, 'geom', 'id')"
    " FROM ({rows} ORDER BY id, geom OFFSET 0) AS t WHERE geom IS NOT NULL"
)
# A valid star of 20,000 vertices takes ST_AsMVTGeom 19 s at zoom 6, whatever the timeout. What has
# more corners, each half a pixel off its neighbours' line, than four times its box has half pixels around is
# no shape that anyone could see: its hull is drawn.
MANY_VERTICES = 5_000
SIMPLIFIED: LiteralString = """CASE
  WHEN ST_NPoints({geometry}) <= {many}
    OR ST_NPoints(ST_Simplify({geometry}, {half_pixel}, true)) <= greatest({many}, 8 / {half_pixel} * (
       ST_XMax({geometry}) - ST_XMin({geometry}) + ST_YMax({geometry}) - ST_YMin({geometry})))
  THEN ST_Simplify({geometry}, {half_pixel}, true)
  ELSE ST_ConvexHull({geometry}) END"""
# A tile is stretched to twice its size before the next zoom's take its place.
LABELLED_PIXELS = 10
# Sides of the box in metres of EPSG:3857.
SIZE = sql.SQL("greatest(ST_XMax(geom_3857) - ST_XMin(geom_3857), ST_YMax(geom_3857) - ST_YMin(geom_3857))")
MIDDLE = sql.SQL("ST_Centroid(ST_Envelope(geom_3857))")


def label_point(layer: Layer, zoom: int) -> sql.Composable:
    """Where a row's text stands; NULL where not even a short word has room (the dearest part of such a tile).

    Above the layer's last zoom a client stretches its tiles, so there every row has its point.
    """
    if not has_specks(layer, zoom):
        return LABEL_POINT
    return sql.SQL("CASE WHEN {} >= {} THEN {} END").format(
        SIZE, sql.Literal(2 * LABELLED_PIXELS * half_pixel_m(zoom)), LABEL_POINT
    )


def with_labels(rows: sql.Composable, attributes: sql.Composable) -> sql.Composed:
    """Both MVT layers from ``rows`` of id, geom, point and ``attributes`` (a list after a comma)."""
    return sql.SQL(LABELLED).format(rows=rows, attributes=attributes)


def touching() -> sql.Composed:
    """The box test that finds the rows of the tile, its buffer included."""
    return sql.SQL("geom_3857 && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => {margin})").format(
        margin=sql.Literal(BUFFER / EXTENT)
    )


def clipped(geometry: sql.Composable) -> sql.Composed:
    """``geometry`` on the tile's grid."""
    return sql.SQL(
        "ST_AsMVTGeom({geometry}, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), {extent}, {buffer}, true)"
    ).format(geometry=geometry, extent=sql.Literal(EXTENT), buffer=sql.Literal(BUFFER))


def half_pixel_m(zoom: int) -> float:
    """Metres of EPSG:3857."""
    return float(WORLD_M / 2**zoom / HALF_PIXELS_A_TILE)


def simplified(layer: Layer, tile: TileId, geometry: LiteralString = "geom_3857") -> sql.Composable:
    """Simplified by half a pixel below the layer's own last zoom; that one is overzoomed and stays exact.

    ``ST_Simplify`` may cross its own rings; ``ST_AsMVTGeom`` mends that on the tile's grid, on the few points
    left. On the 3,321 real wards at zoom 5 it takes 51 ms, ``ST_SimplifyPreserveTopology`` 2,439 ms.
    """
    if layer.geometry.endswith("Point") or tile.z >= layer.tiles.max_zoom:
        return sql.SQL(geometry)
    return sql.SQL(SIMPLIFIED).format(
        geometry=sql.SQL(geometry),
        half_pixel=sql.Literal(half_pixel_m(tile.z)),
        many=sql.Literal(MANY_VERTICES),
    )


def has_specks(layer: Layer, zoom: int) -> bool:
    """Whether rows smaller than half a pixel are drawn as specks: below the layer's own last zoom."""
    return not layer.geometry.endswith("Point") and zoom < layer.tiles.max_zoom


def speck(layer: Layer, middle: sql.Composable, zoom: int) -> sql.Composed:
    """The smallest mark of a map around ``middle``: two pixels of an area, two pixels' length of a line."""
    pixel = sql.Literal(2 * half_pixel_m(zoom))
    if layer.geometry.endswith("Polygon"):
        return sql.SQL("ST_Expand({}, {})").format(middle, pixel)
    return sql.SQL("ST_MakeLine(ST_Translate({0}, -{1}, 0), ST_Translate({0}, {1}, 0))").format(middle, pixel)


def restricted_rows(layer: Layer, properties: sql.Composable, tile: TileId) -> sql.Composed:
    """Id, ``properties`` and clipped geometry of the rows that are not public and that the caller may see.

    With valid time ``on`` is bound too. A partial index has only these rows; they are few, and each is drawn.
    """
    where = [sql.SQL("visibility > 0"), touching()]
    if layer.valid_time:
        where.append(in_force("on"))
    geometry = simplified(layer, tile)
    if has_specks(layer, tile.z):
        geometry = sql.SQL("CASE WHEN {} >= {} THEN {} ELSE {} END").format(
            SIZE, sql.Literal(half_pixel_m(tile.z)), geometry, speck(layer, MIDDLE, tile.z)
        )
    return sql.SQL(
        "SELECT id, {properties}, {geom} AS geom, {point} AS point FROM core.{layer} WHERE {where}"
    ).format(
        properties=properties,
        point=LABEL_POINT,
        geom=clipped(geometry),
        layer=sql.Identifier(layer.name),
        where=sql.SQL(" AND ").join(where),
    )
