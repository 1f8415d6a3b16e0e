"""Real ward polygons: what is taken, what is mended, what is refused in words."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from etl.dataframe import read_dataframe
from etl.wards import prepare, repaired
from geo.errors import InvalidInput
from tests.etl.province import shared

SQUARE = shapely.box(105.6, 10.4, 105.7, 10.5)


def frame(**columns: list[object]) -> gpd.GeoDataFrame:
    given: dict[str, list[object]] = {
        "ward_code": ["29869"],
        "ward_name": ["Phường Cao Lãnh"],
        "province_code": ["82"],
    }
    return gpd.GeoDataFrame(given | columns, geometry=[SQUARE], crs="EPSG:4326")


def test_a_row_of_the_layer() -> None:
    row = prepare(frame(), "82").iloc[0]
    assert (row["code"], row["kind"], row["unit_id"]) == ("29869", "phuong", "VN-82-29869-2025")
    assert row.geometry.geom_type == "MultiPolygon"
    assert row["area_km2"] == pytest.approx(121.06, abs=0.1)


def test_decomposed_names_become_nfc() -> None:
    row = prepare(frame(ward_name=["Xã Mỹ Thọ"]), "82").iloc[0]
    assert row["name"] == "Xã Mỹ Thọ"


@pytest.mark.parametrize(
    ("columns", "province", "said"),
    [
        ({}, "83", "82"),
        ({"ward_code": ["2986"]}, "82", "năm chữ số"),
        ({"ward_name": ["Cao Lãnh"]}, "82", "Phường"),
    ],
)
def test_refusals_say_what_is_wanted(columns: dict[str, list[object]], province: str, said: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        prepare(frame(**columns), province, "wards.geojson")
    assert said in refused.value.vi


def test_a_file_without_codes_is_refused_with_its_columns() -> None:
    with pytest.raises(InvalidInput, match="ward_name"):
        prepare(frame().drop(columns="ward_code"), "82", "wards.geojson")


def test_a_ring_that_touches_itself_is_mended() -> None:
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    (mended,) = repaired(np.array([bow], dtype=object), ["29869"])
    assert mended.is_valid and mended.geom_type == "MultiPolygon"


def test_lines_are_no_ward() -> None:
    with pytest.raises(InvalidInput):
        repaired(np.array([shapely.LineString([(0, 0), (1, 1)])], dtype=object), ["29869"])


def test_the_real_wards_of_dong_thap() -> None:
    file = shared("wards_2025/vn_wards_2025.parquet")
    rows = prepare(read_dataframe(file, where=("province_code", "82")), "82", file.name)
    assert len(rows) == 102 and shapely.is_valid(rows.geometry.to_numpy()).all()
    assert rows["area_km2"].sum() == pytest.approx(5785, rel=0.005)
