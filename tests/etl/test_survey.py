"""Whole files: surveyed, asked about, and read as rows of a layer."""

from __future__ import annotations

import csv
import io
import unicodedata
import zipfile
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely

from etl.georef import ground
from etl.glance import Glance
from etl.rows import rows
from etl.sources import open_source
from etl.survey import survey
from etl.types import Answers, Batch
from geo.errors import InvalidInput
from layers.registry import load
from tests.etl.made import in_system, parcels, tenant
from tests.etl.province import shared
from tests.etl.test_text import as_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from etl.types import Ground, Survey

LAYERS = load()
CODES = ["LUC", "ONT", "CLN", "BHK"]


def land(count: int = 400) -> gpd.GeoDataFrame:
    """Plots with the columns of a cadastral file, in the province's own zone."""
    shapes = in_system(parcels()[:count], 5897)
    return gpd.GeoDataFrame(
        {
            "SHBANDO": np.arange(count) % 40 + 1,
            "SHTHUA": np.arange(count) + 1,
            "MDSD": [CODES[n % 4] for n in range(count)],
            "DIACHI": [f"Khóm Mỹ Phú {n % 7}, xã Tân Lập" for n in range(count)],
            "CHUSD": [f"Nguyễn Văn An {n}" for n in range(count)],
        },
        geometry=shapes,
        crs=5897,
    )


