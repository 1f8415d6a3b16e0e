"""The demonstration's reports: what a hotspot map, a queue and a statistic need to find in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from etl.demo import reports
from etl.demo.report_places import HOTSPOTS, hotspot_centres
from etl.demo.report_texts import WORDINGS
from etl.demo.report_times import CATEGORIES
from geo.hotspots.cells import cell_of
from geo.reports.codes import normalise
from layers.registry import load
from tests.etl.province import ground, layer, units


def rows() -> pd.DataFrame:
    return layer("reports")


def near(hotspot: int, metres: float = 300) -> pd.DataFrame:
    xy = ground().frame.to_xy(shapely.get_coordinates(rows().geometry.to_numpy()))
    return rows()[np.hypot(*(xy - hotspot_centres(ground())[hotspot]).T) < metres]


def test_50_000_over_24_months_in_order_of_arrival() -> None:
    received = rows()["received_at"]
    assert len(received) == 50_000 and received.is_monotonic_increasing
    assert str(received.min()).startswith("2024-11-01") and str(received.max()).startswith("2026-10-31")
    assert rows()["channel"].nunique() == 7 and rows()["category"].nunique() == 23


def test_every_category_is_known_everywhere() -> None:
    codes = {code.code for code in load()["reports"].codes["categories"]}
    assert codes == set(CATEGORIES) == set(WORDINGS)


def test_codes_are_tracking_codes() -> None:
    codes = rows()["code"]
    assert codes.is_unique
    assert all(normalise(code) == code for code in codes.iloc[::500])


def test_eight_percent_are_duplicates_of_an_earlier_report_beside_them() -> None:
    all_rows = rows().set_index("code")
    again = all_rows[all_rows["incident_code"] != all_rows.index]
    assert len(again) == 4_000
    first = all_rows.loc[again["incident_code"]]
    assert (first["received_at"].to_numpy() <= again["received_at"].to_numpy()).all()
    assert (first["category"].to_numpy() == again["category"].to_numpy()).all()
    assert (first["incident_code"] == first.index).all()
    apart = [
        ground().frame.to_xy(shapely.get_coordinates(part.geometry.to_numpy())) for part in (again, first)
    ]
    assert np.hypot(*(apart[0] - apart[1]).T).max() < 100


def test_floods_come_in_autumn_and_rubbish_after_tet() -> None:
    month = rows()["received_at"].dt.month
    floods = rows()["category"] == "CTN"
    assert floods[month.isin([9, 10])].mean() > 2 * floods[month.isin([2, 3])].mean()
    rubbish = rows()[rows()["category"] == "MT"]["received_at"].dt.tz_localize(None)
    after = rubbish.between("2026-02-17", "2026-03-03").sum()
    before = rubbish.between("2026-01-20", "2026-02-03").sum()
    assert after > 1.8 * before


def test_noise_is_a_matter_of_the_night_and_papers_of_office_hours() -> None:
    hour = rows()["received_at"].dt.hour
    assert hour[rows()["category"] == "TO"].isin([20, 21, 22, 23, 0, 1]).mean() > 0.6
    assert hour[rows()["category"] == "HC"].between(7, 17).mean() > 0.8
    weekday = rows()["received_at"].dt.day_of_week
    assert (weekday == 0).sum() > 1.4 * (weekday == 6).sum()


def test_hotspots_stand_out_and_one_is_new() -> None:
    assert all(len(near(i)) > 300 for i in range(len(HOTSPOTS)))
    emerging = next(i for i, h in enumerate(HOTSPOTS) if h.first_day)
    here = near(emerging)
    new = here["received_at"] >= "2026-09-01"
    assert new.mean() > 0.9 and new.sum() > 400


def test_states_follow_age() -> None:
    age = pd.Timestamp("2026-11-01", tz="Asia/Ho_Chi_Minh") - rows()["received_at"]
    old = rows()[age > pd.Timedelta(days=60)]
    assert (old["status"].isin(["closed", "rejected", "duplicate"])).mean() > 0.93
    assert not (old["status"] == "received").any()
    assert (rows()[age < pd.Timedelta(hours=10)]["status"] == "received").any()
    assert (rows()["updated_at"] >= rows()["received_at"]).all()
    assert (rows()["updated_at"] < pd.Timestamp("2026-11-01", tz="Asia/Ho_Chi_Minh")).all()


def test_the_ward_is_that_of_the_day_of_receipt() -> None:
    sample = rows().iloc[::250]
    for report in sample.itertuples():
        day = report.received_at.date()
        covers = units()[
            units().covers(report.geometry)
            & (units()["valid_from"] <= day)
            & (units()["valid_to"].isna() | (units()["valid_to"] > day))
        ]
        assert report.ward_code in set(covers["code"])
    old = rows()["received_at"] < pd.Timestamp("2025-07-01", tz="Asia/Ho_Chi_Minh")
    names = set(units()[units()["valid_to"].notna()]["name"])
    assert set(rows()[old]["ward_name"]) <= names


def test_sensitive_reports_are_not_public() -> None:
    restricted = rows()["category"].isin(["ANTT", "HC"])
    assert (rows()["visibility"] == np.where(restricted, 1, 0)).all()


def test_cells_are_those_of_the_place() -> None:
    for report in rows().iloc[::1000].itertuples():
        assert report.h3_9 == cell_of(report.geometry.x, report.geometry.y)


def test_texts_are_varied_and_long_enough() -> None:
    texts = rows()["text"]
    assert texts.nunique() > 25_000
    assert texts.str.len().between(10, 1000).all()


def test_two_runs_are_alike() -> None:
    again = reports.generate(ground())
    assert again.drop(columns="geometry").equals(rows().drop(columns="geometry"))
    assert shapely.equals_identical(again.geometry.to_numpy(), rows().geometry.to_numpy()).all()
