"""Archives, workbooks and text tables that are not quite what their suffix says."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyogrio
import pytest
import shapely

from etl.sources import batches, open_source
from etl.sources.cells import CsvCells
from etl.sources.domains import as_stored, of_definitions
from etl.sources.refusal import Refused, unreadable
from etl.survey import survey
from etl.types import MEANING, Answers, Limits
from tests.etl import odd_files as odd
from tests.etl.made import tenant
from tests.etl.test_odd_files import LAYERS, SAID, SCHEME, taken

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


REFUSED: list[tuple[str, Callable[[Path], Path], str, str]] = [
    ("rar", lambda t: packed(t / "a.zip", {"x.rar": b"Rar!\x1a\x07\x01\x00"}), "convert_rar", "giải nén"),
    ("dwg", lambda t: packed(t / "a.zip", {"x.dwg": b"AC1027\x00"}), "convert_dwg", "DXF"),
    ("dbf", lambda t: packed(t / "a.zip", {"x.dbf": b"\x03" * 99}), "part_missing", ".shp"),
    ("readme", lambda t: packed(t / "a.zip", {"x.md": b"a"}), "nothing_inside", "x.md"),
    (
        "docx",
        lambda t: packed(t / "a.docx", {"[Content_Types].xml": b"<a/>", "word/document.xml": b"<a/>"}),
        "convert_document",
        "Excel",
    ),
    ("qgz", lambda t: packed(t / "a.qgz", {"a.qgs": b"<qgis/>"}), "convert_project", "GeoPackage"),
    ("html", lambda t: written(t / "a.xls", b"\n<html><table></table></html>"), "sheet_html", "Save As"),
    (
        "locked",
        lambda t: written(t / "a.xlsx", OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le")),
        "encrypted",
        "mật khẩu",
    ),
    ("old", lambda t: written(t / "a.xlsx", OLE + bytes(600)), "sheet_suffix", ".xls"),
    ("json", lambda t: written(t / "a.geojson", b"[1, 2]"), "not_its_format", "QGIS"),
    ("mxd", lambda t: written(t / "a.mxd", OLE + bytes(600)), "convert_project", "GeoPackage"),
    ("aprx", lambda t: packed(t / "a.aprx", {"GISProject.json": b"{}"}), "convert_project", "GeoPackage"),
    ("mpk", lambda t: written(t / "a.mpk", b"7z\xbc\xaf"), "convert_package", ".gdb"),
    ("ecw", lambda t: written(t / "a.ecw", b"ie\x01"), "convert_raster", "số hóa"),
    ("bigtiff", lambda t: written(t / "a.tif", b"II+\x00"), "convert_raster", "số hóa"),
    ("gzip", lambda t: written(t / "a.csv.gz", b"\x1f\x8b\x08"), "convert_rar", ".zip"),
    ("rvt", lambda t: written(t / "a.rvt", OLE + bytes(600)), "convert_model", "DXF"),
    ("tiles", lambda t: written(t / "a.mbtiles", b"SQLite format 3\x00"), "convert_tiles", "GeoPackage"),
    ("sql", lambda t: written(t / "a.sql", b"INSERT INTO a VALUES (1);"), "convert_dump", "CSV"),
    ("note", lambda t: written(t / "a.shp.xml", b"<metadata/>"), "part_missing", ".shp"),
]


@pytest.mark.parametrize(
    ("make", "code", "words"), [each[1:] for each in REFUSED], ids=[e[0] for e in REFUSED]
)
def test_what_is_no_data_is_answered_with_what_to_do(
    tmp_path: Path, make: Callable[[Path], Path], code: str, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        open_source(make(tmp_path))
    assert refused.value.code == code and words in refused.value.vi
    assert str(tmp_path) not in refused.value.vi


def test_a_librarys_paths_and_hints_are_not_told() -> None:
    told = unreadable("a.shp", "X: '/tmp/q/a.shp' bad; It might help to specify the driver").vi
    assert "/tmp" not in told and "might" not in told and "a.shp" in told


def test_an_archive_in_an_archive_and_what_cannot_be_read_beside(tmp_path: Path) -> None:
    kml = odd.kml_of_data(tmp_path)
    inner = packed(tmp_path / "in.kmz", {"doc.kml": kml.read_bytes()})
    link = odd.KML + "<NetworkLink><name>x</name></NetworkLink></Document></kml>"
    outer = packed(tmp_path / "out.kmz", {"doc.kml": link.encode(), "files/in.kmz": inner.read_bytes()})
    seen, shapes, _, faults = taken(outer, "land_use")
    assert len(shapes) == 60 and faults == []
    assert "members_unreadable" in {note.code for note in seen.notes}
    deep = packed(tmp_path / "deep.zip", {"a.zip": packed(tmp_path / "b.zip", {"c.kmz": b"PK"}).read_bytes()})
    with pytest.raises(Refused):
        open_source(deep)


def test_an_inner_archive_counts_against_the_same_limits(tmp_path: Path) -> None:
    inner = packed(tmp_path / "in.zip", {"a.csv": bytes(3_000)})
    outer = packed(tmp_path / "out.zip", {"in.zip": inner.read_bytes(), "b.csv": bytes(2_000)})
    with pytest.raises(Refused) as refused:
        open_source(outer, Limits(unpacked_bytes=6_000))
    assert refused.value.code == "zip_bomb"


def test_inner_archives_share_one_bound_of_members(tmp_path: Path) -> None:
    inner = packed(tmp_path / "in.zip", {f"{n}.csv": b"x" for n in range(5)}).read_bytes()
    outer = packed(tmp_path / "out.zip", {f"{n}.zip": inner for n in range(3)})
    with pytest.raises(Refused) as refused:
        open_source(outer, Limits(members=17))
    assert refused.value.code == "zip_bomb"


def test_a_geodatabase_packed_without_its_folder(tmp_path: Path) -> None:
    pyogrio.write_dataframe(
        odd.land(), tmp_path / "a.gdb", driver="OpenFileGDB", layer="t", geometry_type="MultiPolygon"
    )
    _, shapes, _, faults = taken(odd.zipped(tmp_path / "a.gdb"), "land_use")
    assert len(shapes) == 60 and faults == []


def test_hidden_sheets_are_not_read(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    for sheet, name in ((made.active, "Trại"), (made.create_sheet("Mẫu"), "Mẫu")):
        sheet.append(["Tên cơ sở", "Kinh độ", "Vĩ độ", "Cây trồng"])
        sheet.append([name, 105.6, 10.4, "Xoài"])
    made["Mẫu"].sheet_state = "hidden"
    made.save(tmp_path / "a.xlsx")
    source = open_source(tmp_path / "a.xlsx")
    assert [layer.name for layer in source.layers] == ["Sheet"]
    assert [note.code for note in source.layers[0].notes] == ["sheets_hidden"]


def test_a_text_table_named_like_a_workbook_and_json_named_like_a_table(tmp_path: Path) -> None:
    text = "Tên cơ sở\tKinh độ\tVĩ độ\tCây trồng\n" + "T\t105.6\t10.4\tXoài\n" * 5
    _, shapes, _, _ = taken(written(tmp_path / "a.xls", text.encode("utf-16")), "farms", Answers())
    assert shapely.get_coordinates(shapes[0]).tolist() == [[105.6, 10.4]]
    features = json.loads(odd.land(epsg=4326).to_json(drop_id=True))["features"]
    whole = json.dumps({"type": "FeatureCollection", "features": features})
    assert open_source(written(tmp_path / "a.txt", whole.encode())).layers[0].driver == "GeoJSON"


def test_a_quotation_mark_that_is_not_closed_swallows_no_rows(tmp_path: Path) -> None:
    text = "Tên cơ sở,Kinh độ,Vĩ độ,Cây trồng,Địa chỉ\n"
    for n in range(20):
        end = '"Ấp 1, xã A\n' if n in (5, 19) else '"Ấp 2\nxã A"\n' if n == 9 else '"Ấp ""1"", xã A"\n'
        text += f"T{n},105.6,10.4,Xoài,{end}"
    seen, _, values, faults = taken(written(tmp_path / "a.csv", text.encode()), "farms", Answers())
    assert values["name"] == [f"T{n}" for n in range(20)] and faults == []
    assert values["address"][5:10:4] == ["Ấp 1, xã A", "Ấp 2\nxã A"]
    (note,) = (note for note in seen.notes if note.code == "quotes_mended")
    assert "dòng 7" in note.text.vi


def test_commas_of_sentences_divide_no_cells(tmp_path: Path) -> None:
    row = "T;105,5;10,4;Ấp 1, xã A, huyện B, tỉnh C, Việt Nam, Đông Nam Á\n"
    cells = CsvCells(written(tmp_path / "a.csv", ("Tên;X;Y;Địa chỉ\n" + row * 9).encode()), Limits())
    assert cells.delimiter == ";" and [len(each) for each in cells.rows()] == [4] * 10


def test_headers_in_windows_1258(tmp_path: Path) -> None:
    head = "Tên cơ sơ\u0309\tKinh đô\u0323\tVi\u0303 đô\u0323\tCây trô\u0300ng\n"
    content = head + "Tra\u0323i sô\u0301 1\t105.6\t10.4\tXoa\u0300i\n" * 9
    _, _, values, _ = taken(written(tmp_path / "a.csv", content.encode("cp1258")), "farms", Answers())
    assert values["name"][0] == "Trại số 1" and values["crop"][0] == "mango"


CODES = {"LUC": 1, "ONT": 2, "CLN": 3, "BHK": 4}


def test_a_list_of_values_in_a_geopackage_is_read_by_its_names(tmp_path: Path) -> None:
    frame = odd.land()
    frame["MDSD"] = frame.MDSD.map(CODES)
    frame.to_file(tmp_path / "a.gpkg", layer="thua")
    names = ("Đất chuyên trồng lúa", "Đất ở tại nông thôn", "Đất trồng cây lâu năm", "BHK")
    with closing(sqlite3.connect(tmp_path / "a.gpkg")) as base, base:
        base.execute("CREATE TABLE gpkg_data_columns (table_name, column_name, constraint_name)")
        base.execute("INSERT INTO gpkg_data_columns VALUES ('thua', 'MDSD', 'dm')")
        base.execute(
            "CREATE TABLE gpkg_data_column_constraints (constraint_name, constraint_type, value, description)"
        )
        listed = [("dm", "enum", str(code), name) for code, name in enumerate(names, 1)]
        base.executemany("INSERT INTO gpkg_data_column_constraints VALUES (?, ?, ?, ?)", listed)
    seen, _, values, faults = taken(tmp_path / "a.gpkg", "land_use")
    assert faults == [] and values["code"] == odd.land().MDSD.tolist()
    assert seen.reading is not None and seen.reading.columns["code"] == "MDSD" + MEANING
    assert "domain_read" in {note.code for note in seen.notes}


DOMAIN = """<t:GPCodedValueDomain2 xmlns:t="u"><DomainName>{}</DomainName><CodedValues>{}</CodedValues>
</t:GPCodedValueDomain2>"""
CODED = "<CodedValue><Name>{1}</Name><Code>{0}</Code></CodedValue>"


def test_domains_and_subtypes_of_a_geodatabase() -> None:
    domains = [
        DOMAIN.format(name, "".join(CODED.format(*pair) for pair in pairs))
        for name, pairs in (("dm", [("1", "LUC"), ("2", "ONT")]), ("d2", [("1", "LUC"), ("2", "ODT")]))
    ]
    field = "<GPFieldInfoEx><Name>Loai</Name><DomainName>dm</DomainName></GPFieldInfoEx>"
    info = "<SubtypeFieldInfo><FieldName>Ma</FieldName><DomainName>{}</DomainName></SubtypeFieldInfo>"
    subtype = "<Subtype><SubtypeName>{1}</SubtypeName><SubtypeCode>{0}</SubtypeCode>{2}</Subtype>"
    both = subtype.format(1, "Nông thôn", info.format("dm")) + subtype.format(2, "Đô thị", info.format("d2"))
    mine = (
        f'<t:DEFeatureClassInfo xmlns:t="u"><Name>Thua</Name>{field}<SubtypeFieldName>Vung</SubtypeFieldName>'
        f"{both}</t:DEFeatureClassInfo>"
    )
    found = of_definitions([*domains, mine, "<!DOCTYPE a><a/>", "<broken"], "Thua")
    assert found["Loai"] == {"1": "LUC", "2": "ONT"} and found["Vung"] == {"1": "Nông thôn", "2": "Đô thị"}
    # What a code means differs from one subtype to the other: it stays a code.
    assert found["Ma"] == {"1": "LUC", "2": "2"}
    assert of_definitions(domains, "Thua") == {}


def test_codes_that_are_in_no_list_are_not_lost() -> None:
    listed = pa.DictionaryArray.from_arrays(pa.array([1, 2], pa.int32()), pa.array([None, "LUC", "ONT"]))
    batch = as_stored(pa.record_batch([listed], names=["a"]))
    assert batch.column("a").to_pylist() == [1, 2]


MAKE_GDB = """
import sys
from osgeo import gdal, ogr
gdal.UseExceptions()
base = gdal.GetDriverByName("OpenFileGDB").Create(sys.argv[1], 0, 0, 0, gdal.GDT_Unknown)
listed = {"1": "LUC", "2": "ONT"}
base.AddFieldDomain(ogr.CreateCodedFieldDomain("dm", "", ogr.OFTInteger, ogr.OFSTNone, listed))
file = ogr.Open(sys.argv[2])
source = file.GetLayer(0)
layer = base.CreateLayer("Thua", source.GetSpatialRef(), ogr.wkbMultiPolygon, options=["FEATURE_DATASET=DC"])
for name in ("SHBANDO", "SHTHUA", "MDSD"):
    field = ogr.FieldDefn(name, ogr.OFTInteger)
    if name == "MDSD":
        field.SetDomainName("dm")
    layer.CreateField(field)
