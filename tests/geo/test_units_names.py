"""Names as people write them; the keys in Python and in SQL are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.units.names import bare, compact, kind_of, marked, parse, spaced

if TYPE_CHECKING:
    import psycopg

NAMES = [
    "Phường 15", "Phường 01", "P.15", "Xã Đắk R'La", "Xã Đắk R’Măng", "Xã Ea H`leo", "Thị trấn Mỹ Thọ",
    "Đặc khu Bạch Long Vĩ", "Phường Phan Rang - Tháp Chàm", "Xã Hoà Bình", "Xã Hòa Bình", "XÃ THUỶ TÂN",
    "Quận 1", "Thành phố Cao Lãnh", "Tỉnh Bà Rịa - Vũng Tàu", "Xã Xa Dung",
    "Huyện Quan Hóa", "xã", "  ", "Ưỡn ẹo ǰ",
    "Xa\u0303 Ho\u0300a", "Phường Đ’Ran 007 0", "ÐẮK",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind", "bare_", "around"),
    [
        ("P. 15, Q. Tân Bình", "phuong", "15", ("quantanbinh",)),
        ("P.15, Q.Tân Bình, TP. HCM", "phuong", "15", ("quantanbinh", "hochiminh")),
        ("P15 Q. Tân Bình", "phuong", "15", ("quantanbinh",)),
        ("p 15", "phuong", "15", ()),
        (
            "Phường 15 quận Tân Bình thành phố Hồ Chí Minh",
            "phuong",
            "15",
            ("quantanbinh", "thanhphohochiminh"),
        ),
        ("phuong 05", "phuong", "5", ()),
        ("X. Mỹ Thọ, H. Cao Lãnh, T. Đồng Tháp", "xa", "mytho", ("huyencaolanh", "tinhdongthap")),
        ("TT. Mỹ Thọ, Huyện Cao Lãnh", "thi_tran", "mytho", ("huyencaolanh",)),
        ("TT Mỹ Thọ", "thi_tran", "mytho", ()),
        ("T.T Mỹ Thọ", "thi_tran", "mytho", ()),
        ("Đ.K. Côn Đảo", "dac_khu", "condao", ()),
        ("ĐK Côn Đảo", "dac_khu", "condao", ()),
        ("Mỹ Trà, TP Cao Lãnh", None, "mytra", ("thanhphocaolanh",)),
        ("Mỹ Trà, TX. Hồng Ngự", None, "mytra", ("thixahongngu",)),
        ("Đắk R'La", None, "dakrla", ()),
        ("dak r la", None, "dakrla", ()),
        ("Hoà Bình", None, "hoabinh", ()),
        ("Xã Ngọc Huyền", "xa", "ngochuyen", ()),  # a name that holds the letters of a word for a district
        ("Thị xã Quán Toan", None, "quantoan", ()),
        ("Phú Xuân", None, "phuxuan", ()),  # no abbreviation without its point, blank or digit
        ("", None, "", ()),
        ("%_\\", None, "", ()),
    ],
)
def test_parse(text: str, kind: str | None, bare_: str, around: tuple[str, ...]) -> None:
    found = parse(text)
    assert (found.kind, found.bare, found.around) == (kind, bare_, around)


def test_tones_may_stand_on_either_vowel() -> None:
    assert marked("Hoà Thuỷ") == marked("Hòa Thủy")
    assert marked("Hoa") != marked("Hòa")
    assert compact("Hoà") == compact("Hòa") == compact("HOÀ") == compact("Hoa\u0300")


def test_kinds() -> None:
    kinds = [kind_of(name) for name in ("Phường 1", "XÃ A", "Thị trấn B", "Đặc khu C", "Quận 1")]
    assert kinds == ["phuong", "xa", "thi_tran", "dac_khu", None]


def test_the_database_makes_the_same_keys(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT n, core.name_spaced(n), core.name_compact(n), replace(core.name_bare(n), ' ', '')"
        " FROM unnest(%s::text[]) AS n",
        [NAMES],
    ).fetchall()
    assert rows == [(name, spaced(name), compact(name), bare(name)) for name in NAMES]


VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ"


@given(st.lists(st.text(VIETNAMESE + VIETNAMESE.upper() + "'’ -.0123456789", max_size=30), max_size=20))
def test_the_database_makes_the_same_keys_of_any_name(names: list[str]) -> None:
    assert all(compact(name) == compact(spaced(name)) for name in names)
    assert all(spaced(name).replace(" ", "") == compact(name) for name in names)
    assert all(spaced(spaced(name)) == spaced(name) for name in names)
