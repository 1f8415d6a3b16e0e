"""What stands beside the layers of a file is named; drawings and workbooks of other programs are known."""

from __future__ import annotations

import sqlite3
import struct
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from etl.sources import batches, beside, open_source
from etl.sources.foreign import OLE
from etl.sources.refusal import Refused

if TYPE_CHECKING:
    from pathlib import Path

PLACES = [shapely.Point(105.63, 10.46), shapely.Point(105.64, 10.46)]
WORDS = {"TextString": ["a", "b"], "FontName": ["x", "x"], "AnnotationClassID": [0, 0]}


def saved(file: Path, driver: str) -> Path:
    """Things, a table without shapes, and placed texts."""
    things = gpd.GeoDataFrame({"ten": ["một", "hai"]}, geometry=PLACES, crs=4326)
    things.to_file(file, layer="cay", driver=driver)
    pyogrio.write_dataframe(pd.DataFrame({"ma": ["1"]}), file, layer="danh_muc", driver=driver)
    boxes = [place.buffer(0.001) for place in PLACES]
    gpd.GeoDataFrame(WORDS, geometry=boxes, crs=4326).to_file(file, layer="chu", driver=driver)
    return file


def test_a_geodatabase_says_what_of_it_was_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = saved(tmp_path / "a.gdb", "OpenFileGDB")
    (layer,) = open_source(file).layers
    assert layer.name == "cay"
    told = {note.code: note.text.vi for note in layer.notes}
    assert "danh_muc" in told["beside_table"] and "chu" in told["beside_annotation"]
    # No library that we may use writes rasters or relationships: the list of items as ArcGIS keeps it.
    items = (
        np.array(["anh", "a_b", "cay"], dtype=object),
        np.array(
            ["{5ED667A3-9CA9-44A2-8029-D95BF23704B9}", "{b606a7e1-fa5b-439c-849c-6e9c2481537b}", "{0}"],
            dtype=object,
        ),
    )
    fields = {"fields": np.array(["Name", "Type"], dtype=object)}
    monkeypatch.setattr(pyogrio.raw, "read", lambda *_, **__: (fields, None, None, items))
    assert [(note.code, note.count) for note in beside.notes(file, (), ())] == [
        ("beside_raster", 1), ("beside_relation", 1),
    ]  # fmt: skip


def test_a_geopackage_says_what_of_it_was_not_read(tmp_path: Path) -> None:
    file = saved(tmp_path / "a.gpkg", "GPKG")
    with closing(sqlite3.connect(file)) as made, made:
        made.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('anh_nen', 'tiles',"
            " 'anh_nen')"
        )
        made.execute("CREATE TABLE gpkgext_relations (mapping_table_name TEXT)")
        made.execute("INSERT INTO gpkgext_relations VALUES ('cay_va_nguoi')")
    (layer,) = open_source(file).layers
    told = {note.code: note.text.en for note in layer.notes}
    assert "anh_nen" in told["beside_raster"] and "cay_va_nguoi" in told["beside_relation"]
    assert "danh_muc" in told["beside_table"]
    # Words alone are what the file has.
    gpd.GeoDataFrame(WORDS, geometry=PLACES, crs=4326).to_file(tmp_path / "b.gpkg", layer="chu")
    assert [each.name for each in open_source(tmp_path / "b.gpkg").layers] == ["chu"]


def compound(*names: str) -> bytes:
    """The head and the directory of a compound file ([MS-CFB]), the directory beyond the first 64 KB."""
    sector = 200
    head = bytearray(512)
    head[:8] = OLE
    struct.pack_into("<H", head, 0x1E, 9)
    struct.pack_into("<L", head, 0x30, sector)
    entries = b"".join(
        name.encode("utf-16-le").ljust(64, b"\x00") + struct.pack("<H", 2 * len(name) + 2) + bytes(62)
        for name in names
    )
    return bytes(head) + bytes(512 * sector) + entries.ljust(512, b"\x00")


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("a.dwg", b"AC1032" + bytes(100), "convert_dwg", "AutoCAD 2018"),
        ("a.dxf", b"AC1015" + bytes(100), "convert_dwg", "AutoCAD 2000"),
        ("a.dwg", b"AC1099" + bytes(100), "convert_dwg", "DXF"),
        ("a.dgn", compound("Root Entry", "Dgn~H", "Dgn~S"), "convert_dgn8", "V8"),
        ("ban_do.dat_", compound("Root Entry", "Dgn-Md"), "convert_dgn8", "V8"),
        ("a.doc", compound("Root Entry", "WordDocument"), "convert_document", "PDF"),
        ("a.doc", OLE + bytes(20), "convert_document", "PDF"),
        ("a.doc", OLE + b"\xff" * 600, "convert_document", "PDF"),
    ],
)
def test_drawings_are_known_by_what_is_in_them(
    name: str, content: bytes, code: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Refused) as refused:
        open_source(tmp_path / name)
    assert refused.value.code == code and words in refused.value.en


def record(kind: int, content: bytes = b"") -> bytes:
    """One record of BIFF12 ([MS-XLSB] 2.1.4)."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    return head + bytes([len(content)]) + content


def words(text: str) -> bytes:
    return struct.pack("<L", len(text)) + text.encode("utf-16-le")


def xlsb(file: Path, rows: list[list[object]]) -> Path:
    """A binary workbook of one sheet, as small as readers take it."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006/relationships"
    cells = b""
    for at, row in enumerate(rows):
        cells += record(0, struct.pack("<LLHBBBL", at, 0, 300, 0, 0, 0, 0))
        for column, told in enumerate(row):
            place = struct.pack("<LL", column, 0)
            if isinstance(told, str):
                cells += record(6, place + words(told))
            else:
                cells += record(5, place + struct.pack("<d", told))
    size = struct.pack("<LLLL", 0, len(rows) - 1, 0, len(rows[0]) - 1)
    sheet = record(129) + record(148, size) + record(145) + cells + record(146) + record(130)
    named = record(156, struct.pack("<LL", 0, 1) + words("rId1") + words("DS"))
    book = record(131) + record(143) + named + record(144) + record(132)
    target = f'Type="{kinds}/worksheet" Target="worksheets/sheet1.bin"'
    related = f'<Relationships xmlns="{packages}"><Relationship Id="rId1" {target}/></Relationships>'
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("[Content_Types].xml", b"<Types/>")
        out.writestr("xl/workbook.bin", book)
        out.writestr("xl/worksheets/sheet1.bin", sheet)
        out.writestr("xl/_rels/workbook.bin.rels", related)
    return file


def test_a_binary_workbook_is_read_like_the_others_in_an_archive_too(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Tên", "Vĩ độ", "Kinh độ"], ["Cầu", 10.46, 105.63], ["Chợ", 10.47, 105.64]]
    file = xlsb(tmp_path / "a.xlsb", rows)
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as out:
        out.write(file, "Danh sách/a.xlsb")
    for each in (file, tmp_path / "b.zip"):
        source = open_source(each)
        (batch,) = batches(source, source.layers[0].name)
        assert batch.columns["Tên"].to_pylist() == ["Cầu", "Chợ"]
        assert [(shape.x, shape.y) for shape in batch.geometry] == [(105.63, 10.46), (105.64, 10.47)]
