"""Readers: one layer of plots in every format that agencies send comes back the same."""

from __future__ import annotations

import math
import struct
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely

from etl.rings import areas_of
from etl.sources import Refused, batches, open_source
from etl.sources.cells import SheetCells
from etl.sources.curves import straight
from etl.sources.frames import GEOMETRY
from etl.sources.opened import open_data_sets
from etl.sources.sniff import kind
from etl.sources.tables import Table
from etl.types import Limits
from tests.etl.made import in_system, parcels
from tests.etl.province import shared
from tests.etl.test_text import as_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from etl.types import Source

NAMES = ["Thửa một", "Thửa hai", "Thửa ba", "Thửa bốn", "Đất trồng lúa"]


def plots() -> gpd.GeoDataFrame:
    shapes = in_system(parcels()[[0, 200, 400, 600, 800]], 5897)
    return gpd.GeoDataFrame({"ten": NAMES, "so": range(1, 6)}, geometry=shapes, crs=5897)


def collect(source: Source, name: str | None = None) -> tuple[np.ndarray, dict[str, list[object]]]:
    """All rows of a layer."""
    shapes, columns = [], {}
    for batch in batches(source, name or source.layers[0].name, size=2):
        shapes.append(batch.geometry)
        for column, values in batch.columns.items():
            columns.setdefault(column, []).extend(values.to_pylist())
    return np.concatenate(shapes), columns


def inside(path: Path) -> tuple[np.ndarray, dict[str, list[object]]]:
    """All rows of a file's first layer, read in this process: what is tested is the reader, not its cage."""
    folder = path.parent / "worker"
    folder.mkdir(exist_ok=True)
    (opened,), _ = open_data_sets(path, folder, Limits())
    layer = opened.layers()[0]
    records = list(opened.batches(layer.inner_layer, 20_000))
    shapes = [shapely.from_wkb(each.column(GEOMETRY).to_pylist()) for each in records]
    names = [name for name in records[0].schema.names if not name.startswith("__")]
    return np.concatenate(shapes), {n: [v for r in records for v in r.column(n).to_pylist()] for n in names}


def same_place(got: np.ndarray, wanted: np.ndarray, within: float = 0.01) -> None:
    assert len(got) == len(wanted)
    for one, other in zip(got, wanted, strict=True):
        assert shapely.hausdorff_distance(one, other) < within


@pytest.mark.parametrize(
    ("file", "driver", "epsg"),
    [
        ("a.shp", "ESRI Shapefile", 5897),
        ("a.gpkg", "GPKG", 5897),
        ("a.gdb", "OpenFileGDB", 5897),
        ("a.fgb", "FlatGeobuf", 5897),
        ("a.gml", "GML", 5897),
        ("a.geojson", "GeoJSON", 4326),
        ("a.geojsonl", "GeoJSONSeq", 4326),
        ("a.kml", "KML", 4326),
        ("a.tab", "MapInfo File", 5897),
        ("a.mif", "MapInfo File", 5897),
        ("a.dxf", "DXF", 5897),
        ("a.dgn", "DGN", 5897),
        ("a.parquet", "Parquet", 5897),
    ],
)
def test_every_format_brings_shapes_and_names(tmp_path: Path, file: str, driver: str, epsg: int) -> None:
    frame = plots().to_crs(epsg) if epsg == 4326 else plots()
    path = tmp_path / file
    if driver == "Parquet":
        frame.to_parquet(path)
    elif driver in ("DXF", "DGN"):
        lines = frame[["geometry"]].set_geometry(
            shapely.get_exterior_ring(frame.geometry.to_numpy()), crs=epsg
        )
        pyogrio.write_dataframe(lines, path, driver=driver)
    else:
        pyogrio.write_dataframe(frame, path, driver=driver, encoding="UTF-8")
    source = open_source(path)
    assert source.driver == driver
    shapes, columns = collect(source)
    if driver == "DXF":
        shapes = areas_of(shapes, driver)[0]
    wanted = frame.geometry.to_numpy()
    if driver == "FlatGeobuf":  # its spatial index orders the rows
        order = [int(np.argmin(shapely.distance(shapes, shapely.point_on_surface(one)))) for one in wanted]
        shapes, columns["ten"] = shapes[order], [columns["ten"][at] for at in order]
    same_place(shapely.force_2d(shapes), wanted, 0.02 if epsg == 5897 else 1e-6)
    if driver in ("DXF", "DGN"):
        return
    texts = columns.get("ten") or columns["Name"]
    if source.layers[0].transport == "bytes":
        texts = [str(text).encode("latin-1").decode() for text in texts]
    assert texts == NAMES


