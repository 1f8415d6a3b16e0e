"""Files into layers: the plan says what would happen, and a file with one fault lands not at all."""

from __future__ import annotations

import zipfile
from datetime import date
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from etl.importing import land, plan, summary
from etl.matching import match
from etl.reading import read, vn2000_code
from etl.values import Wrong, to_boolean, to_date, to_integer, to_number, to_text, to_timestamp
from geo.crs import ZONES, from_wgs84
from geo.errors import Conflict, InvalidInput
from layers.registry import load
from tests.etl.province import shared

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from geo.settings import Settings

LAYERS = load()
CAMERAS = LAYERS["cameras"]
PARCEL: dict[str, list[object]] = {
    "sheet_number": [1],
    "parcel_number": [2],
    "parcel": ["1/2"],
    "code": ["LUC"],
    "scheme": ["TT27_2018"],
    "area_m2": [1.0],
}
POINTS = shapely.points([[105.63, 10.46], [105.64, 10.45]])


def cameras(**columns: list[object]) -> gpd.GeoDataFrame:
    given: dict[str, list[object]] = {
        "Tên camera": ["Ngã tư", "Chợ"],
        "Mục đích": ["traffic", "Trật tự đô thị"],
        "TRẠNG THÁI": ["online", "offline"],
        "Hướng nhìn": ["45,5", "90"],
        "ghi chú": ["x", "y"],
    }
    return gpd.GeoDataFrame(given | columns, geometry=POINTS, crs="EPSG:4326")


def saved(frame: gpd.GeoDataFrame, file: Path) -> Path:
    if file.suffix == ".parquet":
        frame.to_parquet(file)
    else:
        frame.to_file(file)
    return file


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".fgb", ".parquet"])
def test_columns_find_their_fields_by_title(tmp_path: Path, suffix: str) -> None:
    report = plan(saved(cameras(), tmp_path / f"cameras{suffix}"), CAMERAS)
    assert report.can_land and report.rows == 2
    assert report.matched["heading_deg"] == "Hướng nhìn" and report.ignored == ("ghi chú",)
    # FlatGeobuf orders rows by their place.
    rows = sorted(zip(report.frame["kind"], report.frame["heading_deg"], strict=True))
    assert rows == [("traffic", 45.5), ("urban", 90.0)]


def test_a_zipped_shapefile(tmp_path: Path) -> None:
    frame = cameras().rename(columns={"Tên camera": "name", "Mục đích": "kind", "TRẠNG THÁI": "status"})
    frame.drop(columns=["Hướng nhìn", "ghi chú"]).to_file(tmp_path / "c.shp")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for part in tmp_path.glob("c.*"):
            if part.suffix != ".zip":
                archive.write(part, f"inner/{part.name}")
    assert plan(tmp_path / "c.zip", CAMERAS).can_land


def test_every_bad_row_is_named_with_its_reason(tmp_path: Path) -> None:
    bad = cameras(**{"Mục đích": ["traffic", "nothing"], "Tên camera": ["", "Chợ"], "Hướng nhìn": ["bắc", 1]})
    report = plan(saved(bad, tmp_path / "bad.geojson"), CAMERAS)
    assert not report.can_land
    assert [(fault.row, fault.reason.vi.split("»")[0]) for fault in report.faults] == [
        (1, "«Tên camera"),
        (1, "«Hướng nhìn"),
        (2, "«Mục đích"),
    ]
    assert any("nothing" in line.vi for line in summary(report))


def test_a_missing_required_column_is_a_fault_of_the_file(tmp_path: Path) -> None:
    report = plan(saved(cameras().drop(columns="Mục đích"), tmp_path / "c.geojson"), CAMERAS)
    assert [fault.row for fault in report.faults] == [0]
    assert "Mục đích" in report.faults[0].reason.vi


