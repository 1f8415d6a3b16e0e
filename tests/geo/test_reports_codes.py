"""Tracking codes: random, readable, forgiving."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.reports.codes import ALPHABET, new_code, normalise, prefix_of


def test_alphabet_has_no_letters_that_are_mistaken() -> None:
    assert len(ALPHABET) == 32
    assert not set("ILOU") & set(ALPHABET)


def test_codes_are_random() -> None:
    codes = {new_code("DT") for _ in range(5_000)}
    assert len(codes) == 5_000
    assert {char for code in codes for char in code[3:].replace("-", "")} == set(ALPHABET)


@pytest.mark.parametrize(
    ("province", "prefix"),
    [
        ("Tỉnh Đồng Tháp", "DT"),
        ("Thành phố Hồ Chí Minh", "HCM"),
        ("TP. Đà Nẵng", "DN"),
        ("Đồng Tháp", "DT"),
        ("Tỉnh Ninh Bình", "NB"),
        ("", "X"),
        ("东京", "X"),
    ],
)
def test_prefix(province: str, prefix: str) -> None:
    assert prefix_of(province) == prefix


@pytest.mark.parametrize(
    "typed",
    ["DT-7K3M-9QXF", "dt-7k3m-9qxf", "DT7K3M9QXF", " dt 7k3m 9qxf ", "DT_7K3M.9QXF", "DT–7K3M—9QXF"],
)
def test_how_people_write_it(typed: str) -> None:
    assert normalise(typed) == "DT-7K3M-9QXF"


def test_mistaken_letters() -> None:
    assert normalise("dt-o1li-0000") == "DT-0111-0000"


@pytest.mark.parametrize(
    "typed",
    ["", "DT", "DT-7K3M", "DT-7K3M-9QXFF", "7K3M-9QXF1", "DT-7K3M-9QU!", "DT-UUUU-UUUU", "x" * 10_000,
     "'; DROP TABLE core.reports; --", "DT-7K3M-9QX\x00", "ĐT-7K3M-9QXF", "DT-٧K3M-9QXF"],
)  # fmt: skip
def test_what_is_no_code(typed: str) -> None:
    assert normalise(typed) is None


@given(st.sampled_from(["DT", "HCM", "X"]))
def test_every_code_reads_back_however_it_is_typed(prefix: str) -> None:
    code = new_code(prefix)
    sloppy = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert normalise(sloppy) == code


@given(st.text(max_size=80))
def test_any_text_is_a_code_or_none(typed: str) -> None:
    found = normalise(typed)
    assert found is None or normalise(found) == found