for n, row in enumerate(source):
    made = ogr.Feature(layer.GetLayerDefn())
    made.SetGeometry(ogr.ForceToMultiPolygon(row.GetGeometryRef().Clone()))
    made["SHBANDO"], made["SHTHUA"], made["MDSD"] = 1, n + 1, n % 2 + 1
    layer.CreateFeature(made)
base.CreateLayer("Thua__ATTACH", None, ogr.wkbNone)
"""


def test_a_geodatabase_with_a_domain_in_a_feature_dataset(tmp_path: Path) -> None:
    """Only GDAL's own Python writes such files: the test is skipped where the machine has none."""
    python = ["/usr/bin/python3", "-c"]
    if subprocess.run([*python, "from osgeo import ogr"], check=False, capture_output=True).returncode:
        pytest.skip("no GDAL with Python on this machine")
    odd.land().to_file(tmp_path / "in.gpkg")
    subprocess.run([*python, MAKE_GDB, tmp_path / "a.gdb", tmp_path / "in.gpkg"], check=True)
    _, _, values, faults = taken(tmp_path / "a.gdb", "land_use")
    assert faults == [] and values["code"] == ["LUC", "ONT"] * 30


def test_layers_of_a_drawing_may_be_its_codes(tmp_path: Path) -> None:
    text = "0\nSECTION\n2\nENTITIES\n"
    for n, row in odd.land().iterrows():
        corners = shapely.get_coordinates(row.geometry)[:-1]
        on = f"{row.MDSD}_hien trang" if n % 2 else row.MDSD
        text += f"0\nLWPOLYLINE\n8\n{on}\n90\n{len(corners)}\n70\n1\n"
        text += "".join(f"10\n{east}\n20\n{north}\n" for east, north in corners)
    path = written(tmp_path / "a.dxf", (text + "0\nENDSEC\n0\nEOF\n").encode())
    said = Answers(SAID.inner_layer, "5897", scheme="TT27_2018", constants={"sheet_number": "1"})
    seen = survey(open_source(path), LAYERS["land_use"], tenant(), said)
    assert [guess.key for guess in seen.columns["code"]] == ["Layer"]
    assert seen.columns["code"][0].score > 0.8


