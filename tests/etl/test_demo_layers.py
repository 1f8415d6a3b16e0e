"""The demonstration's other layers: counts, validity, codes, places, and the same rows every time."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
import shapely
from pyproj import Geod

from etl.copy import Columns
from etl.demo import crops, land_use, zoning
from layers.registry import load
from tests.etl.province import ground, layer, units

LAYERS = load()
MADE = ["zoning", "land_use", "crop_areas", "farms", "cameras", "reports"]


@pytest.mark.parametrize("name", MADE)
def test_rows_fit_the_description(name: str) -> None:
    rows, described = layer(name), LAYERS[name]
    Columns.of(described, rows)
    for field in described.fields:
        if field.required:
            assert rows[field.name].notna().all(), field.name
        if field.codes:
            known = {code.code for code in described.codes[field.codes]}
            assert set(rows[field.name].dropna()) <= known, field.name
        if field.type == "text" and field.name in rows:
            texts = rows[field.name].dropna()
            assert all(unicodedata.is_normalized("NFC", text) for text in texts), field.name
            assert texts.str.len().max() <= (field.max_length or 10_000), field.name


@pytest.mark.parametrize("name", MADE)
def test_geometry_is_valid_of_its_type_and_within_the_province(name: str) -> None:
    shapes = layer(name).geometry.to_numpy()
    assert shapely.is_valid(shapes).all() and not shapely.is_empty(shapes).any()
    assert {shape.geom_type for shape in shapes} == {LAYERS[name].geometry}
    outline = ground().outline
    shapely.prepare(outline)
    assert shapely.intersects(outline, shapely.centroid(shapes)).all()


@pytest.mark.parametrize("name", MADE)
def test_every_row_has_a_ward_that_answers(name: str) -> None:
    wards = set(units()[units()["valid_to"].isna()]["code"])
    assert set(layer(name)["unit"]) <= wards


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("zoning", 1700, 2300), ("land_use", 20_000, 20_000), ("farms", 500, 500), ("cameras", 400, 400)],
)
def test_counts(name: str, low: int, high: int) -> None:
    assert low <= len(layer(name)) <= high


def test_plans_in_force_are_a_coverage_of_plots_and_streets() -> None:
    plots = layer("zoning")
    current = plots[plots["valid_to"].isna()]
    assert shapely.coverage_is_valid(current.geometry.to_numpy())
    assert set(plots["unit"]) <= {"29869", "29888", "29884"}
    assert current["function_code"].nunique() >= 18


def test_plots_have_the_figures_of_a_dossier_as_text() -> None:
    housing = layer("zoning").query("function_code == 'DAT_O_Nhomnhao'")
    assert {"40–60", "≤ 80", "60-80"} <= set(housing["density"])
    assert {"2–5", "≤ 5", "3 - 7"} <= set(housing["floors"])
    assert housing["decision_number"].dropna().str.fullmatch(r"\d+/QĐ-UBND").all()


def test_a_replaced_plan_ends_when_its_successor_begins() -> None:
    plots = layer("zoning")
    replaced = plots[plots["status"] == "superseded"]
    assert len(replaced) > 50
    assert (replaced["valid_to"] > replaced["valid_from"]).all()
    assert replaced["valid_to"].notna().all()
    assert plots[plots["status"] != "superseded"]["valid_to"].isna().all()


def test_parcels_are_numbered_once_and_measured_on_the_ellipsoid() -> None:
    parcels = layer("land_use")
    assert parcels["parcel"].is_unique
    sample = parcels.iloc[::997]
    ellipsoid = Geod(ellps="WGS84")
    geodesic = [abs(ellipsoid.geometry_area_perimeter(each)[0]) for each in sample.geometry]
    assert np.allclose(sample["area_m2"], geodesic, atol=0.06)
    assert {"LUC", "CLN", "ODT", "NTS", "DGT", "DTL"} <= set(parcels["code"])
    assert set(parcels["scheme"]) <= {"TT27_2018", "TT08_2024"}


def test_parcels_are_long_and_thin() -> None:
    parcels = layer("land_use").query("code in ('LUC', 'CLN')").geometry.to_numpy()[-2000:]
    box = shapely.oriented_envelope(ground().frame.geometry_to_xy(parcels))
    ring = shapely.get_coordinates(box).reshape(-1, 5, 2)
    sides = np.sort(np.linalg.norm(np.diff(ring[:, :3], axis=1), axis=2), axis=1)
    assert np.median(sides[:, 1] / sides[:, 0]) > 4


def test_parcels_do_not_overlap_beyond_rounding() -> None:
    shapes = layer("land_use").geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    common = shapely.area(shapely.intersection(shapes[one], shapes[other])) * 111_000**2
    # Seven decimals are a centimetre; along a side of 300 m that is three square metres.
    assert common.max(initial=0) < 5


def test_300_growing_areas_with_a_row_for_each_code() -> None:
    rows = layer("crop_areas")
    shapes = rows.geometry.to_wkb()
    assert shapes.nunique() == 300
    assert 400 <= len(rows) <= 600
    assert rows.groupby(shapes)["market"].apply(lambda m: m.is_unique).all()
    codes = rows["puc_code"].dropna()
    assert codes.is_unique and codes.str.fullmatch(r"VN-(DT|TG)OR-\d{4}").all()
    assert {"issued", "suspended", "revoked"} <= set(rows["status"])
    assert rows["id"].is_unique and rows["id"].between(1, 2**52 - 1).all()


def test_growing_areas_do_not_overlap() -> None:
    shapes = layer("crop_areas").geometry.drop_duplicates().to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert len(one) == len(shapes)
    assert (one == other).all()


def test_export_codes_stand_on_ten_hectares() -> None:
    rows = layer("crop_areas")
    assert (rows[rows["market"] != "VN"]["area_ha"] >= 10).all()


@pytest.mark.parametrize(("name", "field"), [("farms", "owner_phone"), ("crop_areas", "owner_phone")])
def test_telephone_numbers_cannot_be_real(name: str, field: str) -> None:
    assert all(re.fullmatch(r"0000 \d{3} \d{3}", number) for number in layer(name)[field])


def test_cameras_look_somewhere() -> None:
    rows = layer("cameras")
    assert rows["heading_deg"].between(0, 359).all()
    assert rows["field_of_view_deg"].between(20, 180).all()
    assert rows["stream_url"].str.contains(".invalid/", regex=False).all()


@pytest.mark.parametrize("name", ["zoning", "land_use", "crop_areas"])
def test_two_runs_are_alike(name: str) -> None:
    again = {
        "zoning": lambda: zoning.generate(ground()),
        "land_use": lambda: land_use.generate(ground(), layer("zoning")),
        "crop_areas": lambda: crops.generate(ground()),
    }[name]()
    assert again.drop(columns="geometry").equals(layer(name).drop(columns="geometry"))
    assert shapely.equals_identical(again.geometry.to_numpy(), layer(name).geometry.to_numpy()).all()
