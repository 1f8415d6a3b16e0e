"""The layers that come with the product: complete, bilingual, in official colours."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

import pytest

from layers.registry import BUILT_IN, load

if TYPE_CHECKING:
    from layers.description import Layer, Text

LAYERS = load()


def _texts(layer: Layer) -> list[Text]:
    own = [layer.title, layer.description, layer.owner, layer.licence]
    codes = [code.title for codes in layer.codes.values() for code in codes]
    return own + [field.title for field in layer.fields] + codes


def test_the_seven_layers_in_drawing_order() -> None:
    assert list(LAYERS) == [
        "admin_units", "land_use", "zoning", "crop_areas", "farms", "cameras", "reports",
    ]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
def test_texts_are_bilingual_and_nfc(layer: Layer) -> None:
    for text in _texts(layer):
        assert text.vi.strip() and text.en.strip()
        assert unicodedata.is_normalized("NFC", text.vi)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
def test_codes_are_unique_and_legends_have_colours(layer: Layer) -> None:
    for codes in layer.codes.values():
        names = [code.code for code in codes]
        assert len(names) == len(set(names))
    if layer.legend.field and layer.name != "land_use":
        list_name = layer.field(layer.legend.field).codes
        assert list_name and all(code.color for code in layer.codes[list_name])


def test_official_colours() -> None:
    land_use = {code.code: code for code in LAYERS["land_use"].codes["land_use_codes"]}
    assert (land_use["LUC"].color, land_use["ODT"].color, land_use["DGT"].color) == (
        "#fffc8c", "#ffa0ff", "#ffaa32",
    )  # fmt: skip
    # Types that TT 08/2024 added have no published colour here: none is invented for them.
    assert {code.scheme for code in land_use.values() if code.color is None} == {"TT08_2024"}
    zoning = {code.code: code.color for code in LAYERS["zoning"].codes["functions"]}
    assert zoning["DAT_O_Nhomnhao"] == "#cc9900" and zoning["DAT_HTXH_CayxanhCC"] == "#66cc00"


def test_personal_data_is_never_public() -> None:
    private = {(layer.name, field.name) for layer in LAYERS.values() for field in layer.private_fields}
    assert private == {
        ("crop_areas", "owner_name"), ("crop_areas", "owner_phone"),
        ("farms", "owner_name"), ("farms", "owner_phone"), ("farms", "owner_id_number"),
        ("reports", "reporter_name"), ("reports", "reporter_phone"), ("reports", "photo"),
    }  # fmt: skip
    staff = {(x.name, f.name) for x in LAYERS.values() for f in x.fields if f.visible == "staff"}
    assert {("reports", "text"), ("farms", "address"), ("cameras", "stream_url")} <= staff


def test_crops_are_the_same_list_in_both_layers() -> None:
    assert LAYERS["crop_areas"].codes["crops"] == LAYERS["farms"].codes["crops"]


def test_reports_have_23_categories_and_7_channels() -> None:
    codes = LAYERS["reports"].codes
    assert (len(codes["categories"]), len(codes["channels"])) == (23, 7)


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS.keys())
def test_style_reads_only_what_tiles_carry(layer: Layer) -> None:
    carried = {field.name for field in layer.fields if field.tile} | {layer.label, layer.legend.field}
    if layer.geometry == "Point":
        carried.add("point_count")  # what the tile room writes on points drawn as one
    text = json.dumps(layer.style)
    assert set(re.findall(r'\["get", "(\w+)"\]', text)) <= carried
    assert set(re.findall(r'"\$colors": "(\w+)"', text)) <= carried
    ids = [part["id"] for part in layer.style]
    assert ids and len(ids) == len(set(ids))
    assert all("source" not in part and "source-layer" not in part for part in layer.style)
    for part in layer.style:
        if "text-field" in part.get("layout", {}):
            assert part["layout"]["text-font"] == ["Be Vietnam Pro"]


def test_nothing_of_a_style_lies_outside_the_zooms_of_its_tiles() -> None:
    for layer in LAYERS.values():
        for part in layer.style:
            assert part.get("minzoom", layer.tiles.min_zoom) >= layer.tiles.min_zoom, (layer.name, part["id"])


def test_folders_hold_data_only() -> None:
    assert not list(BUILT_IN.glob("*/**/*.py"))