def test_parquet_without_a_geometry(tmp_path: Path) -> None:
    frame = odd.land(epsg=4326)
    bare = pd.DataFrame(frame.drop(columns="geometry"))
    bare.assign(wkt=shapely.to_wkt(frame.geometry.to_numpy())).to_parquet(tmp_path / "a.parquet")
    _, shapes, _, faults = taken(tmp_path / "a.parquet", "land_use", SCHEME)
    assert faults == [] and (shapely.get_type_id(shapes) == 3).all()
    places = shapely.get_coordinates(shapely.centroid(frame.geometry.to_numpy()))
    listed = {
        "Tên cơ sở": ["T"] * 60,
        "Cây trồng": ["Xoài"] * 60,
        "Kinh độ": places[:, 0],
        "Vĩ độ": places[:, 1],
    }
    pd.DataFrame(listed).to_parquet(tmp_path / "b.parquet")
    _, shapes, _, faults = taken(tmp_path / "b.parquet", "farms", Answers())
    assert faults == [] and np.array_equal(shapely.get_coordinates(shapes), places)


def test_a_file_without_a_single_place_is_refused_and_nothing_asked(tmp_path: Path) -> None:
    pd.DataFrame({"Tên cơ sở": ["T"] * 3, "Cây trồng": ["Xoài"] * 3}).to_parquet(tmp_path / "a.parquet")
    seen = survey(open_source(tmp_path / "a.parquet"), LAYERS["farms"], tenant())
    assert "no_places" in {note.code for note in seen.notes} and seen.ambiguities == ()


