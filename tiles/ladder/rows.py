"""The statements of the ladder's builder. Pure: a description in, SQL out."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from geo.in_force import in_force
from tiles.fields import class_fields, json_object, tile_fields

if TYPE_CHECKING:
    from layers.description import Layer

BOX: LiteralString = "ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857)"
# A row belongs to the one tile that holds the middle of its box: so each is counted once.
OWN: LiteralString = """(ST_XMin(geom_3857) + ST_XMax(geom_3857)) / 2 >= %(own_west)s
  AND (ST_XMin(geom_3857) + ST_XMax(geom_3857)) / 2 < %(own_east)s
  AND (ST_YMin(geom_3857) + ST_YMax(geom_3857)) / 2 > %(own_south)s
  AND (ST_YMin(geom_3857) + ST_YMax(geom_3857)) / 2 <= %(own_north)s"""


def source_rows(layer: Layer) -> sql.Composed:
    """Class (a JSON object), whether the row is the tile's own, and WKB in EPSG:3857, oldest id first."""
    return sql.SQL(
        "SELECT {value}, {own}, ST_AsBinary(geom_3857) FROM pub.{layer}"
        " WHERE geom_3857 && {box} AND {in_force} ORDER BY id"
    ).format(
        value=json_object(class_fields(layer)),
        own=sql.SQL(OWN),
        layer=sql.Identifier(layer.name),
        box=sql.SQL(BOX),
        in_force=in_force("on") if layer.valid_time else sql.SQL("true"),
    )


def turning_days(layer: Layer) -> sql.Composed:
    """The last day on or before ``on``, and the first after, on which a row of the box changes its force."""
    return sql.SQL(
        "SELECT max(day) FILTER (WHERE day <= %(on)s), min(day) FILTER (WHERE day > %(on)s)"
        " FROM pub.{layer}, LATERAL (VALUES (valid_from), (valid_to)) AS turn(day) WHERE geom_3857 && {box}"
    ).format(layer=sql.Identifier(layer.name), box=sql.SQL(BOX))


def outline_rows(layer: Layer) -> sql.Composed:
    """Id, validity, properties and WKB of every row, of all periods."""
    period = "valid_from, valid_to" if layer.valid_time else "NULL::date, NULL::date"
    return sql.SQL(
        "SELECT id, {period}, {value}, ST_AsBinary(geom_3857) FROM pub.{layer} ORDER BY id"
    ).format(
        period=sql.SQL(period),
        value=json_object(tile_fields(layer, staff=False)),
        layer=sql.Identifier(layer.name),
    )