def legacy(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    """A shapefile as an old office writes it: texts in TCVN3, no .cpg, no .prj."""
    coded = frame.copy()
    for name in coded.columns:
        if isinstance(coded[name].iloc[0], str):
            coded[name] = [as_bytes(text, "tcvn3").decode("latin-1") for text in coded[name]]
    pyogrio.write_dataframe(coded, folder / "thua.shp", encoding="ISO-8859-1")
    (folder / "thua.cpg").unlink()
    (folder / "thua.prj").unlink()
    return folder / "thua.shp"


def look(path: Path, layer: str, where: Ground | None, **answers: Any) -> Survey:
    return survey(open_source(path), LAYERS[layer], where, Answers(**answers))


def taken(found: Survey, layer: str) -> tuple[np.ndarray, dict[str, list[Any]], list[Any]]:
    """All rows of a decided reading."""
    assert found.reading is not None, (found.ambiguities, found.notes)
    shapes, values, faults = [], {}, []
    for part in rows(found.reading, LAYERS[layer]):
        shapes.append(part.geometry)
        faults += part.faults
        for name, column in part.values.items():
            values.setdefault(name, []).extend(column)
    return np.concatenate(shapes), values, faults


def test_an_old_shapefile_is_read_without_a_word_from_its_owner(tmp_path: Path) -> None:
    found = look(legacy(tmp_path, land()), "land_use", tenant())
    assert found.ambiguities == ()
    assert found.reading is not None
    assert found.reading.crs.key == "5897"
    assert found.reading.scheme == "TT27_2018"
    assert found.reading.personal == {"CHUSD": "name"}
    assert "CHUSD" not in found.reading.columns.values()
    assert "CHUSD" not in found.samples and found.samples
    assert {"personal_left_out", "shp_no_prj"} <= {note.code for note in found.notes}
    shapes, values, faults = taken(found, "land_use")
    assert faults == []
    assert np.abs(shapely.get_coordinates(shapes) - shapely.get_coordinates(parcels()[:400])).max() < 1e-7
    assert values["code"] == [CODES[n % 4] for n in range(400)]
    assert values["address"] == [f"Khóm Mỹ Phú {n % 7}, xã Tân Lập" for n in range(400)]
    assert values["parcel"][:2] == ["1/1", "2/2"]
    assert set(values["scheme"]) == {"TT27_2018"}


def test_what_a_file_leaves_open_is_asked_and_answered(tmp_path: Path) -> None:
    frame = land(12).assign(MDSD=["LUC", "ONT", "CLN"] * 4)
    frame.to_file(tmp_path / "a.gpkg", layer="thua")
    frame.to_file(tmp_path / "a.gpkg", layer="thua_cu")
    source = open_source(tmp_path / "a.gpkg")
    first = survey(source, LAYERS["land_use"], tenant())
    assert [each.question for each in first.ambiguities] == ["inner_layer"]
    said = Answers(inner_layer="thua")
    second = survey(source, LAYERS["land_use"], tenant(), said)
    assert [each.question for each in second.ambiguities] == ["scheme"]
    assert second.reading is None
    third = survey(source, LAYERS["land_use"], tenant(), replace(said, scheme="TT08_2024"))
    assert set(taken(third, "land_use")[1]["scheme"]) == {"TT08_2024"}


def test_required_fields_that_nothing_fills_are_a_refusal_until_said(tmp_path: Path) -> None:
    land(40).to_file(tmp_path / "a.gpkg")
    missing = look(tmp_path / "a.gpkg", "zoning", tenant())
    assert missing.reading is None
    refused = {note.column or note.code for note in missing.notes if note.severity == "refused"}
    assert refused == {"plot_code", "function_code", "status", "valid_from_missing"}
    found = look(
        tmp_path / "a.gpkg", "zoning", tenant(), columns={"plot_code": "SHTHUA"}, valid_from=date(2026, 7, 1),
        constants={"function_code": "Đất y tế", "status": "in_force"},
    )  # fmt: skip
    _, values, faults = taken(found, "zoning")
    assert faults == []
    assert values["plot_code"][0] == "1"
    assert values["function_code"][0] == "Yte"
    with pytest.raises(InvalidInput, match="in_force"):
        taken(replace(found, reading=replace(found.reading, constants={"status": "nope"})), "zoning")  # type: ignore[type-var]


def test_rows_with_bad_values_are_faulted_and_the_others_taken(tmp_path: Path) -> None:
    frame = land(40)
    frame.loc[3, "MDSD"] = "ONT+CLN"
    frame.loc[5, "MDSD"] = "???"
    frame.loc[7, "MDSD"] = None
    frame.to_file(tmp_path / "a.gpkg")
    _, values, faults = taken(look(tmp_path / "a.gpkg", "land_use", tenant()), "land_use")
    assert [(fault.row, fault.code, fault.value) for fault in faults] == [
        (6, "value_code", "???"), (8, "value_code", None),
    ]  # fmt: skip
    assert values["code"][5] is None and len(values["code"]) == 40
    assert values["code"][3] == "ONT" and values["code_text"][3] == "ONT+CLN"
    assert [text for text in values["code_text"] if text] == ["ONT+CLN"]


def test_a_drawings_closed_lines_are_areas(tmp_path: Path) -> None:
    frame = land(60)
    lines = gpd.GeoDataFrame(geometry=shapely.get_exterior_ring(frame.geometry.to_numpy()), crs=5897)
    lines["Layer"] = "DAT_Dichvu"
    pyogrio.write_dataframe(lines, tmp_path / "a.dxf")
    found = look(
        tmp_path / "a.dxf", "zoning", tenant(), crs="5897", valid_from=date(2026, 7, 1),
        columns={"plot_code": "EntityHandle"},
        constants={"status": "in_force"},
    )  # fmt: skip
    shapes, values, faults = taken(found, "zoning")
    assert faults == []
    assert set(shapely.get_type_id(shapes)) == {3}
    assert set(values["function_code"]) == {"DAT_Dichvu"}


def test_a_real_table_in_tcvn3_is_its_gold_at_its_place() -> None:
    archive = shared("legacy_formats/derived_tcvn3_dongthap.zip")
    wards = gpd.read_parquet(
        shared("wards_2025/vn_wards_2025.parquet"), filters=[("province_code", "==", "82")]
    ).set_index("ward_code")
    polygons = list(shapely.to_wkb(shapely.simplify(wards.geometry.to_numpy(), 0.0001)))
    where = ground(list(wards.ward_name), polygons, ("82",))
    found = look(
        archive, "crop_areas", where, columns={"area_name": "TEN_XA",
        "puc_code": "MA_XA"}, valid_from=date(2026, 7, 1),
        constants={"crop": "Xoài", "market": "VN", "status": "issued"},
    )  # fmt: skip
    assert found.crs[0].key == "5897"
    shapes, values, _ = taken(found, "crop_areas")
    with zipfile.ZipFile(archive) as inside:
        table = csv.DictReader(io.StringIO(inside.read("gold_utf8.csv").decode("utf-8-sig")))
        gold = {row["MA_XA"]: unicodedata.normalize("NFC", row["TEN_XA"]).lower() for row in table}
    assert {c: n.lower() for c, n in zip(values["puc_code"], values["area_name"], strict=True)} == gold
    assert len(gold) == 102
    for code, shape in zip(values["puc_code"][:10], shapes[:10], strict=True):
        assert shapely.hausdorff_distance(shape, wards.geometry[code]) < 1e-5


def test_real_parcels_in_a_mapinfo_table_without_a_datum() -> None:
    source = open_source(shared("legacy_formats/derived_from_thuanhoa.zip"))
    names = {layer.name: layer for layer in source.layers}
    table = next(name for name in names if name.endswith("tab/thuanhoa_vn2000"))
    found = survey(source, LAYERS["land_use"], None, Answers(inner_layer=table))
    assert found.reading is not None
    assert found.reading.crs.key == "9209"
    assert "crs_by_parameters" in {note.code for note in found.notes}
    _, values, faults = taken(found, "land_use")
    assert len(values["code"]) == 50
    assert faults == []
    combined = [(code, text) for code, text in zip(values["code"], values["code_text"], strict=True) if text]
    assert combined and all(code in text and "(" in text for code, text in combined)


def test_real_parcels_of_a_commune() -> None:
    wards = gpd.read_parquet(
        shared("wards_2025/vn_wards_2025.parquet"), filters=[("province_code", "==", "48")]
    )
    polygons = list(shapely.to_wkb(shapely.simplify(wards.geometry.to_numpy(), 0.0001)))
    where = ground(list(wards.ward_name), polygons, ("48",))
    found = look(shared("landuse_duynghia/duynghia_parcels.parquet"), "land_use", where)
    assert found.ambiguities == ()
    _, values, faults = taken(found, "land_use")
    assert len(values["code"]) == 9_777
    assert len(faults) < 100


def test_the_zoning_class_of_a_dossier_is_found_among_the_others(tmp_path: Path) -> None:
    path = tmp_path / "QuyHoach.gdb"
    shapes = in_system(parcels()[:300:3], 5897)
    zones = gpd.GeoDataFrame(
        {
            "maThongTinQH": "822510000001", "kyHieuLoDat": [f"LK-{n}" for n in range(len(shapes))],
            "chucNangSuDungDatMuc1": "Đất y tế", "matDoXayDung": "40–60", "tangCaoXayDung": "≤ 5",
            "heSoSuDungDat": "1,2", "dienTich": 1.5, "danSo": 3, "trangThaiQuyHoach": "Đang hiệu lực",
        },
        geometry=shapes, crs=5897,
    )  # fmt: skip
    roads = gpd.GeoDataFrame(
        {"maDoiTuong": ["d1"], "loGioi": [12.0]}, geometry=[shapes[0].boundary], crs=5897
    )
    pyogrio.write_dataframe(roads, path, driver="OpenFileGDB", layer="MangLuoiGiaoThong_L")
    pyogrio.write_dataframe(zones, path, driver="OpenFileGDB", layer="ChucNangSuDungDat_A", append=True)
    found = look(path, "zoning", tenant(), valid_from=date(2026, 7, 1))
    assert found.inner_layer == "ChucNangSuDungDat_A"
    assert "inner_layer_chosen" in {note.code for note in found.notes}
    _, values, faults = taken(found, "zoning")
    assert faults == []
    assert values["density"][0] == "40–60" and values["function_code"][0] == "Yte"
    bounds = [values[name][0] for name in ("density_min", "density_max", "floors_min", "floors_max")]
    assert bounds == [40, 60, None, 5]
    assert values["floor_area_ratio_min"][0] == 1.2


def test_what_a_survey_keeps_does_not_grow_with_the_file() -> None:
    glance = Glance()
    turn = np.linspace(0, 2 * np.pi, 60_000, endpoint=False)
    heavy = shapely.Polygon(np.column_stack([np.cos(turn), np.sin(turn)]))
    names = pa.array([f"Tên {n}" for n in range(3_000)])
    for start in range(3):
        light = shapely.box(*(np.arange(3_000) + each for each in (0, 0, 0.5, 0.5)))
        shapes = np.array([*light[:2_990], *[heavy] * 10], dtype=object)
        glance.take(Batch(1 + 3_000 * start, shapes, {"ten": names}))
    assert glance.rows == 9_000
    assert len(glance.shapes()) <= 2_000
    assert shapely.get_num_coordinates(glance.shapes()).max() <= 50_000
    assert len(glance.texts()["ten"]) <= 500
    assert glance.extent == (-1.0, -1.0, 2989.5, 2989.5)
    only = Glance()
    only.take(Batch(1, np.array([heavy, heavy], dtype=object), {}))
    assert len(only.shapes()) == 1