def test_arcs_in_words_are_a_fault_of_their_row_and_not_of_the_file(tmp_path: Path) -> None:
    arc = "CURVEPOLYGON(COMPOUNDCURVE(CIRCULARSTRING(0 0,5 5,10 0),(10 0,0 0)))"
    path = written(tmp_path / "a.csv", f'ten;wkt\nA;"{arc}"\nB;"POLYGON((0 0,1 0,1 1,0 0))"\n'.encode())
    source = open_source(path)
    (batch,) = batches(source, "a")
    assert [fault.code for fault in batch.faults] == ["wkt_curved"]
    assert [shape is None for shape in batch.geometry] == [True, False]


def test_words_of_every_kind_in_one_column_are_read_each_for_itself(tmp_path: Path) -> None:
    square = shapely.box(105, 10, 106, 11)
    listed = [
        square.wkt,
        f"SRID=4326;{square.wkt.lower()}",
        "POLYGON ((105 10, 106 10",
        square.wkb_hex,
        shapely.to_geojson(square),
        "",
        "POLYGON " + "(" * 20_000,
        f"GEOMETRYCOLLECTION ({square.wkt})",
        f"  {square.wkt}",
    ]
    frame = pd.DataFrame({"ten": [f"T{n}" for n in range(len(listed))], "wkt": listed})
    frame.to_csv(tmp_path / "a.csv", index=False)
    (batch,) = batches(open_source(tmp_path / "a.csv"), "a")
    read = [shape is not None and shape.equals(square) for shape in batch.geometry]
    assert read == [True, True, False, True, True, False, False, True, True]
    assert [(fault.code, fault.row) for fault in batch.faults] == [
        ("wkt_unreadable", 3),
        ("wkt_unreadable", 7),
    ]
    assert shapely.get_type_id(batch.geometry[7]) == shapely.GeometryType.GEOMETRYCOLLECTION


def test_a_geopackage_of_pictures_holds_no_layer(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    tiles = pd.DataFrame({"zoom_level": [1], "tile_column": [0], "tile_row": [0]})
    pyogrio.write_dataframe(tiles, path, layer="t")
    with pytest.raises(Refused) as refused:
        open_source(path)
    assert refused.value.code == "no_layers" and "ảnh" in refused.value.vi
