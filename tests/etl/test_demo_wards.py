"""The demonstration's units: real names and codes, two coverages of one and the same ground."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely

from etl.demo import wards
from etl.demo.frame import unwiggle, wiggle
from tests.etl.province import shared, source, units

REFORM = date(2025, 7, 1)


def era(after: bool) -> gpd.GeoDataFrame:
    rows = units()
    return rows[rows["valid_to"].isna() == after]


def test_102_wards_by_code_and_name() -> None:
    now = era(after=True).set_index("code")["name"]
    assert len(now) == 102 and now.index.is_unique
    assert (now["29869"], now["29888"], now["29884"]) == (
        "Phường Cao Lãnh",
        "Phường Mỹ Trà",
        "Phường Mỹ Ngãi",
    )


def test_wards_before_the_reform_of_both_old_provinces() -> None:
    before = era(after=False)
    assert len(before) == 305
    assert before.groupby("province_code").size().to_dict() == {"82": 164, "87": 141}
    assert set(before["valid_to"]) == {REFORM} and set(era(after=True)["valid_from"]) == {REFORM}


def test_invented_people_are_plausible_and_repeat() -> None:
    """Per person and not per km²: a ranking of wards needs a denominator."""
    now = era(after=True)
    assert 3_000_000 < now["population"].sum() < 5_500_000
    density = now["population"] / now["area_km2"]
    assert density.between(150, 8_000).all()
    towns = now["kind"] == "phuong"
    assert density[towns].median() > 2 * density[~towns].median()
    assert now["population"].equals(
        wards.generate(source())[lambda rows: rows["valid_to"].isna()]["population"]
    )
    assert era(after=False)["population"].isna().all()


def test_identities_are_never_shared_though_codes_are() -> None:
    rows = units()
    assert rows["unit_id"].is_unique
    assert rows["code"].duplicated().any()


@pytest.mark.parametrize("after", [False, True])
def test_each_era_is_a_coverage_without_gaps(after: bool) -> None:
    polygons = era(after)["geometry"].to_numpy()
    assert shapely.is_valid(polygons).all()
    assert set(shapely.get_type_id(polygons)) == {6}
    assert shapely.coverage_is_valid(polygons)
    union = shapely.coverage_union_all(polygons)
    assert union.geom_type == "Polygon"
    assert shapely.get_num_interior_rings(union) == 0


def test_both_eras_cover_the_same_ground() -> None:
    first, second = (shapely.coverage_union_all(era(after)["geometry"].to_numpy()) for after in (False, True))
    assert first.equals(second)


def test_points_of_the_package_lie_in_their_ward() -> None:
    polygons = era(after=True).set_index("code")["geometry"]
    outside = [w.name for w in source().new if not polygons[w.code].covers(shapely.Point(w.lon, w.lat))]
    # Five points of the package lie kilometres away from every old ward that the unit was made of.
    assert len(outside) <= 5


def test_split_wards_go_to_every_successor() -> None:
    split = {ward.code: ward.successors for ward in source().old if len(ward.successors) > 1}
    # The mapping's other split wards are its confusion of wards of one name in different towns.
    assert split == {"29995": ("29992", "30154"), "30079": ("30088", "30025")}


def test_known_merger_stays_whole() -> None:
    old = units().set_index("unit_id")["geometry"]["VN-87-29890-2024"]
    new = units().set_index("unit_id")["geometry"]["VN-82-29869-2025"]
    assert new.buffer(1e-9).covers(old)


def test_two_runs_are_alike() -> None:
    again = wards.generate(source())
    assert again.drop(columns="geometry").equals(units().drop(columns="geometry"))
    assert shapely.equals_identical(again.geometry.to_numpy(), units().geometry.to_numpy()).all()


def test_wiggle_is_undone() -> None:
    points = np.random.default_rng(1).uniform(-60_000, 60_000, (500, 2))
    assert np.abs(wiggle(unwiggle(points)) - points).max() < 0.01


def test_the_approximation_resembles_the_real_wards() -> None:
    real = gpd.read_parquet(
        shared("wards_2025/vn_wards_2025.parquet"), filters=[("province_code", "==", "82")]
    )
    truth = dict(zip(real["ward_code"], shapely.make_valid(real.geometry.to_numpy()), strict=True))
    now = era(after=True)
    shares = [
        shapely.area(shapely.intersection(polygon, truth[code]))
        / shapely.area(shapely.union(polygon, truth[code]))
        for code, polygon in zip(now["code"], now["geometry"], strict=True)
    ]
    assert len(truth) == 102
    assert np.median(shares) > 0.6