def test_a_layer_that_lives_in_time_wants_a_date(tmp_path: Path) -> None:
    areas = gpd.GeoDataFrame(
        {"area_name": ["A"], "crop": ["mango"], "market": ["VN"], "area_ha": [2.5], "status": ["issued"]},
        geometry=[shapely.box(105.6, 10.4, 105.61, 10.41)],
        crs="EPSG:4326",
    )
    file = saved(areas, tmp_path / "areas.geojson")
    assert not plan(file, LAYERS["crop_areas"]).can_land
    report = plan(file, LAYERS["crop_areas"], valid_from=date(2026, 1, 1))
    assert report.can_land and report.frame.geometry.iloc[0].geom_type == "MultiPolygon"


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (shapely.LineString([(105.6, 10.4), (105.7, 10.5)]), "LineString"),
        (shapely.Point(10.4, 105.6), "Việt Nam"),
        (None, "hình học"),
    ],
)
def test_shapes_that_cannot_be_taken(tmp_path: Path, shape: shapely.Geometry | None, said: str) -> None:
    frame = cameras().set_geometry([POINTS[0], shape], crs="EPSG:4326")
    report = plan(saved(frame, tmp_path / "c.gpkg"), CAMERAS)
    assert [fault.row for fault in report.faults] == [2]
    assert said in report.faults[0].reason.vi


def test_invalid_polygons_are_not_mended_in_silence(tmp_path: Path) -> None:
    bow = shapely.Polygon([(105.6, 10.4), (105.62, 10.42), (105.62, 10.4), (105.6, 10.42)])
    frame = gpd.GeoDataFrame(
        PARCEL,
        geometry=[bow], crs="EPSG:4326",
    )  # fmt: skip
    report = plan(saved(frame, tmp_path / "p.geojson"), LAYERS["land_use"])
    assert "Self-intersection" in report.faults[0].reason.en


def test_too_many_vertices(tmp_path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, 300)
    ring = np.column_stack([105.6 + 0.01 * np.cos(angle), 10.4 + 0.01 * np.sin(angle)])
    frame = gpd.GeoDataFrame(
        PARCEL,
        geometry=[shapely.Polygon(ring)], crs="EPSG:4326",
    )  # fmt: skip
    small = LAYERS["land_use"].model_copy(update={"max_vertices": 100})
    assert "100" in plan(saved(frame, tmp_path / "p.geojson"), small).faults[0].reason.vi


def vn2000(epsg: int) -> gpd.GeoDataFrame:
    moved = shapely.transform(POINTS, lambda xy: from_wgs84(xy, ZONES[epsg]))
    return cameras().set_geometry(moved, crs=f"EPSG:{epsg}")


@pytest.mark.parametrize("epsg", [5897, 9209, 3405])
def test_vn2000_comes_by_the_pinned_operation(tmp_path: Path, epsg: int) -> None:
    frame = read(saved(vn2000(epsg), tmp_path / "c.gpkg"))
    got = shapely.get_coordinates(frame.geometry.to_numpy())
    assert np.abs(got - shapely.get_coordinates(POINTS)).max() < 1e-8


def test_a_zone_is_known_without_its_code() -> None:
    text = pyproj.CRS.from_epsg(9209).to_wkt("WKT1_ESRI")
    assert vn2000_code(pyproj.CRS.from_wkt(text)) == 9209
    assert vn2000_code(pyproj.CRS.from_epsg(32648)) is None


def test_without_a_declared_system_candidates_are_listed(tmp_path: Path) -> None:
    frame = vn2000(5897)
    unknown = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=frame.geometry.to_numpy())
    file = saved(unknown, tmp_path / "c.parquet")
    with pytest.raises(InvalidInput) as refused:
        plan(file, CAMERAS)
    assert "EPSG:5897" in refused.value.vi
    assert plan(file, CAMERAS, epsg=5897).can_land


def test_a_declared_system_is_not_overridden(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="WGS 84"):
        plan(saved(cameras(), tmp_path / "c.gpkg"), CAMERAS, epsg=9209)


