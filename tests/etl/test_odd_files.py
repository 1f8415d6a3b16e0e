"""Files as agencies send them: what is odd about each is understood, or asked, and never loses a value."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import openpyxl
import pytest
import shapely

from etl.rows import rows
from etl.sources import open_source
from etl.sources.coordinates import number
from etl.sources.descriptions import pairs_of
from etl.sources.places import _from_words
from etl.sources.refusal import Refused
from etl.survey import survey
from etl.types import Answers
from layers.registry import load
from tests.etl import odd_files as odd
from tests.etl.made import in_system, tenant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from etl.types import Survey

LAYERS = load()
SCHEME = Answers(scheme="TT27_2018")
# Sixty parcels tell two systems of one meridian hardly apart: where the file is silent, a person says.
SAID = Answers(scheme="TT27_2018", crs="5897")


def taken(
    path: Path, layer: str, answers: Answers = SCHEME
) -> tuple[Survey, np.ndarray, dict[str, list[Any]], list]:
    """A file surveyed and read: shapes, values and faults."""
    seen = survey(open_source(path), LAYERS[layer], tenant(), answers)
    assert seen.reading is not None, (seen.ambiguities, [note.text.en for note in seen.notes])
    every = [each for each in rows(seen.reading, LAYERS[layer], ground=tenant()) if len(each)]
    values: dict[str, list[Any]] = {name: [] for name in every[0].values}
    for batch in every:
        for name, column in batch.values.items():
            values[name] += column
    faults = [fault for each in every for fault in each.faults]
    return seen, np.concatenate([each.geometry for each in every]), values, faults


PARCELS: list[tuple[Callable[[Path], Path], Answers]] = [
    (odd.lying_cpg, SCHEME),
    (odd.cases_of_names, SAID),
    (odd.heights, SCHEME),
    (odd.lines_beside, SCHEME),
    (odd.mif_of_windows_1258, SAID),
    (odd.mif_not_of_the_earth, SAID),
    (odd.kml_of_data, SCHEME),
    (odd.kml_of_a_schema, SCHEME),
    (odd.kml_of_html, SCHEME),
    (odd.gml_with_axes_of_its_own, SCHEME),
    (odd.geojson_in_metres, SCHEME),
    (odd.drawing_with_texts, SAID),
    (odd.lists_below_each_other, SCHEME),
]


@pytest.mark.parametrize(("made", "answers"), PARCELS, ids=[made.__name__ for made, _ in PARCELS])
def test_the_same_parcels_come_out_of_every_odd_file(
    tmp_path: Path, made: Callable[[Path], Path], answers: Answers
) -> None:
    _, shapes, values, faults = taken(made(tmp_path), "land_use", answers)
    wanted = odd.land()
    assert faults == [] and len(shapes) == len(wanted)
    assert values["sheet_number"] == wanted.SHBANDO.tolist()
    assert values["parcel_number"] == wanted.SHTHUA.tolist()
    assert values["code"] == wanted.MDSD.tolist()
    if "address" in values:
        assert set(values["address"]) == {"Ấp Tân Hậu, xã Tân Thuận Tây"}
    there = in_system(shapely.force_2d(shapes), 5897)
    near = shapely.distance(shapely.centroid(there), shapely.centroid(wanted.geometry.to_numpy()))
    assert near.max() < 0.05


def test_a_list_in_halves_side_by_side_is_one_ring(tmp_path: Path) -> None:
    said = Answers(
        crs="5897", scheme="TT27_2018", constants={"code": "LUC", "sheet_number": "5", "parcel_number": "1"}
    )
    _, shapes, _, faults = taken(odd.one_list_in_halves(tmp_path), "land_use", said)
    (shape,) = in_system(shapes, 5897)
    assert faults == [] and shape.is_valid
    assert shape.area == pytest.approx(np.pi * 100**2, rel=0.02)


def test_layers_of_one_form_are_offered_as_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    frame = odd.land()
    for n in (1, 2, 3):
        frame.query(f"SHBANDO == {n}").to_file(tmp_path / f"a/to_{n}.shp")
    frame.iloc[:3].drop(columns=["DIACHI"]).to_file(tmp_path / "a/khac.shp")
    archive = odd.zipped(tmp_path / "a")
    asked = survey(open_source(archive), LAYERS["land_use"], tenant(), SCHEME)
    (question,) = asked.ambiguities
    assert [guess.key for guess in question.guesses][:2] == ["*", "to_1"]
    assert "to_1, to_2, to_3" in question.guesses[0].label.vi
    seen, _, values, faults = taken(archive, "land_use", Answers(inner_layer="*", scheme="TT27_2018"))
    assert seen.rows == 60 and faults == []
    assert values["parcel"] == [f"{s}/{p}" for s, p in zip(frame.SHBANDO, frame.SHTHUA, strict=True)]
    assert seen.reading is not None and seen.reading.ignored == ("_layer",)


def test_a_sheet_with_titles_merged_cells_and_a_foot(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["UBND TỈNH ĐỒNG THÁP"])
    sheet.append(["DANH SÁCH CAMERA"])
    sheet.append([])
    sheet.append(["STT", "Tên camera", "Toạ độ VN-2000 (KTT 105°00')", None, "Ghi chú"])
    sheet.append([None, None, "X (m)", "Y(m)", None])
    for place in ("A1:E1", "A2:E2", "C4:D4", "A4:A5", "B4:B5", "E4:E5"):
        sheet.merge_cells(place)
    points = shapely.get_coordinates(shapely.centroid(odd.land().geometry.to_numpy()))
    for n, (east, north) in enumerate(points):
        sheet.append([n + 1, f"Camera {n}", round(north, 3), round(east, 3), None])
    sheet.append(["Tổng cộng: 60 camera"])
    sheet.append([None, "Người lập biểu", None, "Thủ trưởng đơn vị", None])
    book.save(tmp_path / "a.xlsx")
    said = Answers(crs="5897", constants={"kind": "traffic", "status": "online"})
    seen, shapes, values, faults = taken(tmp_path / "a.xlsx", "cameras", said)
    assert values["name"] == [f"Camera {n}" for n in range(60)] and faults == []
    assert np.abs(shapely.get_coordinates(in_system(shapes, 5897)) - points).max() < 0.01
    assert {"foot_skipped"} <= {note.code for note in seen.notes}


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("10°27'36.5\"N", 10.460139), ("10 27 36.5", 10.460139), ("10 27 36,5", 10.460139),
        ("N10°27'36.5''", 10.460139), ("10d27m36.5s", 10.460139), ("10-27-36.5", 10.460139),
        ("10º 27' 36.5\" N", 10.460139), ("10° 27.6083' B", 10.460138), ("105˚38′12″Đ", 105.636667),
        ("10:27:36.5", 10.460139), ("10,460139", 10.460139),
    ],
)  # fmt: skip
def test_degrees_in_every_dress(text: str, degrees: float) -> None:
    assert number(text) == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-8"])
def test_text_tables_in_every_dress(tmp_path: Path, encoding: str) -> None:
    points = shapely.get_coordinates(shapely.centroid(odd.land(epsg=4326).geometry.to_numpy()))
    text = "sep=;\r\nBáo cáo vườn cây;;;\r\nTên vườn;Kinh độ;Vĩ độ;Cây trồng;Diện tích (m2)\r\n"
    for n, (lon, lat) in enumerate(points):
        text += f"Vườn {n};{lon:.6f};{lat:.6f};Xoài;12.345,5\r\n".replace("105.", "105,").replace(
            "10.", "10,"
        )
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    _, shapes, values, faults = taken(tmp_path / "a.csv", "farms", Answers())
    assert faults == [] and np.abs(shapely.get_coordinates(shapes) - points).max() < 1e-6
    assert values["name"][3] == "Vườn 3" and set(values["area_ha"]) == {1.23455}


def test_geometry_in_a_cell_as_databases_export_it() -> None:
    point = shapely.Point(105.5, 10.4)
    told = [
        point.wkt,
        point.wkb_hex,
        shapely.to_geojson(point),
        shapely.to_wkb(shapely.set_srid(point, 4326), hex=True, include_srid=True),
    ]
    for text in told:
        wkb, note = _from_words(text)
        assert note is None and shapely.from_wkb(wkb).equals(point)
    for text in (
        "0101zz",
        '{"type":"Point","coordinates":"x"}',
        "POINT(",
        "[" * 40,
        '{"coordinates":' + "[" * 5_000,
    ):
        assert _from_words(text)[0] is None


def test_rows_without_any_place_are_told_not_a_crash(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Tên vườn,Kinh độ,Vĩ độ,Cây trồng\n" + "V,chưa đo,chưa đo,Xoài\n" * 5)
    seen = survey(open_source(tmp_path / "a.csv"), LAYERS["farms"], tenant(), Answers(crs="4326"))
    assert seen.geometry_types == {"null": 5} and seen.extent is None


def test_what_descriptions_say() -> None:
    table = "<table><tr><th colspan=2>Thửa 5</th></tr><tr><td>Số tờ:</td><td> 7 </td></tr></table>"
    assert pairs_of(table) == {"Số tờ": "7"}
    assert pairs_of("<b>Chủ</b>: A<br>Diện tích: 1,5 ha") == {"Chủ": "A", "Diện tích": "1,5 ha"}
    head = "<table><tr><td>a</td><td>b</td><td>c</td></tr><tr><td>1</td><td>2</td><td>3</td></tr></table>"
    assert pairs_of(head) == {"a": "1", "b": "2", "c": "3"}
    assert pairs_of("Vườn xoài: 5 công") == {}  # words of a person stay words


def test_kml_without_places_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(odd.KML + "<NetworkLink><name>x</name></NetworkLink></Document></kml>")
    with pytest.raises(Refused) as refused:
        open_source(tmp_path / "a.kml")
    assert refused.value.code == "kml_no_placemarks" and "Google Earth" in refused.value.vi


def test_lines_that_meet_are_areas_where_texts_say_so(tmp_path: Path) -> None:
    text = "0\nSECTION\n2\nENTITIES\n"
    x, y = 560_000.0, 1_150_000.0
    for n in range(4):
        corners = ((n, 0), (n, 1), (n + 1, 1), (n + 1, 0), (n, 0))
        for a, b in itertools.pairwise(corners):
            text += f"0\nLINE\n8\n0\n10\n{x + 50 * a[0]}\n20\n{y + 50 * a[1]}\n"
            text += f"11\n{x + 50 * b[0]}\n21\n{y + 50 * b[1]}\n"
        text += f"0\nTEXT\n8\nNHAN\n10\n{x + 50 * n + 25}\n20\n{y + 25}\n40\n2\n1\n{n + 7}\n"
    (tmp_path / "a.dxf").write_text(text + "0\nENDSEC\n0\nEOF\n")
    said = Answers(crs="5897", scheme="TT27_2018", constants={"sheet_number": "1", "code": "LUC"})
    seen, shapes, values, _ = taken(tmp_path / "a.dxf", "land_use", said)
    assert sorted(values["parcel_number"]) == [7, 8, 9, 10]
    assert shapely.area(in_system(shapes, 5897)) == pytest.approx([2_500] * 4)
    assert "cad_polygonized" in {note.code for note in seen.notes}
