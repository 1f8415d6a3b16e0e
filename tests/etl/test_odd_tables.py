"""Lists as offices keep them: headers of several rows, places in one cell, totals, several zones."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
import shapely

from etl.attributes.codes import CodeReader
from etl.attributes.wrong import Wrong
from etl.rows import rows as read
from etl.sources import open_source
from etl.sources.asides import Asides
from etl.sources.coordinates import lost_decimals, number, pair, ring_of
from etl.sources.heads import find
from etl.sources.refusal import Refused
from etl.sources.roles import Header, is_numbering
from etl.sources.zones import named_zones, zone_of
from etl.survey import survey
from etl.types import Answers
from tests.etl import odd_files as odd
from tests.etl.made import tenant
from tests.etl.test_odd_files import LAYERS, taken

if TYPE_CHECKING:
    from pathlib import Path

    Row = list[object]

NOTHING = Answers()


def middles(count: int = 20, epsg: int = 4326) -> np.ndarray:
    """Places, easting first."""
    return shapely.get_coordinates(shapely.centroid(odd.land(epsg=epsg).geometry.to_numpy()))[:count]


def book(path: Path, rows: list[Row]) -> Path:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path / "a.xlsx")
    return path / "a.xlsx"


def test_a_header_of_three_rows_with_units_and_numbers_of_columns(tmp_path: Path) -> None:
    rows: list[Row] = [
        ["SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG"],
        [],
        ["STT", "Tên trang trại", "Chủ hộ", None, "Vị trí", None, None, "Diện tích", "Cây trồng chính"],
        [None, None, "Họ tên", "SĐT", "Địa chỉ", "Toạ độ VN-2000", None, None, None],
        [None, None, None, None, None, "X(m)", "Y(m)", "(ha)", None],
        ["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)"],
        ["I", "Xã Mỹ Hiệp"],
    ]
    places = middles(epsg=5897)
    for n, (east, north) in enumerate(places):
        rows.append([n + 1, f"Trại {n}", "Trần Thị A", "0987654321", "Ấp 2", north, east, 2.5, "Dứa"])
    rows += [["Cộng", *[None] * 6, 50.0], ["Ghi chú: toạ độ theo KTT 105°00', múi 3°"]]
    rows += [[None, "Đồng Tháp, ngày 01 tháng 07 năm 2026"], [None, "NGƯỜI LẬP BIỂU"], [None, "Nguyễn Văn B"]]
    seen, shapes, values, faults = taken(book(tmp_path, rows), "farms", NOTHING)
    assert faults == [] and len(shapes) == 20
    assert np.abs(shapely.get_coordinates(shapes) - middles()).max() < 1e-7
    assert values["name"][3] == "Trại 3" and set(values["area_ha"]) == {2.5}
    assert set(values["crop"]) == {"pineapple"} and set(values["owner_phone"]) == {"0987654321"}
    (aside,) = (note for note in seen.notes if note.code == "foot_skipped")
    assert "6 dòng" in aside.text.vi and "Xã Mỹ Hiệp" not in values["name"]


def test_a_place_without_coordinates_is_data_and_no_heading(tmp_path: Path) -> None:
    rows: list[Row] = [["STT", "Tên cơ sở", "Kinh độ", "Vĩ độ", "Cây trồng"]]
    rows += [[n, f"T{n}", lon, lat, "Xoài"] for n, (lon, lat) in enumerate(middles(5))]
    rows.append([6, "T6"])
    _, _, values, faults = taken(book(tmp_path, rows), "farms", NOTHING)
    assert values["name"][-1] == "T6" and faults


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10.4612, 105.6321", (10.4612, 105.6321)), ("10,4612; 105,6321", (10.4612, 105.6321)),
        ("10°27'36.0\"N 105°37'12\"E", (10.46, 105.62)), ("N 10°27'36\" E 105°37'12\"", (10.46, 105.62)),
        ("Vĩ độ: 10,46 - Kinh độ: 105,63", (10.46, 105.63)), ("(10.4, 105.5)", (10.4, 105.5)),
        ("X: 1156789,12  Y: 560123,45", (1156789.12, 560123.45)),
        ("105-30-36; 10-24-36", (105.51, 10.41)), ("10.4007° N, 105.5016° E", (10.4007, 105.5016)),
        ("https://www.google.com/maps?q=10.4,105.6", (10.4, 105.6)),
        ("https://www.google.com/maps/place/a/@10.46,105.63,17z/data=!8m2!3d10.4601!4d105.6301",
         (10.4601, 105.6301)),
        ("https://maps.app.goo.gl/abc", None), ("Ấp 1, xã 2", None),
    ],
)  # fmt: skip
def test_both_coordinates_in_one_cell(text: str, told: tuple[float, float] | None) -> None:
    found = pair(text)
    assert found == (None if told is None else pytest.approx(told))


def test_degrees_with_a_letter() -> None:
    assert (number("105.5016°E"), number("N 10,4"), number("12B")) == (105.5016, 10.4, None)


def test_corners_in_one_cell_are_an_area(tmp_path: Path) -> None:
    shapes = odd.land(epsg=4326).geometry.to_numpy()[:5]
    rows: list[Row] = [["STT", "Tên vùng trồng", "Diện tích (ha)", "Toạ độ các điểm"]]
    for n, shape in enumerate(shapes):
        corners = [f"{k}. {lat:.7f}, {lon:.7f}" for k, (lon, lat) in enumerate(shape.exterior.coords, 1)]
        rows.append([n, f"V{n}", 40.0, "\n".join(corners)])
    said = Answers(constants={"crop": "mango", "market": "CN", "status": "issued"})
    path = book(tmp_path, rows)
    seen = survey(open_source(path), LAYERS["crop_areas"], tenant(), said)
    assert seen.geometry_types["Polygon"] == 5 and seen.crs[0].key == "4326"
    assert ring_of("10.1, 105.2\n10.2, 105.3") is None and ring_of("a\nb\nc") is None


def test_links_to_maps_hold_places_unless_they_are_shortened(tmp_path: Path) -> None:
    rows: list[Row] = [["Tên cơ sở", "Link bản đồ", "Cây trồng"]]
    long, short = list(rows), list(rows)
    for n, (lon, lat) in enumerate(middles()):
        long.append([f"T{n}", f"https://www.google.com/maps/@{lat:.6f},{lon:.6f},17z", "Xoài"])
        short.append([f"T{n}", f"https://maps.app.goo.gl/x{n}", "Xoài"])
    seen, shapes, _, _ = taken(book(tmp_path, long), "farms", NOTHING)
    assert np.abs(shapely.get_coordinates(shapes) - middles()).max() < 1e-6
    assert "coordinates_by_values" in {note.code for note in seen.notes}
    with pytest.raises(Refused) as refused:
        survey(open_source(book(tmp_path, short)), LAYERS["farms"], tenant())
    assert "rút gọn" in refused.value.vi and "10.4612, 105.6321" in refused.value.vi


def test_rows_of_several_zones_go_each_by_its_own(tmp_path: Path) -> None:
    rows: list[Row] = [["Tên cơ sở", "X (m)", "Y (m)", "Kinh tuyến trục", "Cây trồng"]]
    one, other = middles(epsg=5897), middles(epsg=9210)
    for n in range(20):
        east, north = (one if n % 2 else other)[n]
        rows.append([f"T{n}", north, east, "105°00'" if n % 2 else "105°45'", "Xoài"])
    rows.append(["T", *rows[1][1:3], "99°", "Xoài"])
    seen, shapes, _, faults = taken(book(tmp_path, rows), "farms", NOTHING)
    assert np.abs(shapely.get_coordinates(shapes[:20]) - middles()).max() < 1e-7
    assert {fault.code for fault in faults} == {"zone_unknown"} and shapes[20] is None
    assert "zones_by_row" in {note.code for note in seen.notes}


def test_zones_in_words() -> None:
    assert named_zones(["KTT 105°45', múi chiếu 3°", "kinh tuyến trục 105 độ"]) == [9210, 5897]
    assert [zone_of(each) for each in ("105°45'", 105.75, "105-45", "KTT 105°00'", "99", None)] == [
        9210, 9210, 9210, 5897, None, None,
    ]  # fmt: skip


def test_degrees_that_lost_their_decimal_sign_are_refused(tmp_path: Path) -> None:
    rows: list[Row] = [["Tên cơ sở", "Kinh độ", "Vĩ độ", "Cây trồng"]]
    rows += [[f"T{n}", round(lon * 1e6), round(lat * 1e6), "Xoài"] for n, (lon, lat) in enumerate(middles())]
    with pytest.raises(Refused) as refused:
        survey(open_source(book(tmp_path, rows)), LAYERS["farms"], tenant())
    assert refused.value.code == "decimals_lost" and "Text" in refused.value.vi
    together = [["Tên cơ sở", "Tọa độ"], *([row[0], f"{row[2]}; {row[1]}"] for row in rows[1:])]
    with pytest.raises(Refused, match="lost their decimal sign"):
        survey(open_source(book(tmp_path, together)), LAYERS["farms"], tenant())
    assert lost_decimals(1_150_000.5, 560_000.0) is None


def test_a_list_without_a_header_is_told_by_its_values() -> None:
    rows: list[Row] = [[n, 1_150_000.25 + n, 560_000.75 + n, "M"] for n in range(1, 9)]
    found = find(rows, "unicode")
    assert found.header is not None and found.at == -1 and found.told is not None
    assert (found.header.first, found.header.second) == (1, 2)
    # Whole numbers in the same ranges may be people and square metres.
    crowd: list[Row] = [["Xã", "Dân số", "Diện tích"]]
    crowd += [[f"X{n}", 500_000, 1_200_000] for n in range(9)]
    head = find(crowd, "unicode")
    assert head.header is not None and not head.header.located


@pytest.mark.parametrize(
    ("row", "numbers"),
    [(["(1)", "(2)", "(3)"], True), ([1, 2, 3.0, 4], True), (["A", "B", 1, 2], True), ([1, 2], False),
     ([5, 1_150_000, 560_000], False), (["A", "Tên", "B"], False)],
)  # fmt: skip
def test_rows_that_number_columns(row: Row, numbers: bool) -> None:
    assert is_numbering(row) is numbers


@pytest.mark.parametrize(
    ("words", "code"),
    [("Dứa", "pineapple"), ("Dừa", "coconut"), ("Xòai", "mango"), ("XOÀI CÁT HÒA LỘC", "mango"),
     ("sau rieng", "durian"), ("Sầu riêng Ri6", "durian"), ("Chanh không hạt", "lime")],
)  # fmt: skip
def test_words_with_marks_are_read_with_their_marks(words: str, code: str) -> None:
    assert CodeReader(LAYERS["farms"].codes["crops"])(words) == code


@pytest.mark.parametrize("words", ["dua", "Dưa hấu", "Chanh dây", "Cam sành"])
def test_words_of_no_code_are_not_bent_to_one(words: str) -> None:
    with pytest.raises(Wrong):
        CodeReader(LAYERS["farms"].codes["crops"])(words)


def test_a_column_of_the_right_name_and_wrong_values_is_told(tmp_path: Path) -> None:
    rows: list[Row] = [["Tên cơ sở", "Kinh độ", "Vĩ độ", "Cây trồng", "Diện tích (ha)"]]
    rows += [[f"T{n}", lon, lat, "Cây lạ", "chưa đo đạc"] for n, (lon, lat) in enumerate(middles())]
    seen = survey(open_source(book(tmp_path, rows)), LAYERS["farms"], tenant())
    told = {note.code: note.text.vi for note in seen.notes}
    assert "«Cây trồng»" in told["field_missing"] and "Cây lạ" in told["field_missing"]
    assert "«Diện tích (ha)»" in told["column_unreadable"] and "chưa đo đạc" in told["column_unreadable"]


def test_rows_that_are_no_data_are_counted_and_the_first_shown() -> None:
    aside = Asides(Header(("STT", "Tên", "X", "Y"), first=2, second=3, other=(0, 1)))
    assert not aside.takes([1, "Cao Lãnh", None, None]) and not aside.takes([1, "Tổng", 1_150_000.5, 5e5])
    assert aside.told() is None
    rows: list[Row] = [
        ["II", "Xã Tân Thuận"],
        ["Tổng cộng", 12],
        ["Người lập biểu", None],
        [None, "Nguyễn Văn A"],
    ]
    assert all(map(aside.takes, rows))
    (told,) = json.loads(aside.told() or "")
    assert "4 dòng" in told["vi"] and "II; Tổng cộng; Người lập" in told["vi"] and "Văn A" not in told["vi"]
    assert aside.told() is None


def test_a_list_of_a_total_station_divided_by_blanks(tmp_path: Path) -> None:
    lines = [f"P{n}   {north:.3f}  {east:.3f}   1.25\n" for n, (east, north) in enumerate(middles(epsg=5897))]
    (tmp_path / "a.txt").write_text("".join(lines))
    said = Answers(crs="5897", columns={"name": "cot_1"}, constants={"crop": "mango"})
    _, shapes, values, faults = taken(tmp_path / "a.txt", "farms", said)
    assert faults == [] and values["name"] == [f"P{n}" for n in range(20)]
    assert np.abs(shapely.get_coordinates(shapes) - middles()).max() < 1e-7


def test_the_use_of_a_parcel_in_its_title(tmp_path: Path) -> None:
    rows: list[Row] = [["ỦY BAN NHÂN DÂN XÃ A", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"]]
    for _, row in odd.land().iterrows():
        rows.append([f"Thửa đất số: {row.SHTHUA}; Tờ bản đồ số: {row.SHBANDO}; Loại đất: {row.MDSD}"])
        rows += [["Số hiệu điểm", "Tọa độ", None, "Khoảng cách (m)"], [None, "X (m)", "Y (m)"], [1, 2, 3, 4]]
        corners = shapely.get_coordinates(row.geometry)
        rows += [[f"M{n}", north, east] for n, (east, north) in enumerate(corners, 1)]
    said = Answers(crs="5897", scheme="TT27_2018")
    _, shapes, values, faults = taken(book(tmp_path, rows), "land_use", said)
    assert faults == [] and len(shapes) == 60
    assert values["code"] == odd.land().MDSD.tolist()


def test_lists_side_by_side_with_a_title_each_are_parcels_of_their_own(tmp_path: Path) -> None:
    first, second = ([(round(n, 2), round(e, 2)) for e, n in g.exterior.coords] for g in _squares())
    rows: list[Row] = [["BẢNG KÊ TỌA ĐỘ (VN-2000, KTT 105°00', múi chiếu 3°)"]]
    rows.append(["Thửa đất số 1, tờ bản đồ số 5", None, None, None, "Thửa đất số 2, tờ bản đồ số 5"])
    rows.append(["STT", "X (m)", "Y (m)", None, "STT", "X (m)", "Y (m)"])
    rows += [[n + 1, *first[n], None, n + 1, *second[n]] for n in range(5)]
    said = Answers(scheme="TT27_2018", constants={"code": "LUC"})
    _, shapes, values, faults = taken(book(tmp_path, rows), "land_use", said)
    assert faults == [] and len(shapes) == 2
    assert (values["sheet_number"], values["parcel_number"]) == ([5, 5], [1, 2])
    assert shapes[0].centroid.x < shapes[1].centroid.x


def _squares() -> list[shapely.Polygon]:
    east, north = middles(1, 5897)[0]
    return [shapely.box(east + x, north, east + x + 40, north + 30) for x in (0, 60)]


@pytest.mark.parametrize("epsg", [4326, 5897])
def test_rows_whose_coordinates_stand_the_other_way_round_are_put_right_and_told(
    tmp_path: Path, epsg: int
) -> None:
    xy = middles(12, epsg)
    turned = [(float(y), float(x)) if n in (3, 7) else (float(x), float(y)) for n, (x, y) in enumerate(xy)]
    rows: list[Row] = [["Tên camera", "Loại camera", "Trạng thái", "Y", "X"]]
    rows += [[f"C{n}", "Giao thông", "Đang hoạt động", *each] for n, each in enumerate(turned)]
    seen, shapes, _, faults = taken(book(tmp_path, rows), "cameras", Answers(crs=str(epsg)))
    assert faults == [] and np.allclose(shapely.get_coordinates(shapes), middles(12), atol=1e-6)
    (note,) = (note for note in seen.notes if note.code == "axes_turned")
    assert (note.count, note.rows) == (2, (4, 8))


def test_a_file_without_rows_is_told_just_that(tmp_path: Path) -> None:
    head = book(tmp_path, [["Tên camera", "Loại camera", "Trạng thái", "Kinh độ", "Vĩ độ"]])
    seen = survey(open_source(head), LAYERS["cameras"], tenant(), NOTHING)
    assert [note.code for note in seen.notes] == ["empty"]


def test_months_quarters_and_years_in_columns_of_dates(tmp_path: Path) -> None:
    head = ["Tên vùng trồng", "Cây trồng", "Thị trường", "Tình trạng", "Ngày cấp", "Hiệu lực đến", "WKT"]
    days = [("03/2024", "12/2026"), ("Quý II/2024", "2026"), ("15/03/2024", "31/12/2026")]
    shape = odd.land(60, 4326).geometry.iloc[0].wkt
    rows: list[Row] = [head]
    rows += [[f"V{n}", "Xoài", "Trung Quốc", "Đang hoạt động", *each, shape] for n, each in enumerate(days)]
    said = Answers(valid_from=date(2024, 1, 1))
    path = book(tmp_path, rows)
    seen, _, values, faults = taken(path, "crop_areas", said)
    assert faults == []
    assert values["issued_on"] == [date(2024, 3, 1), date(2024, 4, 1), date(2024, 3, 15)]
    assert values["expires_on"] == [date(2026, 12, 31)] * 3
    assert seen.reading is not None
    told = [note for each in read(seen.reading, LAYERS["crop_areas"]) for note in each.notes]
    assert [(n.column, n.count) for n in told if n.code == "date_of_period"] == [
        ("Ngày cấp", 2),
        ("Hiệu lực đến", 2),
    ]
