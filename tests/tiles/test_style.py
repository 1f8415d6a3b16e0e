"""Styles and legends of the built-in layers, checked for what MapLibre would refuse or fetch elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from layers.description import Layer
from layers.registry import load
from tiles.fields import tile_fields
from tiles.style import SEVERAL, SINGLE, legend, style, style_layers

if TYPE_CHECKING:
    from collections.abc import Iterator

LAYERS = load()
BASE = "https://bando.example.vn"
TYPES = {"fill", "line", "circle", "symbol", "heatmap", "fill-extrusion"}


def lists(value: object) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
        for part in value:
            yield from lists(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from lists(part)


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from strings(part)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return style("map", "Diaban", list(LAYERS.values()), BASE)


def test_ids_are_unique_and_sources_are_there(document: dict[str, Any]) -> None:
    ids = [each["id"] for each in document["layers"]]
    assert len(ids) == len(set(ids))
    assert list(document["sources"]) == list(LAYERS)
    for each in document["layers"]:
        assert each["id"].startswith(f"{each['source']}:")
        areas = LAYERS[each["source"]].geometry == "MultiPolygon"
        drawn = "_label" if areas and each["type"] == "symbol" else ""
        assert each["source-layer"] == each["source"] + drawn and each["source"] in document["sources"]
        assert each["type"] in TYPES


def test_no_foreign_host(document: dict[str, Any]) -> None:
    assert document["glyphs"] == f"{BASE}/styles/glyphs/{{fontstack}}/{{range}}.pbf"
    assert document["sprite"] == f"{BASE}/styles/map/sprite"
    found = [text for text in strings(document) if "://" in text]
    assert all(text.startswith((f"{BASE}/tiles/", f"{BASE}/styles/")) for text in found)


def test_icons_that_styles_name_are_there(document: dict[str, Any]) -> None:
    icons = {f"{layer.name}:{icon}" for layer in LAYERS.values() for icon in layer.icons}
    named = {
        each["layout"]["icon-image"] for each in document["layers"] if "icon-image" in each.get("layout", {})
    }
    assert named and named <= icons


def test_colours_are_written_out(document: dict[str, Any]) -> None:
    assert "$colors" not in str(document)
    matches = [each for each in lists(document["layers"]) if each and each[0] == "match"]
    assert matches
    for each in matches:
        labels, outputs = each[2:-1:2], [*each[3:-1:2], each[-1]]
        assert len(each) % 2 == 1 and labels
        flat = [label for found in labels for label in (found if isinstance(found, list) else [found])]
        assert len(flat) == len(set(flat)) and all(isinstance(label, str) for label in flat)
        assert all(isinstance(output, str | int | float) for output in outputs)


def test_expressions_ask_for_fields_that_the_tile_has(document: dict[str, Any]) -> None:
    for each in document["layers"]:
        in_tile = {field.name for field in tile_fields(LAYERS[each["source"]], staff=False)} | {"point_count"}
        asked = [found[1] for found in lists(each) if found and found[0] == "get"]
        assert set(asked) <= in_tile, each["id"]


@pytest.mark.parametrize("name", LAYERS)
def test_a_legend_has_a_colour_and_words_for_every_entry(name: str) -> None:
    entries = legend(LAYERS[name])
    assert entries
    values = [entry["value"] for entry in entries]
    assert len(values) == len(set(values))
    for entry in entries:
        assert entry["color"].startswith("#") and entry["label"]["vi"] and entry["label"]["en"]


def made_up(geometry: str, **more: Any) -> Layer:
    text = {"vi": "x", "en": "x"}
    field = {"name": "kind", "type": "text", "title": text, "codes": "kinds"}
    codes = {
        "kinds": [
            {"code": "a", "title": text, "color": "#000001"},
            {"code": "a", "title": text, "color": "#000002"},
        ]
    }
    words = dict.fromkeys(("title", "description", "owner", "licence"), text)
    return Layer.model_validate(
        {"name": "x", **words, "geometry": geometry, "fields": [field], "codes": codes, **more}
    )


@pytest.mark.parametrize(
    ("geometry", "types"),
    [
        ("Point", ["circle", "circle", "symbol"]),
        ("MultiLineString", ["line"]),
        ("MultiPolygon", ["fill", "line"]),
    ],
)
def test_a_layer_without_a_style_is_drawn_by_its_geometry(geometry: str, types: list[str]) -> None:
    drawn = style_layers(made_up(geometry, legend={"field": "kind"}))
    assert [each["type"] for each in drawn] == types
    # A code that stands twice in its list is one label: MapLibre refuses a match with two.
    match = ["match", ["to-string", ["get", "kind"]], "a", "#000001", "#8a9199"]
    assert match in list(drawn[0]["paint"].values())


def test_points_that_stand_for_several_are_drawn_by_their_number_and_by_nothing_else() -> None:
    style = [{"id": "p", "type": "circle", "filter": ["==", ["get", "kind"], "a"], "paint": {}}]
    single, circle, number = style_layers(made_up("Point", style=style, legend={"field": "kind"}))
    assert single["filter"] == ["all", SINGLE, style[0]["filter"]]
    assert (circle["id"], number["id"]) == ("x:cluster", "x:cluster-count")
    assert circle["filter"] == number["filter"] == SEVERAL
    assert ["get", "point_count"] in list(lists(circle["paint"]["circle-radius"]))


def test_a_list_without_colours_is_one_colour() -> None:
    colors = {"$colors": "kind", "default": "#123456"}
    layer = made_up("Point", style=[{"id": "p", "type": "circle", "paint": {"circle-color": colors}}])
    plain = layer.model_copy(update={"codes": {"kinds": ()}})
    assert style_layers(plain)[0]["paint"]["circle-color"] == "#123456"
