"""Attributes: columns by any of their names, numbers and dates as written, personal data kept out."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.attributes import personal
from etl.attributes.codes import CodeReader, scheme_of
from etl.attributes.convert import Converter
from etl.attributes.dates import period, to_date, to_day, to_timestamp
from etl.attributes.match import match
from etl.attributes.numbers import AmbiguousNumber, decimal_of, parse, span
from etl.attributes.units import column_factor
from etl.attributes.values import is_nothing, reader_of, to_boolean, to_integer, to_number, to_text, to_unit
from etl.attributes.wrong import Wrong
from geo.errors import InvalidInput
from layers.registry import load

LAYERS = load()
DOSSIER = {
    "maThongTinQH": ["042511000001"], "kyHieuLoDat": ["A1", "A2"], "chucNangSuDungDatMuc1": ["Đất y tế",
    "Đất dịch vụ"],
    "matDoXayDung": ["40–60", "≤ 5"], "tangCaoXayDung": ["2-5", "tối đa 7"], "heSoSuDungDat": ["1,2", "3.5"],
    "dienTich": ["1.234,5", "980"], "danSo": [120, 80], "soQDQH": ["12/QĐ-UBND"], "ngayQDQH": ["05/07/2026"],
    "coQuanPheduyet": ["UBND tỉnh"], "trangThaiQuyHoach": ["Đang hiệu lực"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12345,6", 12345.6), ("12345.6", 12345.6), ("12.345,6", 12345.6), ("12,345.6", 12345.6),
        ("1 234 567", 1234567),
        ("1.234.567", 1234567), ("1,234,567", 1234567), ("-3,5", -3.5), ("0.123", 0.123), ("1234 m²", 1234),
        ("60 %", 60), ("5,5 ha", 5.5), (" 7 ", 7), ("1.234.567,891", 1234567.891),
    ],
)  # fmt: skip
def test_numbers_in_vietnamese_and_english(text: str, number: float) -> None:
    assert parse(text) == number


@pytest.mark.parametrize(
    "text", ["", "abc", "1.2.3", "12,34,5", "1..2", "--1", "1e5", "½", "12.34.567", "0x10", "١"]
)
def test_no_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        parse(text)


def test_a_column_decides_what_a_point_before_three_digits_means() -> None:
    with pytest.raises(AmbiguousNumber):
        parse("1.234")
    assert decimal_of(["1.234", "12,5"]) == ","
    assert parse("1.234", ",") == 1234
    assert decimal_of(["1.234", "12.5"]) == "."
    assert parse("1.234", ".") == 1.234
    assert decimal_of(["1.234", "2.345"]) is None
    with pytest.raises(Wrong) as wrong:
        to_number("1.234")
    assert "hai cách" in wrong.value.why[0]


@given(st.floats(min_value=-1e9, max_value=1e9).map(lambda value: round(value, 2)))
def test_what_is_written_in_vietnamese_is_read_back(value: float) -> None:
    text = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    assert parse(text, ",") == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("40–60", 40, 60), ("2-5 tầng", 2, 5), ("≤ 5", None, 5), ("<=80%", None, 80), ("tối đa 7", None, 7),
        ("≥ 30 %", 30, None), ("từ 3 đến 5", 3, 5), ("1,2 - 2,5 lần", 1.2, 2.5), ("60", 60, 60), ("60%",
        60, 60),
    ],
)  # fmt: skip
def test_ranges_of_planning_figures(text: str, low: float | None, high: float | None) -> None:
    found = span(text)
    assert found is not None
    assert (found.low, found.high) == (low, high)


@pytest.mark.parametrize("text", ["theo QCVN", "60-40", "40/60", "5 + tum", "", "–"])
def test_words_are_no_ranges(text: str) -> None:
    assert span(text) is None


@pytest.mark.parametrize(
    "value",
    ["21/11/2026", "21-11-2026", "21.11.2026", "2026-11-21", "ngày 21 tháng 11 năm 2026", "20261121",
    46347, 46347.0,
     "21/11/26"],
)  # fmt: skip
def test_dates(value: object) -> None:
    assert to_date(value) == date(2026, 11, 21)


@pytest.mark.parametrize("value", ["31/02/2026", "hôm qua", 12, "2026", "11/21/2026"])
def test_no_dates(value: object) -> None:
    with pytest.raises(Wrong):
        to_date(value)


def test_small_values() -> None:
    assert to_text(12.0) == "12" and to_text("  ") is None
    assert to_integer("1.234", ",") == 1234
    assert to_boolean("Có") is True and to_boolean("x") is True and to_boolean(0) is False
    assert to_unit(1234) == "01234"
    assert all(map(is_nothing, (None, "", " - ", "NULL", "Không có", float("nan"))))
    for reader, value in ((to_text, "a\x00b"), (to_integer, 1.5), (to_integer, 2**31), (to_number, "nan")):
        with pytest.raises(Wrong):
            reader(value)


def test_codes_by_code_words_and_drawing_layers() -> None:
    functions = CodeReader(LAYERS["zoning"].codes["functions"])
    assert (
        functions("DAT_Dichvu")
        == functions("dat_dichvu")
        == functions("Đất dịch vụ và thương mại"[:11])
        == "DAT_Dichvu"
    )
    assert functions("QHDD_DAT_Dichvu_CT") == "DAT_Dichvu"
    assert functions("đất y tế") == functions("Y tế") == "Yte"
    land = CodeReader(LAYERS["land_use"].codes["land_use_codes"])
    assert land("luc") == "LUC"
    with pytest.raises(Wrong) as wrong:
        land("ONT+CLN")
    assert "kết hợp" in wrong.value.why[0]
    with pytest.raises(Wrong, match="combined"):
        land("ONT(300.5);CLN(120)")
    with pytest.raises(Wrong, match="list of codes"):
        land("ZZZ")


@pytest.mark.parametrize(
    ("text", "main", "codes"),
    [
        ("ONT(300.0);CLN(120.5)", "ONT", "ONT CLN"),
        ("ONT(120,5);CLN(300)", "CLN", "ONT CLN"),
        ("ONT+CLN", "ONT", "ONT CLN"),
        ("ODT, CLN", "ODT", "ODT CLN"),
        ("ONT-CLN", "ONT", "ONT CLN"),
        ("BHK ONT", "BHK", "BHK ONT"),
        ("ONT 200m2; BHK 541.2", "BHK", "ONT BHK"),
        ("ONT 200 CLN 300", "CLN", "ONT CLN"),
        ("ODT(125.3)CLN(180)", "CLN", "ODT CLN"),
        ("200 m2 ONT + 300 m2 CLN", "CLN", "ONT CLN"),
        ("ONT (0,02ha); CLN (150 m2)", "ONT", "ONT CLN"),
        ("ONT 60%, CLN 40%", "ONT", "ONT CLN"),
        ("CLN(100); ONT(60); CLN(10)", "CLN", "CLN ONT"),
        ("[ONT]=60.0,[CLN]=300.0", "CLN", "ONT CLN"),
        ("Đất ở tại nông thôn 200 m2, đất trồng cây lâu năm 541 m2", "CLN", "ONT CLN"),
        ("ODT 150m2 (lâu dài), CLN 300m2 (đến 2043)", "CLN", "ODT CLN"),
        ("ONT(1.200);CLN(900)", "ONT", "ONT CLN"),  # 1.2 or 1,200 m²? The first, as without areas.
        ("ONT(200);XYZ(900)", "ONT", "ONT"),
    ],
)
def test_combined_codes_have_a_main_one(text: str, main: str, codes: str) -> None:
    land = CodeReader(LAYERS["land_use"].codes["land_use_codes"], several=True)
    found = land.combined(text)
    assert found is not None and land(text) == main == found.main
    assert found.codes == tuple(codes.split()) and bool(found.unknown) == ("XYZ" in text)
    assert land.combined("LUC") is None and land.combined("đất trồng lúa") is None
    for wrong in ("XYZ+ABC", "T;Q", "không rõ", "(((", "+" * 500):
        with pytest.raises(Wrong, match="list of codes"):
            land(wrong)


def test_words_of_combined_codes_are_kept() -> None:
    convert = Converter(LAYERS["land_use"], "code", "mdsd", None, None)
    column = pa.array(["LUC", "ONT(10);CLN(20)", None, "ONT+Q", "ONT(10);CLN(20)"])
    values, faults = convert(column, 11)
    assert values == ["LUC", "CLN", None, "ONT", "CLN"]
    assert [fault.row for fault in faults] == [13]  # required
    words, notes = convert.words(column, 11)
    assert words == [None, "ONT(10);CLN(20)", None, "ONT+Q", "ONT(10);CLN(20)"]
    assert {note.code: (note.count, note.rows) for note in notes} == {
        "code_combined": (3, (12, 14, 15)),
        "code_unknown_part": (1, (14,)),
    }
    # A layer without a field for the words takes one code only: of two markets none is the main one.
    assert not Converter(LAYERS["crop_areas"], "market", "tt", None, None).several


def test_the_scheme_of_land_use_codes_is_told_by_codes_of_one_circular() -> None:
    assert scheme_of(["LUC", "BHK"])[0] == "TT27_2018"
    assert scheme_of(["ONT(20);BHK(100)"])[0] == "TT27_2018"
    assert scheme_of(["LUC", "DCT"])[0] == "TT08_2024"
    assert scheme_of(["LUC", "ONT"])[0] is None
    assert scheme_of(["BHK", "DCT"]) == (None, {"BHK", "DCT"})


def test_a_planning_dossier_is_matched() -> None:
    matched = match(LAYERS["zoning"], {k: list(v) for k, v in DOSSIER.items()}, {}, {})
    assert matched.columns == {
        "plot_code": "kyHieuLoDat", "function_code": "chucNangSuDungDatMuc1", "area_m2": "dienTich",
        "density": "matDoXayDung", "floors": "tangCaoXayDung", "floor_area_ratio": "heSoSuDungDat",
        "population": "danSo",
        "decision_number": "soQDQH", "decision_date": "ngayQDQH", "authority": "coQuanPheduyet",
        "status": "trangThaiQuyHoach",
    }  # fmt: skip
    assert matched.ignored == ("maThongTinQH",)
    assert not matched.ambiguities


@pytest.mark.parametrize("names", [
    ("Tờ bản đồ", "Số thửa", "Loại đất", "Diện tích (m2)"), ("TO BAN DO", "SO THUA", "LOAI DAT", "DIEN TICH"),
    ("shbando", "shthua", "mdsd", "dientich"), ("soHieuToBanDo", "soThuTuThua", "mucDichSuDung", "dienTich"),
    ("Tê b¶n ®å", "Sè thöa", "Lo¹i ®Êt", "DiÖn tÝch"), ("Tôø baûn ñoà", "Soá thöûa", "Loaïi ñaát",
    "Dieän tích"),
    ("sohieutoba", "sothututhu", "mucdichsud", "dientich"), ("sheet_number", "parcel_number", "code",
    "area_m2"),
])  # fmt: skip
def test_parcels_are_matched_by_any_of_their_names(names: tuple[str, ...]) -> None:
    samples: dict[str, list[object]] = dict(
        zip(names, ([5, 6], [12, 13], ["LUC", "ONT"], [100.5, 20.0]), strict=True)
    )
    matched = match(LAYERS["land_use"], samples, {}, {})
    assert [matched.columns.get(f) for f in ("sheet_number", "parcel_number", "code", "area_m2")] == list(
        names
    )


def test_a_coded_column_is_known_by_its_values() -> None:
    samples: dict[str, list[object]] = {"F7": ["LUC", "ONT", "CLN", "HNK"], "F8": ["a", "b"]}
    assert match(LAYERS["land_use"], samples, {}, {}).columns["code"] == "F7"


def test_two_columns_that_fit_alike_are_a_question() -> None:
    samples: dict[str, list[object]] = {"density": ["40"], "DENSITY": ["60"]}
    matched = match(LAYERS["zoning"], samples, {}, {})
    assert [each.question for each in matched.ambiguities] == ["column:density"]
    assert not match(LAYERS["zoning"], samples, {"density": "DENSITY"}, {}).ambiguities


@pytest.mark.parametrize(
    ("column", "kind"),
    [("Chủ sử dụng", "name"), ("HO_TEN", "name"), ("Số CCCD", "id"), ("SĐT", "phone"), ("e-mail", "email"),
     ("Chñ sö dông ®Êt", "name"), ("Năm sinh", "birth"), ("tenDoiTuong", None), ("Diện tích", None),
     ("dt", None)],
)  # fmt: skip
def test_personal_data_by_the_columns_name(column: str, kind: str | None) -> None:
    assert personal.by_name(column) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["0912345678", "0987 654 321", "+84 912 345 678", "02773851234", "0355111222"], "phone"),
        (["087201001234", "087199005678", "001085012345", "087301009999", "087204001111"], "id"),
        (["Nguyễn Văn An", "Trần Thị Bé", "Lê Văn Út", "Ông Phạm Ba", "Võ Thị Sáu"], "name"),
        (["a@b.vn", "c.d@e.gov.vn", "x@y.com", "q@w.org", "z@z.vn"], "email"),
        (["Đất ở", "Đất lúa", "Đường số 1", "Kênh 30", "Chợ"], None),
        (["123456789", "12", "5", "7", "8"], None),
    ],
)
def test_personal_data_by_values(values: list[str], kind: str | None) -> None:
    assert personal.by_values(values) == kind


def test_personal_data_go_into_private_fields_or_nowhere() -> None:
    samples: dict[str, list[object]] = {
        "Họ và tên": ["Nguyễn Văn An"],
        "Tên vùng trồng": ["Vùng A"],
        "SĐT": ["0912345678"],
    }
    kinds = {"Họ và tên": "name", "SĐT": "phone"}
    assert match(LAYERS["crop_areas"], samples, {}, kinds).columns == {
        "area_name": "Tên vùng trồng", "owner_name": "Họ và tên", "owner_phone": "SĐT",
    }  # fmt: skip
    public = match(LAYERS["land_use"], {"address": ["Nguyễn Văn An"]}, {}, {"address": "name"})
    assert public.columns == {} and public.ignored == ("address",)
    with pytest.raises(InvalidInput, match="private"):
        match(LAYERS["land_use"], {"chu": ["x"]}, {"address": "chu"}, {"chu": "name"})


def test_values_of_personal_columns_are_no_evidence() -> None:
    samples: dict[str, list[object]] = {"Họ và tên": ["Nguyễn Văn An"], "Tên vùng trồng": ["Vùng A"]}
    found = match(LAYERS["crop_areas"], samples, {}, {"Họ và tên": "name"}).guesses
    assert "Nguyễn" not in str(found["owner_name"]) and "Vùng A" in str(found["area_name"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("sheet_number", "mười hai"), ("sheet_number", "12,5"), ("code", "ZZZ"), ("valid_from", "31/02/2024"),
     ("unit", "Xã A")],
)  # fmt: skip
def test_a_refusal_says_what_is_wanted_and_not_the_value_which_may_be_personal(name: str, value: str) -> None:
    read, _ = reader_of(LAYERS["land_use"], name)
    with pytest.raises(Wrong) as wrong:
        read(value)
    reason, allowed = wrong.value.reason, wrong.value.allowed
    assert value not in reason.vi + reason.en
    assert reason.vi.endswith(allowed[0]) and reason.en.endswith(allowed[1])


def test_a_columns_values_and_the_rows_that_cannot_be_taken() -> None:
    convert = Converter(LAYERS["land_use"], "sheet_number", "to", None, ",")
    values, faults = convert(pa.array(["1.234", None, "x", "12"]), 101)
    assert values == [1234, None, None, 12]
    assert [(fault.row, fault.code, fault.value) for fault in faults] == [
        (102, "value_sheet_number", None), (103, "value_sheet_number", "x"),
    ]  # fmt: skip
    optional = Converter(LAYERS["zoning"], "area_m2", "dt", None, None)
    assert optional(pa.array([1.5, None, float("nan")]), 1) == ([1.5, None, None], [])
    names = Converter(LAYERS["zoning"], "plot_code", "lo", None, None)
    assert names(pa.array(["A'; DROP TABLE core.zoning; --"]), 1)[0] == ["A'; DROP TABLE core.zoning; --"]


@pytest.mark.parametrize(
    ("column", "unit", "factor"),
    [
        ("Diện tích (m2)", "ha", 1e-4),
        ("DT_m2", "ha", 1e-4),
        ("dien_tich_m2", "m²", 1),
        ("Diện tích (ha)", "m²", 1e4),
        ("dtHa", "m²", 1e4),
        ("DienTich", "ha", 1),
        ("Khu nhà", "m²", 1),
        ("Diện tích (m2)", "%", 1),
    ],
)
def test_a_unit_in_a_columns_name_counts(column: str, unit: str, factor: float) -> None:
    assert column_factor(column, unit) == factor


def test_areas_in_another_unit_are_converted() -> None:
    convert = Converter(LAYERS["crop_areas"], "area_ha", "Diện tích (m2)", None, ",")
    assert convert(pa.array([12_500, None, 300]), 1) == ([1.25, None, 0.03], [])  # None is measured later
    assert convert(pa.array(["12.500,5", ""]), 1) == ([1.25005, None], [])


@pytest.mark.parametrize(
    ("value", "first", "last"),
    [
        ("03/2024", "2024-03-01", "2024-03-31"),
        ("Tháng 2 năm 2024", "2024-02-01", "2024-02-29"),
        ("T3-2024", "2024-03-01", "2024-03-31"),
        ("Quý II/2024", "2024-04-01", "2024-06-30"),
        ("năm 2023", "2023-01-01", "2023-12-31"),
        (2023.0, "2023-01-01", "2023-12-31"),
        ("15/03/2024", "2024-03-15", "2024-03-15"),
    ],
)
def test_a_month_is_its_first_day_or_for_what_ends_its_last(value: object, first: str, last: str) -> None:
    assert to_day(value, last=False).isoformat() == first
    assert to_day(value, last=True).isoformat() == last


@pytest.mark.parametrize("value", ["13/2024", "Quý V/2024", "0/2024", "2024/3/1/2", "năm", "12345", ""])
def test_what_is_no_period(value: object) -> None:
    assert period(value) is None


def test_dates_with_an_effect_in_law_name_their_day() -> None:
    with pytest.raises(Wrong) as wrong:
        to_date("03/2024")
    assert "thiếu ngày" in wrong.value.why[0]


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("15/03/2024 08:30", "2024-03-15T08:30:00+07:00"),
        ("15/3/2024, 8h30", "2024-03-15T08:30:00+07:00"),
        ("08:30:15 ngày 15/03/2024", "2024-03-15T08:30:15+07:00"),
        ("15/03/2024", "2024-03-15T00:00:00+07:00"),
        ("2024-03-15T08:30:00Z", "2024-03-15T08:30:00+00:00"),
    ],
)
def test_moments_day_first(value: str, iso: str) -> None:
    assert to_timestamp(value).isoformat() == iso


@pytest.mark.parametrize("value", ["15/03/2024 25:00", "03/2024 08:30", "hôm qua"])
def test_what_is_no_moment(value: str) -> None:
    with pytest.raises(Wrong):
        to_timestamp(value)
