"""Programs that people use, against the served application: GDAL's OAPIF driver and OWSLib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pyogrio
import pytest
from owslib.ogcapi.features import Features

from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from geo.settings import Settings


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def test_gdal_lists_the_layers(live_server: str) -> None:
    # The wheel's own GDAL: nothing has to be installed beside it.
    assert pyogrio.list_drivers()["OAPIF"] == "r"
    names = {row[0] for row in pyogrio.list_layers(f"OAPIF:{live_server}/ogc")}
    assert names >= {"admin_units", "cameras", "reports"}


@pytest.mark.parametrize("page_size", [7, 10, 1000])
def test_gdal_reads_every_feature_over_all_pages(live_server: str, page_size: int) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc", layer="cameras", PAGE_SIZE=page_size)
    assert len(frame) == 25 and frame["name"].nunique() == 25
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_string() == "OGC:CRS84"
    first = frame.set_index("name").loc["Camera 00"]
    assert (first.geometry.x, first.geometry.y) == pytest.approx((WEST, SOUTH))
    assert "stream_url" not in frame.columns


def test_gdal_reads_one_collection_with_unicode_dates_and_polygons(live_server: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc/collections/admin_units", layer="admin_units")
    assert set(frame["name"]) == {"Phường Cao Lãnh <mới>", "Phường 1"}
    assert set(frame.geom_type) == {"MultiPolygon"}
    assert str(frame.set_index("unit_id").loc["u-new", "valid_from"]).startswith("2025-07-01")


def test_gdal_filters_on_the_server_by_box(live_server: str) -> None:
    box = (WEST - 0.0005, SOUTH - 0.0005, WEST + 0.0045, SOUTH + 0.0045)
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc", layer="cameras", bbox=box)
    assert len(frame) == 5


def test_owslib_reads_the_door(live_server: str) -> None:
    features = Features(f"{live_server}/ogc")
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in features.conformance()["conformsTo"]
    )
    assert set(features.feature_collections()) >= {"admin_units", "cameras"}
    assert features.collection("cameras")["id"] == "cameras"
    assert "name" in features.collection_queryables("cameras")["properties"]
    page = features.collection_items("cameras", limit=3, offset=5, bbox=[105, 10, 106, 11])
    assert (page["numberMatched"], page["numberReturned"]) == (25, 3)
    alone = features.collection_item("cameras", page["features"][0]["id"])
    assert alone["properties"] == page["features"][0]["properties"]
    assert features.api()["openapi"].startswith("3.0")
