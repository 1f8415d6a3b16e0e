"""Numbers, dates and codes as readers of each language write them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from geo.words import feature_title, number_words, rows, subtitle, time_words, value_words
from layers.registry import load

LAYERS = load()
LAND_USE = LAYERS["land_use"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (7, "7"),
        (1234567, {"vi": "1.234.567", "en": "1,234,567"}),
        (12345.678, {"vi": "12.345,678", "en": "12,345.678"}),
        (0.5, {"vi": "0,5", "en": "0.5"}),
        (100.0, "100"),
        (-1500.25, {"vi": "-1.500,25", "en": "-1,500.25"}),
        (0.00012345, {"vi": "0,000123", "en": "0.000123"}),
    ],
)
def test_numbers(value: float, words: object) -> None:
    assert number_words(value) == words


def test_numbers_without_a_unit_are_names() -> None:
    assert value_words(LAND_USE, LAND_USE.field("parcel_number"), 12345) == "12345"
    population = LAYERS["admin_units"].field("population")
    assert value_words(LAYERS["admin_units"], population, 84210) == {"vi": "84.210", "en": "84,210"}


def test_time_is_that_of_vietnam() -> None:
    moment = datetime(2026, 6, 30, 17, 5, tzinfo=UTC)
    assert time_words(moment) == {"vi": "00:05 01/07/2026", "en": "1 Jul 2026, 00:05"}


def test_codes_are_words_and_an_unknown_one_stays() -> None:
    field = LAND_USE.field("code")
    assert value_words(LAND_USE, field, "LUC") == {
        "vi": "Đất chuyên trồng lúa (LUC)",
        "en": "Dedicated (wet) rice land (LUC)",
    }
    assert value_words(LAND_USE, field, "???") == "???"
    category = LAYERS["reports"].field("category")
    code = LAYERS["reports"].codes["categories"][0]
    assert value_words(LAYERS["reports"], category, code.code) == {"vi": code.title.vi, "en": code.title.en}


def test_rows_leave_out_what_is_not_there_and_end_with_validity() -> None:
    layer = LAYERS["admin_units"]
    values = {"name": "Phường 1", "district_name": "", "valid_from": date(2025, 7, 1), "valid_to": None}
    found = rows(layer, layer.fields_for(staff=False), values)
    assert [row["name"] for row in found] == ["name", "valid_from"]
    assert found[1]["value"] == {"vi": "01/07/2025", "en": "1 Jul 2025"}


def test_titles() -> None:
    assert feature_title(LAND_USE, {"id": 3, "parcel": "12/7"}) == "12/7"
    assert feature_title(LAND_USE, {"id": 3, "parcel": None}) == {
        "vi": "Hiện trạng sử dụng đất 3",
        "en": "Present land use 3",
    }
    units = LAYERS["admin_units"]
    fields = units.fields_for(staff=False)
    assert subtitle(units, fields, {"code": "29869", "kind": "phuong", "name": "x"})["vi"] == "29869 · Phường"
    assert subtitle(units, fields, {"name": "x"}) == {"vi": "", "en": ""}
