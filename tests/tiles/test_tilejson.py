"""TileJSON 3.0.0: required members, their ranges, fields in words."""

from __future__ import annotations

import pytest

from layers.registry import load
from tiles.tilejson import tilejson

LAYERS = load()


@pytest.mark.parametrize("name", LAYERS)
def test_one_layer(name: str) -> None:
    layer = LAYERS[name]
    document = tilejson([layer], (105.1, 10.1, 106.0, 10.9), "https://x.vn", staff=False)
    assert document["tilejson"] == "3.0.0"
    assert 0 <= document["minzoom"] <= document["maxzoom"] <= 30
    assert document["bounds"] == [105.1, 10.1, 106.0, 10.9]
    assert document["center"] == [pytest.approx(105.55), pytest.approx(10.5), document["minzoom"]]
    assert document["tiles"] == [f"https://x.vn/tiles/{name}/{{z}}/{{x}}/{{y}}.mvt"]
    entry, *labels = document["vector_layers"]
    assert [each["id"] for each in labels] == ([f"{name}_label"] if layer.geometry == "MultiPolygon" else [])
    assert entry["id"] == name and layer.label in entry["fields"]
    private = {field.name for field in layer.fields if field.visible != "public"}
    assert not private & set(entry["fields"])
    assert all(isinstance(text, str) and " · " in text for text in entry["fields"].values())


def test_several_layers_and_no_rows() -> None:
    chosen = [LAYERS["zoning"], LAYERS["farms"]]
    document = tilejson(chosen, None, "", staff=True, query="?datetime=2026-01-01")
    assert document["bounds"] == [-180.0, -85.051129, 180.0, 85.051129]
    assert (document["minzoom"], document["maxzoom"]) == (8, 16)
    assert document["tiles"] == ["/tiles/zoning,farms/{z}/{x}/{y}.mvt?datetime=2026-01-01"]
