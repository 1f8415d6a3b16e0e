"""TileJSON 3.0.0: required members, their ranges, fields in words."""

from __future__ import annotations

import pytest

from layers.registry import load
from tiles.fields import tile_fields
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


@pytest.mark.parametrize(
    ("name", "zoom", "shown"),
    [
        ("admin_units", 7, {"name", "kind"}),  # the code of a ward makes a tile of 3,321 of them too large
        ("admin_units", 8, {"code", "name", "kind"}),
        ("crop_areas", 7, {"area_name", "crop", "market", "status", "puc_code"}),  # its style reads the code
    ],
)
def test_from_afar_a_tile_tells_what_a_map_shows(name: str, zoom: int, shown: set[str]) -> None:
    layer = LAYERS[name]
    assert {field.name for field in tile_fields(layer, staff=False, zoom=zoom)} == shown


def test_the_document_says_from_which_zoom_a_field_is_told() -> None:
    (entry, *_) = tilejson([LAYERS["admin_units"]], None, "", staff=False)["vector_layers"]
    assert entry["fields"]["code"].endswith("; từ mức 8 · from zoom 8")
    assert "from zoom" not in entry["fields"]["name"] + entry["fields"]["kind"]
