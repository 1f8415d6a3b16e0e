"""MapLibre style documents made from the layers' own descriptions. Pure.

A layer's ``style.json`` is a list of MapLibre layers without ``source``; in it ``{"$colors": field,
"default": color}`` stands for the colours of that field's code list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiles.fields import label_layer
from tiles.points import COUNT, counts_points

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.description import Code, Layer

NO_COLOR = "#8a9199"
SINGLE = ["<=", ["coalesce", ["get", COUNT], 1], 1]
SEVERAL = [">", ["coalesce", ["get", COUNT], 1], 1]


def style(name: str, title: str, layers: list[Layer], base_url: str) -> dict[str, Any]:
    """A style with one vector source and the style layers of each of ``layers``, the first one undermost.

    No foreign address: letters and icons are served here too (:mod:`tiles.glyphs`, :mod:`tiles.sprites`).
    """
    return {
        "version": 8,
        "name": title,
        "metadata": {"diaban:style": name},
        "glyphs": f"{base_url}/styles/glyphs/{{fontstack}}/{{range}}.pbf",
        "sprite": f"{base_url}/styles/map/sprite",
        "sources": {
            layer.name: {"type": "vector", "url": f"{base_url}/tiles/{layer.name}.json"} for layer in layers
        },
        "layers": [entry for layer in layers for entry in style_layers(layer)],
    }


def style_layers(layer: Layer) -> list[dict[str, Any]]:
    """The layer's own style, or one by geometry type, with ids ``<layer>:<id>`` and colours written out."""
    areas = layer.geometry.endswith("Polygon")
    drawn = layer.style or _default_style(layer)
    if counts_points(layer):
        drawn = (*(_single(entry) for entry in drawn), *clusters(layer))
    return [
        {
            **{key: _expanded(layer, value) for key, value in entry.items()},
            "id": f"{layer.name}:{entry['id']}",
            "source": layer.name,
            # Names of areas are drawn from points of their own: once a feature, not once a tile.
            "source-layer": label_layer(layer) if entry["type"] == "symbol" and areas else layer.name,
        }
        for entry in drawn
    ]


def clusters(layer: Layer) -> tuple[dict[str, Any], ...]:
    """Points from afar: a circle with their number, in the colour of the commonest class.

    Circles grow with the root of the number, so that twice the area is twice as many.
    """
    color: Any = layer.legend.color or NO_COLOR
    if layer.legend.field is not None:
        color = {"$colors": layer.legend.field}
    number = ["get", COUNT]
    radius = ["interpolate", ["linear"], ["sqrt", number], 1, 6, 3, 9, 10, 13, 100, 20, 1000, 26]
    circle = {
        "id": "cluster",
        "type": "circle",
        "filter": SEVERAL,
        "layout": {"circle-sort-key": number},
        "paint": {
            "circle-color": color,
            "circle-opacity": 0.85,
            "circle-radius": radius,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 1.2,
        },
    }
    short = ["number-format", ["/", number, 1000], {"locale": "vi", "max-fraction-digits": 1}]
    words = {
        "id": "cluster-count",
        "type": "symbol",
        "filter": SEVERAL,
        "layout": {
            "text-field": ["step", number, ["to-string", number], 1000, ["concat", short, "k"]],
            "text-font": ["Be Vietnam Pro SemiBold"],
            "text-size": 11,
            "symbol-sort-key": ["-", 0, number],
        },
        "paint": {"text-color": "#14181c", "text-halo-color": "#ffffff", "text-halo-width": 1.6},
    }
    return circle, words


def _single(entry: dict[str, Any]) -> dict[str, Any]:
    """The style layer without the features that stand for several points."""
    if entry["type"] == "heatmap":
        return entry
    return {**entry, "filter": ["all", SINGLE, entry["filter"]] if "filter" in entry else SINGLE}


def legend(layer: Layer) -> list[dict[str, Any]]:
    """Entries ``{value, label {vi, en}, color, shape}``; ``value`` None in a legend of one entry.

    A code that stands in its list under several schemes is one entry, the first one's.
    """
    shape = layer.legend.shape
    codes = _codes(layer, layer.legend.field)
    if not codes:
        label = layer.title.model_dump()
        return [{"value": None, "label": label, "color": layer.legend.color or NO_COLOR, "shape": shape}]
    return [
        {
            "value": code.code,
            "label": code.title.model_dump(),
            "color": code.color or layer.legend.color or NO_COLOR,
            "shape": shape,
        }
        for code in codes
    ]


def _codes(layer: Layer, field: str | None) -> Iterable[Code]:
    """The entries of a field's code list, each code once: a ``match`` refuses a label that stands twice."""
    found: dict[str, Code] = {}
    if field is not None:
        for code in layer.codes.get(layer.field(field).codes or "", ()):
            found.setdefault(code.code, code)
    return found.values()


def _expanded(layer: Layer, value: Any) -> Any:  # noqa: ANN401 - a JSON value
    if isinstance(value, dict):
        if "$colors" in value:
            return _match(layer, value["$colors"], value.get("default"))
        return {key: _expanded(layer, part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_expanded(layer, part) for part in value]
    return value


def _match(layer: Layer, field: str, default: str | None) -> list[Any] | str:
    otherwise = default or layer.legend.color or NO_COLOR
    pairs = [part for code in _codes(layer, field) if code.color for part in (code.code, code.color)]
    return ["match", ["to-string", ["get", field]], *pairs, otherwise] if pairs else otherwise


def _default_style(layer: Layer) -> tuple[dict[str, Any], ...]:
    color: Any = layer.legend.color or NO_COLOR
    if layer.legend.field is not None:
        color = {"$colors": layer.legend.field}
    if layer.geometry.endswith("Point"):
        paint = {
            "circle-color": color,
            "circle-radius": 4,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 1,
        }
        return ({"id": "point", "type": "circle", "paint": paint},)
    line = {"id": "line", "type": "line", "paint": {"line-color": color, "line-width": 1.5}}
    if layer.geometry.endswith("LineString"):
        return (line,)
    return ({"id": "fill", "type": "fill", "paint": {"fill-color": color, "fill-opacity": 0.4}}, line)
