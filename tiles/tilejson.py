"""TileJSON 3.0.0 (github.com/mapbox/tilejson-spec) of one or several layers. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tiles.fields import DROPPED, FEATURE_COUNT, label_layer, labels_shown, tile_fields, told_from
from tiles.points import CLASS_COUNT, COUNT, EXACT_POINTS_ZOOM, class_field, counts_points
from tiles.shapes import has_specks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.description import Layer, LayerField, Text
    from tiles.ladder.served import Rung

# Where a layer has no rows: all of Web Mercator.
WORLD = (-180.0, -85.051129, 180.0, 85.051129)
TYPES = {
    "text": ("chữ", "text"),
    "integer": ("số nguyên", "whole number"),
    "number": ("số", "number"),
    "boolean": ("đúng/sai", "true/false"),
    "date": ("ngày YYYY-MM-DD", "date YYYY-MM-DD"),
    "timestamp": ("thời điểm UTC", "time in UTC, ISO 8601"),
}


def tilejson(
    layers: list[Layer],
    bounds: tuple[float, float, float, float] | None,
    base_url: str,
    *,
    staff: bool,
    query: str = "",
    ladders: Mapping[str, Mapping[int, Rung]] = MappingProxyType({}),
    notes: Sequence[Text] = (),
) -> dict[str, Any]:
    """The document of a tileset; ``bounds`` west, south, east, north of its rows, None where it has none.

    ``query`` (with its question mark) is handed on to the tiles' address. ``ladders``: of each layer the
    rungs by zoom; they stand in the document: a reader learns what a tile from afar leaves out. ``notes``:
    what must be said of the data, e.g. that they are an approximation; they go with the attribution, which
    maps and archives show.
    """
    names = ",".join(layer.name for layer in layers)
    west, south, east, north = bounds or WORLD
    minzoom = min(layer.tiles.min_zoom for layer in layers)
    said = dict.fromkeys(both(text) for text in (*(layer.owner for layer in layers), *notes))
    return {
        "tilejson": "3.0.0",
        "name": " + ".join(layer.title.vi for layer in layers),
        "description": "\n".join(both(layer.description) for layer in layers),
        "version": "1.0.0",
        "scheme": "xyz",
        "attribution": "; ".join(said),
        "tiles": [f"{base_url}/tiles/{names}/{{z}}/{{x}}/{{y}}.mvt{query}"],
        "minzoom": minzoom,
        "maxzoom": max(layer.tiles.max_zoom for layer in layers),
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, minzoom],
        "vector_layers": [
            entry
            for layer in layers
            for entry in _vector_layers(layer, ladders.get(layer.name, {}), staff=staff)
        ],
    }


def both(text: Text) -> str:
    """Vietnamese, then English."""
    return text.vi if text.vi == text.en else f"{text.vi} · {text.en}"


def _vector_layers(layer: Layer, rungs: Mapping[int, Rung], *, staff: bool) -> list[dict[str, Any]]:
    found = [_vector_layer(layer, rungs, staff=staff)]
    zooms = [z for z in range(layer.tiles.min_zoom, layer.tiles.max_zoom + 1) if labels_shown(layer, z)]
    if zooms:
        fields = {field.name: _described(field) for field in tile_fields(layer, staff=staff)}
        names = f"Điểm ghi tên: {layer.title.vi} · Label points: {layer.title.en}"
        more = {"minzoom": zooms[0], "maxzoom": zooms[-1], "fields": fields}
        found.append({"id": label_layer(layer), "description": names, **more})
    return found


def _vector_layer(layer: Layer, rungs: Mapping[int, Rung], *, staff: bool) -> dict[str, Any]:
    fields = {
        field.name: _described(field) + _from(layer, field) for field in tile_fields(layer, staff=staff)
    }
    if counts_points(layer):
        fields |= _counted(layer, rungs)
    merged = [rung.zoom for rung in rungs.values() if rung.kind == "merged"]
    if has_specks(layer, layer.tiles.min_zoom):
        fields[FEATURE_COUNT] = (
            "Số đối tượng mà một hình thay mặt, vì gộp vào vùng cùng loại hoặc quá nhỏ để vẽ riêng"
            " · Number of features that one stands for: merged into its class, or too small to be drawn alone"
        )
    if merged:
        fields[DROPPED] = (
            f"Số đối tượng quá nhỏ, không vẽ trong mảnh này, đến mức {max(merged)}"
            f" · Number of features too small to be drawn in the tile, up to zoom {max(merged)}"
        )
    return {
        "id": layer.name,
        "description": both(layer.title),
        "minzoom": layer.tiles.min_zoom,
        "maxzoom": layer.tiles.max_zoom,
        "fields": fields,
        **({"diaban:ladder": [_rung(rung) for rung in rungs.values()]} if rungs else {}),
    }


def _counted(layer: Layer, rungs: Mapping[int, Rung]) -> dict[str, str]:
    """What features that stand for several points carry, up to the last zoom that counts."""
    last = max(
        (rung.zoom for rung in rungs.values() if rung.kind == "counted"), default=EXACT_POINTS_ZOOM - 1
    )
    if layer.tiles.min_zoom > last:
        return {}
    found = {
        COUNT: f"Số điểm mà một điểm thay mặt, đến mức {last}"
        f" · Number of points that one stands for, up to zoom {last}"
    }
    field = class_field(layer)
    for code in layer.codes.get(field.codes or "", ()) if field else ():
        title = f"{code.title.vi}: số điểm · {code.title.en}: number of points"
        found.setdefault(CLASS_COUNT + code.code, title)
    return found


def _rung(rung: Rung) -> dict[str, Any]:
    stands_for = rung.source_rows - rung.dropped
    return {"zoom": rung.zoom, "kind": rung.kind, "stands_for": stands_for, "dropped": rung.dropped}


def _from(layer: Layer, field: LayerField) -> str:
    """From which zoom the field stands in tiles, where that is not the first."""
    zoom = told_from(layer, field)
    return "" if zoom <= layer.tiles.min_zoom else f"; từ mức {zoom} · from zoom {zoom}"


def _described(field: LayerField) -> str:
    vi, en = TYPES[field.type]
    unit = f", {field.unit}" if field.unit else ""
    return f"{field.title.vi} ({vi}{unit}) · {field.title.en} ({en}{unit})"
