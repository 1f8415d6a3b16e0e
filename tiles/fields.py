"""What of a layer's description stands in its tiles: attributes, labels, their names. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from layers.description import Layer, LayerField

# On a feature that stands for several rows: how many. Features that are one row do not have it.
FEATURE_COUNT = "feature_count"
# On the first feature of a merged tile only: rows whose class is too small to be drawn anywhere in it.
DROPPED = "dropped_count"


def tile_fields(layer: Layer, *, staff: bool) -> tuple[LayerField, ...]:
    """The fields that stand in a tile and that the caller may see: label, legend, those with ``tile: true``.

    In the order of the description.
    """
    wanted = {layer.label, layer.legend.field} | {field.name for field in layer.fields if field.tile}
    return tuple(field for field in layer.fields_for(staff=staff) if field.name in wanted)


def class_fields(layer: Layer) -> tuple[LayerField, ...]:
    """The fields by which rows are merged: public, coded, in tiles; the legend's first."""
    coded = [field for field in tile_fields(layer, staff=False) if field.codes]
    return tuple(sorted(coded, key=lambda field: field.name != layer.legend.field))


def value_of(field: LayerField) -> sql.Composed:
    """A field as tiles show it."""
    name = sql.Identifier(field.name)
    if field.type == "timestamp":  # independent of the session's time zone
        return sql.SQL("""to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""").format(name)
    if field.type == "date":
        return sql.SQL("{}::text").format(name)
    return sql.Composed([name])


def json_object(fields: tuple[LayerField, ...]) -> sql.Composed:
    """``jsonb_build_object`` of these fields as tiles show them."""
    parts = [sql.SQL("{}, {}").format(sql.Literal(field.name), value_of(field)) for field in fields]
    return sql.SQL("jsonb_build_object({})").format(sql.SQL(", ").join(parts))


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
