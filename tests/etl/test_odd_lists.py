"""Lists as offices keep them: ditto marks, merged cells, parcels in words, degrees in words, Excel's days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pyarrow as pa
import pytest

from etl.attributes.convert import Converter
from etl.attributes.dates import to_date, to_timestamp
from etl.attributes.wrong import Wrong
from etl.sources import batches, open_source
from etl.sources.coordinates import number
from etl.sources.refusal import Refused
from geo.crs import ZONES, from_wgs84
from layers.registry import load

if TYPE_CHECKING:
    from pathlib import Path

    from etl.types import Batch

EAST, NORTH = 569_000.123, 1_156_000.457
SQUARE = [(0, 0), (20, 0), (20, 20), (0, 20)]


def read(file: Path) -> Batch:
    source = open_source(file)
    (batch,) = batches(source, source.layers[0].name)
    return batch


def sheet(file: Path, rows: list[list[object]], merges: tuple[str, ...] = ()) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in rows:
        page.append(row)
    for each in merges:
        page.merge_cells(each)
    book.save(file)
    return file


def test_ditto_marks_say_what_stands_above(tmp_path: Path) -> None:
    rows = [
        "STT;Tên;Chủ quản;Ghi chú;Vĩ độ;Kinh độ",
        '1;Cam 1;VNPT;"";10,455;105,63',
        '2;Cam 2;"""";nt;10,456;105,63',
        '3;Cam 3;"""nt""";;10,457;105,63',
        "4;Cam 4;Sở VH;mới;10,458;105,63",
        "5;Cam 5;〃;Như trên;10,459;105,63",
    ]
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    batch = read(tmp_path / "a.csv")
    assert batch.columns["Chủ quản"].to_pylist() == ["VNPT", "VNPT", "VNPT", "Sở VH", "Sở VH"]
    # Above the first mark stood nothing: it is left as it is.
    assert batch.columns["Ghi chú"].to_pylist() == [None, "nt", None, "mới", "mới"]
    assert [note.severity for note in batch.notes if note.code == "ditto_filled"] == ["repaired"]


def test_a_cell_merged_over_rows_speaks_of_all_of_them(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        [None, "Tên", "Xã", "Tọa độ", None],
        [None, None, None, "Vĩ độ", "Kinh độ"],
    ]
    rows += [[None, f"Cam {n}", "Xã A" if n == 0 else None, 10.455 + n / 1000, 105.63] for n in range(4)]
    file = sheet(tmp_path / "a.xlsx", rows, ("B2:B3", "C2:C3", "D2:E2", "C4:C6"))
    batch = read(file)
    assert batch.columns["Xã"].to_pylist() == ["Xã A"] * 3 + [None]
    assert batch.columns["Tên"].to_pylist() == [f"Cam {n}" for n in range(4)]


@pytest.mark.parametrize("edges", [True, False])
def test_parcels_whose_number_stands_in_a_merged_cell(tmp_path: Path, edges: bool) -> None:
    """Point numbers that run on over all parcels do not make one parcel of them."""
    head: list[object] = ["Số tờ", "Số thửa", "Loại đất", "Điểm", "X (m)", "Y (m)"]
    rows = [[*head, "Cạnh"] if edges else head]
    for parcel in range(3):
        for at, (dx, dy) in enumerate(SQUARE):
            first = at == 0
            named = [
                5 if first and not parcel else None,
                12 + parcel if first else None,
                "LUC" if first else None,
            ]
            place = [round(NORTH + dy, 3), round(EAST + 20 * parcel + dx, 3)]
            rows.append([*named, 4 * parcel + at + 1, *place, *([20.0] * edges)])
    merges = ("A2:A13", "B2:B5", "B6:B9", "B10:B13", "C2:C5", "C6:C9", "C10:C13")
    batch = read(sheet(tmp_path / "a.xlsx", rows, merges))
    assert [shape.area for shape in batch.geometry] == [pytest.approx(400, rel=1e-4)] * 3
    assert batch.columns["Số thửa"].to_pylist() == [12, 13, 14]
    assert batch.columns["Số tờ"].to_pylist() == [5, 5, 5]
    assert batch.columns["Loại đất"].to_pylist() == ["LUC"] * 3
    assert not batch.faults


def test_sheet_and_parcel_in_words_of_one_cell(tmp_path: Path) -> None:
    rows = ["Thửa đất;Điểm;X;Y"]
    for parcel in range(2):
        for at, (dx, dy) in enumerate(SQUARE):
            place = f"{NORTH + dy:.3f};{EAST + 20 * parcel + dx:.3f}"
            rows.append(f"Tờ 5 thửa {12 + parcel};{4 * parcel + at};{place}")
    (tmp_path / "a.csv").write_text("\n".join(rows), encoding="utf-8")
    batch = read(tmp_path / "a.csv")
    assert batch.columns["so_to"].to_pylist() == [5, 5]
    assert batch.columns["so_thua"].to_pylist() == [12, 13]