@pytest.mark.parametrize(
    "name", ["missing.gpkg", "words.txt", "broken.geojson", "broken.parquet", "broken.zip"]
)
def test_files_that_are_none(tmp_path: Path, name: str) -> None:
    if name != "missing.gpkg":
        (tmp_path / name).write_text("không phải dữ liệu")
    with pytest.raises(InvalidInput):
        plan(tmp_path / name, CAMERAS)


def test_several_layers_are_named(tmp_path: Path) -> None:
    file = tmp_path / "two.gpkg"
    cameras().to_file(file, layer="one")
    cameras().to_file(file, layer="two")
    with pytest.raises(InvalidInput, match="one, two"):
        plan(file, CAMERAS)
    assert plan(file, CAMERAS, inner_layer="two").can_land


def test_a_name_goes_before_a_title_and_a_choice_before_both() -> None:
    matched, ignored = match(CAMERAS, ["Camera", "name", "kind"], {})
    assert matched["name"] == "name" and ignored == ("Camera",)
    assert match(CAMERAS, ["Camera", "name"], {"name": "Camera"})[0]["name"] == "Camera"
    with pytest.raises(InvalidInput):
        match(CAMERAS, ["Camera"], {"colour": "Camera"})


def test_values_are_read_as_vietnam_writes_them() -> None:
    assert to_date("21/11/2026") == date(2026, 11, 21) == to_date("2026-11-21T00:00:00")
    assert to_number("1234,5") == 1234.5 and to_integer(12.0) == 12 and to_text(12.0) == "12"
    assert to_boolean("Có") is True and to_text("  ") is None
    assert to_timestamp("2026-11-21 08:00").isoformat() == "2026-11-21T08:00:00+07:00"


@pytest.mark.parametrize(
    ("reader", "value"),
    [(to_number, "1.234,5"), (to_number, "nan"), (to_integer, 1.5), (to_integer, 2**31),
     (to_date, "31/02/2026"), (to_boolean, "maybe"), (to_text, "a\x00b"), (to_timestamp, "hôm qua")],
)  # fmt: skip
def test_values_that_could_mean_two_things_are_refused(reader: object, value: object) -> None:
    with pytest.raises(Wrong):
        reader(value)  # type: ignore[operator]


def test_landing_and_its_refusals(settings: Settings, admin: psycopg.Connection, tmp_path: Path) -> None:
    good = plan(saved(cameras(), tmp_path / "good.geojson"), CAMERAS)
    bad = plan(saved(cameras(**{"Mục đích": ["x", "y"]}), tmp_path / "bad.geojson"), CAMERAS)
    with pytest.raises(Conflict):
        land(settings, bad, CAMERAS)
    assert land(settings, good, CAMERAS) == 2
    names = admin.execute("SELECT name FROM pub.cameras ORDER BY id").fetchall()
    assert names == [("Ngã tư",), ("Chợ",)]
    admin.execute('UPDATE ops.layer SET note = \'{"vi": "m", "en": "d"}\' WHERE name = \'cameras\'')
    with pytest.raises(Conflict, match="demonstration"):
        land(settings, good, CAMERAS)
    assert land(settings, good, CAMERAS, replace=True) == 2
    assert admin.execute("SELECT count(*) FROM core.cameras").fetchone() == (2,)
    assert admin.execute("SELECT note FROM ops.layer WHERE name = 'cameras'").fetchone() == (None,)


def test_real_parcels_with_their_faults() -> None:
    file = shared("landuse_duynghia/duynghia_parcels.parquet")
    raw = read(file)
    report = plan(file, LAYERS["land_use"])
    assert report.rows == len(raw) == 9_777
    assert not report.can_land
    invalid = {fault.row for fault in report.faults if "not valid" in fault.reason.en}
    assert len(invalid) == 6