def test_archives_of_several_parts_and_layers(tmp_path: Path) -> None:
    pyogrio.write_dataframe(plots(), tmp_path / "thua.shp")
    pyogrio.write_dataframe(plots(), tmp_path / "lop.gpkg")
    with zipfile.ZipFile(tmp_path / "ho so.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(tmp_path.iterdir()):
            if part.suffix != ".zip":
                archive.write(part, f"CSDL_DoAn/{part.name}")
        archive.writestr("CSDL_DoAn/readme.txt", "x")
    source = open_source(tmp_path / "ho so.zip")
    assert sorted(layer.driver for layer in source.layers) == ["ESRI Shapefile", "GPKG"]
    for layer in source.layers:
        same_place(collect(source, layer.name)[0], plots().geometry.to_numpy())


def test_kmz_and_zipped_geodatabase(tmp_path: Path) -> None:
    pyogrio.write_dataframe(plots().to_crs(4326), tmp_path / "doc.kml", driver="LIBKML")
    pyogrio.write_dataframe(
        plots(), tmp_path / "QuyHoach.gdb", driver="OpenFileGDB", layer="ChucNangSuDungDat_A"
    )
    with zipfile.ZipFile(tmp_path / "a.kmz", "w") as archive:
        archive.write(tmp_path / "doc.kml", "doc.kml")
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for part in (tmp_path / "QuyHoach.gdb").iterdir():
            archive.write(part, f"HoSoGIS/QuyHoach.gdb/{part.name}")
    assert len(collect(open_source(tmp_path / "a.kmz"))[0]) == 5
    source = open_source(tmp_path / "b.zip")
    assert [layer.inner_layer for layer in source.layers] == ["ChucNangSuDungDat_A"]
    assert collect(source)[1]["ten"] == NAMES


@pytest.mark.parametrize(
    ("lost", "told"), [(".shx", "shp_no_shx"), (".dbf", "shp_no_dbf"), (".prj", "shp_no_prj")]
)
def test_a_shapefile_without_one_of_its_parts(tmp_path: Path, lost: str, told: str) -> None:
    pyogrio.write_dataframe(plots(), tmp_path / "a.shp")
    (tmp_path / f"a{lost}").unlink()
    before = sorted(tmp_path.iterdir())
    source = open_source(tmp_path / "a.shp")
    assert told in [note.code for note in source.layers[0].notes]
    same_place(collect(source)[0], plots().geometry.to_numpy())
    assert sorted(tmp_path.iterdir()) == before  # nothing is written beside the file


def test_bytes_of_texts_arrive_unchanged(tmp_path: Path) -> None:
    coded = ["Ph\xadêng Cao L·nh", "X· Mü Thä", "a", "b", "c"]
    frame = plots().assign(ten=coded)
    pyogrio.write_dataframe(frame, tmp_path / "a.shp", encoding="ISO-8859-1")
    (tmp_path / "a.cpg").unlink()
    source = open_source(tmp_path / "a.shp")
    assert source.layers[0].transport == "bytes"
    assert collect(source)[1]["ten"] == coded


def test_arcs_become_segments_and_are_told(tmp_path: Path) -> None:
    circle = _curve(10, [_curve(8, [(0, 0), (10, 10), (20, 0), (10, -10), (0, 0)])])
    road = shapely.from_wkb(straight(circle))
    assert road.area == pytest.approx(math.pi * 100, rel=2e-3)
    compound = _curve(9, [_curve(8, [(0, 0), (5, 5), (10, 0)]), _curve(2, [(10, 0), (20, 0)])])
    line = shapely.from_wkb(straight(compound))
    assert line.length == pytest.approx(math.pi * 5 + 10, rel=2e-3)
    assert line.coords[0] == (0, 0) and line.coords[-1] == (20, 0)
    pyogrio.write_dataframe(plots()[:1], tmp_path / "a.gpkg", layer="a", geometry_type="Unknown")
    _put(tmp_path / "a.gpkg", circle)
    source = open_source(tmp_path / "a.gpkg")
    (batch,) = batches(source, "a")
    assert [note.code for note in batch.notes] == ["curves"]
    assert batch.geometry[1].area == pytest.approx(math.pi * 100, rel=2e-3)


def test_points_of_a_text_table_in_vietnamese_notation(tmp_path: Path) -> None:
    rows = "".join(f"Camera {n};105,{600 + n};10,{400 + n};{n},5\n" for n in range(50))
    (tmp_path / "a.csv").write_text("DANH SÁCH CAMERA\n\nTên;Kinh độ;Vĩ độ;Hướng\n" + rows, encoding="utf-8")
    shapes, columns = inside(tmp_path / "a.csv")
    assert len(shapes) == 50
    assert (shapes[7].x, shapes[7].y) == (105.607, 10.407)
    assert columns["Hướng"][7] == "7,5"


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "utf-8"])
def test_headers_are_read_in_the_files_own_encoding(tmp_path: Path, encoding: str) -> None:
    text = "Tên điểm;Kinh độ;Vĩ độ;Địa chỉ\nTrạm một;105,61;10,41;Mỹ Phú\n"
    (tmp_path / "a.csv").write_bytes(as_bytes(text, encoding))
    shapes, columns = inside(tmp_path / "a.csv")
    assert (shapes[0].x, shapes[0].y) == (105.61, 10.41)
    assert len(columns) == 2


