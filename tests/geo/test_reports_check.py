"""What a citizen may send."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.reports import new_report
from layers.registry import BUILT_IN, load_layer

CATEGORIES = load_layer(BUILT_IN / "reports").codes["categories"]
GOOD: dict[str, Any] = {"lon": "105.61", "lat": "10.51", "category": "GT", "text": "Ổ gà lớn trước cổng chợ"}
SQL = "'; DROP TABLE core.reports; --"


def test_the_least_that_is_needed() -> None:
    report = new_report(GOOD, CATEGORIES)
    assert (report.position.lon, report.position.lat) == (105.61, 10.51)
    assert (report.accuracy_m, report.contact_name, report.contact_phone, report.photo) == (None,) * 4


def test_all_of_it_and_blank_fields_of_a_form() -> None:
    report = new_report(
        GOOD | {"accuracy_m": "12.5", "contact_name": " Nguyễn Văn A ", "contact_phone": "0912 345.678"},
        CATEGORIES,
    )
    assert (report.accuracy_m, report.contact_name, report.contact_phone) == (
        12.5,
        "Nguyễn Văn A",
        "0912345678",
    )
    blank = new_report(GOOD | {"accuracy_m": "", "contact_name": "", "contact_phone": ""}, CATEGORIES)
    assert (blank.accuracy_m, blank.contact_name, blank.contact_phone) == (None, None, None)


def test_text_is_nfc_and_counted_after_it() -> None:
    decomposed = "O\u0302\u0309 ga\u0300 lo\u031b\u0301n"  # "Ổ gà lớn" in pieces: 13 code points, 8 letters
    with pytest.raises(InvalidInput):
        new_report(GOOD | {"text": decomposed}, CATEGORIES)
    assert new_report(GOOD | {"text": decomposed + "\r\nở"}, CATEGORIES).text == "Ổ gà lớn\nở"
    assert len(new_report(GOOD | {"text": "ế" * 1000}, CATEGORIES).text) == 1000
    assert new_report(GOOD | {"text": "Cháy 🔥 👨‍👩‍👧 ở chợ"}, CATEGORIES).text == "Cháy 🔥 👨‍👩‍👧 ở chợ"


@pytest.mark.parametrize(
    ("lon", "lat"), [("10.51", "105.61"), (10.51, 105.61), ("8.6", "104.7"), ("23.3", "105.3")]
)
def test_exchanged_axes_are_refused_with_the_exchange(lon: object, lat: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        new_report(GOOD | {"lon": lon, "lat": lat}, CATEGORIES)
    assert caught.value.parameter == "lon,lat"
    assert f"lon={float(str(lat)):g}, lat={float(str(lon)):g}" in caught.value.allowed_vi


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lon", None), ("lon", ""), ("lon", "nan"), ("lon", "inf"), ("lon", "1e400"), ("lon", "181"),
        ("lon", SQL), ("lon", True), ("lon", [105.6]), ("lon", {"a": 1}),
        ("lat", None), ("lat", "-inf"), ("lat", "90.0001"), ("lat", SQL),
        ("category", None), ("category", "gt"), ("category", "XX"), ("category", SQL), ("category", 1),
        ("text", None), ("text", "ngắn quá"), ("text", " " * 50), ("text", "x" * 1001), ("text", 12345678901),
        ("text", "Ổ gà lớn\x00 trước chợ"), ("text", "Ổ gà lớn\x1b[31m trước"),
        ("text", "Ổ gà lớn \ud800 trước"),
        ("text", "Ổ gà lớn \u202e trước chợ"), ("text", "Ổ gà lớn \x85 trước chợ"),
        ("accuracy_m", "-1"), ("accuracy_m", "10001"), ("accuracy_m", "nan"), ("accuracy_m", SQL),
        ("contact_name", "x" * 121), ("contact_name", "A\nB"), ("contact_name", "A\x00"), ("contact_name", 5),
        ("contact_phone", "113"), ("contact_phone", SQL), ("contact_phone", "+84" + "1" * 20),
        ("contact_phone", "٠٩١٢٣٤٥٦٧٨"),
    ],
)  # fmt: skip
def test_refused_with_what_is_allowed(field: str, value: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        new_report(GOOD | {field: value}, CATEGORIES)
    assert caught.value.parameter == field
    assert caught.value.allowed_vi
    assert caught.value.allowed_en
    if field.startswith("contact"):
        assert str(value) not in caught.value.vi  # never shown again: not in the answer, not in a log


@given(st.text(max_size=1200))
def test_any_text_is_taken_clean_or_refused(words: str) -> None:
    try:
        taken = new_report(GOOD | {"text": words}, CATEGORIES).text
    except InvalidInput:
        return
    assert 10 <= len(taken) <= 1000
    taken.encode()
    assert "\x00" not in taken