@pytest.mark.parametrize(
    ("words", "degrees"),
    [
        ("10 độ 27 phút 18,5 giây", 10.455138888),
        ("105 độ 37 phút 48 giây Đông", 105.63),
        ("10 độ 27 phút 18.5 giây vĩ Bắc", None),
    ],
)
def test_degrees_in_words(words: str, degrees: float | None) -> None:
    assert number(words) == (None if degrees is None else pytest.approx(degrees))


def test_a_spreadsheets_bare_numbers_in_columns_of_dates() -> None:
    assert to_date("46100") == to_date(46100.0) == date(2026, 3, 19)
    assert to_timestamp(46100.5) == to_timestamp("46100,5") == datetime(2026, 3, 19, 5, tzinfo=UTC)
    for wrong in ("4610", "99999", "46100 m2", "46100.5.1"):
        with pytest.raises(Wrong):
            to_date(wrong)
    convert = Converter(load()["reports"], "received_at", "Ngày", None, None)
    column = pa.array([46100.5, 46101.25, None])
    values, _ = convert(column, 1)
    assert values[1] == datetime(2026, 3, 19, 23, tzinfo=UTC)
    (note,) = convert.serials(column, 1)
    assert (note.code, note.count, note.rows) == ("date_serial", 2, (1, 2))
    assert convert.serials(pa.array(["19/03/2026"]), 1) == []


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("8:30 AM 15/03/2026", 8),
        ("15/03/2026 8:30 CH", 20),
        ("15/03/2026 12:30 SA", 0),
        ("12:30 PM 15/03/2026", 12),
    ],
)
def test_clocks_that_go_to_twelve(text: str, hour: int) -> None:
    moment = to_timestamp(text)
    assert (moment.hour, moment.minute, moment.date()) == (hour, 30, date(2026, 3, 15))
    with pytest.raises(Wrong):
        to_timestamp("15/03/2026 20:30 PM")


def test_a_number_behind_the_sign_of_a_text() -> None:
    assert number("'10.455") == 10.455 and number("’105,63", ",") == 105.63


def test_the_error_of_a_map_server_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"error":{"code":498,"message":"Invalid Token","details":[]}}')
    with pytest.raises(Refused, match="Invalid Token"):
        open_source(tmp_path / "a.json")


PLACES = ["10,455;105,63", "10,456;105,63", "10,457;105,63", "10,458;105,63"]


def listed(tmp_path: Path, head: str, rows: list[str]) -> Batch:
    (tmp_path / "a.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
    return read(tmp_path / "a.csv")


def test_numbers_that_begin_anew_and_two_things_in_one_place_make_no_area(tmp_path: Path) -> None:
    head = "STT;Tên;Vĩ độ;Kinh độ"
    group = [f"{n + 1};Giao thông {n};{place}" for n, place in enumerate(PLACES)]
    other = [f"{n + 1};An ninh {n};{place}" for n, place in enumerate(PLACES)]
    batch = listed(tmp_path, head, [*group, ";;;", "II. CAMERA AN NINH;;;", head, *other, "Trang 2/2;;;"])
    assert {shape.geom_type for shape in batch.geometry} == {"Point"} and len(batch) == 8
    assert [note.code for note in batch.notes if note.code == "foot_skipped"] == ["foot_skipped"]
    assert not batch.faults
    # Corners that bear no name are a list as before.
    corners = [
        f"{n % 4 + 1};{NORTH + dy:.3f};{EAST + dx + n // 4 * 50:.3f}" for n, (dx, dy) in enumerate(SQUARE * 2)
    ]
    batch = listed(tmp_path, "STT;X;Y", corners)
    assert [shape.geom_type for shape in batch.geometry] == ["Polygon"] * 2


def test_rows_of_three_and_of_six_degrees_told_by_two_columns(tmp_path: Path) -> None:
    at = 105.63, 10.45
    rows = []
    for epsg, width in ((5897, "3"), (3405, "6")):
        east, north = from_wgs84(np.array([at]), ZONES[epsg])[0]
        rows.append(f"A;{north:.3f};{east:.3f};105°00';{width}")
    batch = listed(tmp_path, "Tên;X;Y;Kinh tuyến trục;Múi chiếu", rows)
    assert [(shape.x, shape.y) for shape in batch.geometry] == [pytest.approx(at, abs=1e-7)] * 2


@pytest.mark.parametrize(
    ("text", "area_m2"), [("900,0 m²", 900), ("0,09 ha", 900), ("0,5ha", 5_000), ("1 km2", 1e6), ("900", 900)]
)
def test_a_unit_in_the_cell_goes_before_that_of_the_field(text: str, area_m2: float) -> None:
    for column in ("Diện tích", "Diện tích (m2)"):
        convert = Converter(load()["land_use"], "area_m2", column, None, ",")
        assert convert(pa.array([text]), 1) == ([pytest.approx(area_m2)], [])