@pytest.mark.parametrize(
    ("cells", "lonlat"),
    [
        (["X", "Y", 1189964.0, 600997.0], (600997.0, 1189964.0)),
        (["Y", "X", "600.997,25", "1.189.964,50"], (600997.25, 1189964.5)),
        (["lat", "lng", "10.759", "106.675"], (106.675, 10.759)),
        (["Tọa độ", "Ghi chú", "10.759, 106.675", "x"], (106.675, 10.759)),
        (["Vĩ độ", "Kinh độ", "10°45'32.4\"N", "106°40'30\"E"], (106.675, 10.759)),
        (["WKT", "so", "POINT (106.675 10.759)", "1"], (106.675, 10.759)),
    ],
)
def test_places_are_found_whatever_the_columns_are_called(tmp_path: Path, cells: list, lonlat: tuple) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Tên", *cells[:2]])
    book.active.append(["A", *cells[2:]])
    book.save(tmp_path / "a.xlsx")
    shapes, _ = inside(tmp_path / "a.xlsx")
    assert (shapes[0].x, shapes[0].y) == pytest.approx(lonlat)


SQUARE = [(1156800.0, 568900.0), (1156800.0, 568950.0), (1156840.0, 568950.0), (1156840.0, 568900.0)]


def corner_sheet(path: Path, *, comma: bool = True, between: bool = False, wrong: bool = False) -> Path:
    """Three parcels in a sheet, as surveyors write them."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["BẢNG KÊ TỌA ĐỘ GÓC RANH THỬA ĐẤT"])
    sheet.append(["Hệ tọa độ VN-2000, kinh tuyến trục 105°45', múi chiếu 3°"])
    for k in range(3):
        corners = [(north + 100 * k, east) for north, east in SQUARE]
        sheet.append([f"Thửa đất số {12 + k}, tờ bản đồ số 5"])
        sheet.append(["Số hiệu điểm", "X (m)", "Y (m)", "Cạnh (m)"])
        for n, (north, east) in enumerate([*corners, corners[0]], start=1):
            edge = (
                None
                if n > 4
                else round(math.dist(corners[n - 1], corners[n % 4]) + (7 if wrong and n == 2 else 0), 2)
            )
            shown = [f"{value:.2f}".replace(".", ",") if comma else value for value in (north, east)]
            sheet.append([1 if n == 5 else n, *shown, None if between else edge])
            if between and edge is not None:
                sheet.append([None, None, None, edge])
        sheet.append([f"Diện tích: {2000.5 + k:.1f} m2".replace(".", ",")])
    book.save(path)
    return path


@pytest.mark.parametrize("comma", [True, False])
@pytest.mark.parametrize("between", [True, False])
def test_lists_of_corners_become_parcels(tmp_path: Path, comma: bool, between: bool) -> None:
    path = corner_sheet(tmp_path / "a.xlsx", comma=comma, between=between)
    assert Table(SheetCells(path, "Sheet", Limits())).hint() == "9210"
    shapes, columns = inside(path)
    assert [shape.area for shape in shapes] == [2000.0] * 3
    assert shapes[0].bounds == (568900.0, 1156800.0, 568950.0, 1156840.0)
    assert columns["so_thua"] == [12, 13, 14]
    assert columns["so_to"] == [5, 5, 5]
    assert columns["dien_tich_m2"] == [2000.5, 2001.5, 2002.5]


def test_headers_of_two_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Danh sách vùng trồng"])
    book.active.append(["TT", "Tên vùng trồng", "Tọa độ", None, "Diện tích (ha)"])
    book.active.append([None, None, "X", "Y", None])
    book.active.append([1, "Vùng A", 1156800.5, 568900.25, 12.5])
    book.active.append([2, "Vùng B", 1156900.5, 568900.25, 10.0])
    book.save(tmp_path / "a.xlsx")
    shapes, columns = inside(tmp_path / "a.xlsx")
    assert [(shape.x, shape.y) for shape in shapes] == [(568900.25, 1156800.5), (568900.25, 1156900.5)]
    assert columns["Diện tích (ha)"] == [12.5, 10.0]
    listed = openpyxl.Workbook()
    for k in range(2):
        listed.active.append([f"Thửa đất số {k + 1}, tờ bản đồ số 7"])
        listed.active.append(["Số hiệu điểm", "Tọa độ", None, "Cạnh (m)"])
        listed.active.append([None, "X (m)", "Y (m)", None])
        for n, (north, east) in enumerate([*SQUARE, SQUARE[0]], start=1):
            edge = None if n > 4 else math.dist(SQUARE[n - 1], SQUARE[n % 4])
            listed.active.append([n, north + 90 * k, east, edge])
    listed.save(tmp_path / "b.xlsx")
    shapes, columns = inside(tmp_path / "b.xlsx")
    assert [shape.area for shape in shapes] == [2000.0, 2000.0]
    assert columns["so_thua"] == [1, 2]


def test_a_listed_edge_that_does_not_measure_so_is_a_fault(tmp_path: Path) -> None:
    source = open_source(corner_sheet(tmp_path / "a.xlsx", wrong=True))
    faults = [fault for batch in batches(source, source.layers[0].name) for fault in batch.faults]
    assert [fault.code for fault in faults] == ["corners_edge"] * 3
    assert "Cạnh 2 ghi 47.00 m" in faults[0].reason.vi and "40.00 m" in faults[0].reason.vi


def test_corners_named_row_by_row(tmp_path: Path) -> None:
    lines = ["Vùng trồng,Cây trồng,Điểm,X,Y"]
    for k, name in enumerate(("Vùng A", "Vùng B")):
        lines += [
            f"{name},Xoài,{n},{north + 200 * k},{east}" for n, (north, east) in enumerate(SQUARE, start=1)
        ]
    (tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8-sig")
    shapes, columns = inside(tmp_path / "a.csv")
    assert [shape.area for shape in shapes] == [2000.0, 2000.0]
    assert columns["Vùng trồng"] == ["Vùng A", "Vùng B"]
    assert columns["Cây trồng"] == ["Xoài", "Xoài"]


def test_rows_are_numbered_through_batches(tmp_path: Path) -> None:
    pyogrio.write_dataframe(plots(), tmp_path / "a.gpkg")
    source = open_source(tmp_path / "a.gpkg")
    assert [batch.first_row for batch in batches(source, "a", size=2)] == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "head", "code"),
    [
        ("a.dwg", b"AC1032\x00", "convert_dwg"),
        ("a.dgn", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "convert_dgn8"),
        ("a.mdb", b"\x00\x01\x00\x00Standard Jet DB", "convert_mdb"),
        ("a.rar", b"Rar!\x1a\x07", "convert_rar"),
        ("a.pdf", b"%PDF-1.7", "convert_document"),
        ("a.tif", b"II*\x00", "convert_raster"),
        ("a.dbf", b"\x03abc", "part_missing"),
        ("a.dat", b"abc", "part_missing"),
        ("a.xyz", b"abc", "unknown_format"),
        ("a.shp", b"", "empty"),
        ("a.dxf", b"AutoCAD Binary DXF\r\n", "dxf_binary"),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_to_do(
    tmp_path: Path, name: str, head: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(head)
    with pytest.raises(Refused) as refused:
        kind(tmp_path / name)
    assert refused.value.code == code
    assert refused.value.vi != refused.value.en


def test_real_files_of_agencies_and_samples() -> None:
    source = open_source(shared("legacy_formats/derived_from_thuanhoa.zip"))
    assert {layer.driver for layer in source.layers} == {"DGN", "MapInfo File"}
    for layer in source.layers:
        assert len(collect(source, layer.name)[0]) in (50, 51)
    samples = open_source(shared("legacy_formats/dgn_v7_dgnlib_samples.zip"))
    assert sum(len(collect(samples, layer.name)[0]) for layer in samples.layers) > 590


def _curve(kind: int, parts: list) -> bytes:
    body = b"".join(part if isinstance(part, bytes) else struct.pack("<dd", *part) for part in parts)
    return struct.pack("<BII", 1, kind, len(parts)) + body


def _put(path: Path, wkb: bytes) -> None:
    import sqlite3

    with sqlite3.connect(path) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        header = b"GP\x00\x01" + struct.pack("<i", 5897)
        database.execute("INSERT INTO a (geom, ten) VALUES (?, 'cong')", (header + wkb,))
    database.close()
