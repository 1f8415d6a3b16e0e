"""What of a layer's description stands in its tiles: attributes, labels, their names. Pure."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from layers.description import Layer, LayerField

LAST_ZOOM = 22
# On a feature that stands for several rows: how many. Features that are one row do not have it.
FEATURE_COUNT = "feature_count"
# On the first feature of a merged tile only: rows whose class is too small to be drawn anywhere in it.
DROPPED = "dropped_count"


def tile_fields(layer: Layer, *, staff: bool, zoom: int = LAST_ZOOM) -> tuple[LayerField, ...]:
    """The fields that stand in a tile and that the caller may see: label, legend, those with ``tile: true``.

    In the order of the description. From afar (:func:`told_from`) only what a map shows of them.
    """
    wanted = {layer.label, layer.legend.field} | {field.name for field in layer.fields if field.tile}
    known = tuple(field for field in layer.fields_for(staff=staff) if field.name in wanted)
    first = first_text(layer)
    if first is None or zoom >= first:  # most tiles: without looking through the style
        return known
    afar = max(zoom, layer.tiles.min_zoom)
    return tuple(field for field in known if afar >= told_from(layer, field)) or known


def told_from(layer: Layer, field: LayerField) -> int:
    """The zoom from which ``field`` stands in tiles.

    Label, classes and what the style reads: from the first. What else is told of a single row only makes
    tiles larger until rows can be told apart: until texts are shown, in layers that have texts.
    """
    if field.codes or field.name == layer.label or json.dumps(field.name) in json.dumps(layer.style):
        return layer.tiles.min_zoom
    first = first_text(layer)
    return layer.tiles.min_zoom if first is None else min(first, layer.tiles.max_zoom)


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
    first = first_text(layer)
    return layer.geometry.endswith("Polygon") and first is not None and zoom >= first


def first_text(layer: Layer) -> int | None:
    """The first zoom at which the layer's style writes text; None where it writes none."""
    text = [entry.get("minzoom", 0) for entry in layer.style if entry.get("type") == "symbol"]
    return math.floor(min(text)) if text else None
