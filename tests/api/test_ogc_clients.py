"""Programs that people use, against the served application: GDAL's OAPIF driver and OWSLib."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pyogrio
import pytest
import requests
from owslib.ogcapi.features import Features
from pyproj import Transformer

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


def test_gdal_reads_a_feature_by_its_id(live_server: str) -> None:
    source = f"OAPIF:{live_server}/ogc"
    every = pyogrio.read_dataframe(source, layer="cameras", fid_as_index=True)
    fid = every.index[every["name"] == "Camera 07"][0]
    found = pyogrio.read_dataframe(source, layer="cameras", fids=[fid])
    assert list(found["name"]) == ["Camera 07"]


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


def test_gdal_filters_by_attributes_on_the_server(live_server: str) -> None:
    where = "name IN ('Camera 03', 'Camera 04') OR heading_deg > 22"
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc", layer="cameras", where=where)
    assert set(frame["name"]) == {"Camera 03", "Camera 04", "Camera 23", "Camera 24"}
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc", layer="cameras", where="name = 'no such'")
    assert len(frame) == 0


@pytest.mark.parametrize("crs", ["EPSG:3405", "EPSG:3857", "EPSG:4326"])
def test_gdal_asks_for_a_system(live_server: str, crs: str) -> None:
    """Coordinates as the server turned them, in the order that GDAL's users expect: x, then y."""
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc", layer="cameras", CRS=crs)
    place = frame.set_index("name").loc["Camera 00"].geometry
    there = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(WEST, SOUTH)
    # GDAL knows no EPSG:6960 as the way to VN-2000; the server takes it.
    assert (place.x, place.y) == pytest.approx(there, abs=300 if crs == "EPSG:3405" else 1e-2)
    # x before y is CRS84 and not EPSG:4326.
    assert frame.crs.to_string() == ("OGC:CRS84" if crs == "EPSG:4326" else crs)
    assert len(frame) == 25


def test_gdal_knows_how_many_there_are(live_server: str) -> None:
    told = pyogrio.read_info(f"OAPIF:{live_server}/ogc", layer="cameras", force_feature_count=True)
    assert told["features"] == 25
    assert told["total_bounds"] is None or told["total_bounds"][0] == pytest.approx(WEST, abs=1e-6)


def test_numbers_keep_their_decimals(settings: Settings, live_server: str) -> None:
    """GDAL takes a column's type from the first page; the headings there are whole ones."""
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("UPDATE core.cameras SET heading_deg = 24.5 WHERE name = 'Camera 24'")
    frame = pyogrio.read_dataframe(f"OAPIF:{live_server}/ogc", layer="cameras", PAGE_SIZE=5)
    assert frame["heading_deg"].dtype == "float64"
    assert frame.set_index("name")["heading_deg"]["Camera 24"] == 24.5


def test_owslib_pages_filters_and_reads_the_schema(live_server: str) -> None:
    features = Features(f"{live_server}/ogc")
    found: list[str] = []
    page = features.collection_items("cameras", limit=10)
    while True:
        found += [feature["properties"]["name"] for feature in page["features"]]
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        if not following:
            break
        page = requests.get(following[0], timeout=60).json()
    assert found == [f"Camera {i:02d}" for i in range(25)]
    chosen = features.collection_items("cameras", filter="heading_deg >= 23", limit=100)
    assert {feature["properties"]["name"] for feature in chosen["features"]} == {"Camera 23", "Camera 24"}
    assert features.collection_schema("cameras")["properties"]["heading_deg"]["type"] == "number"
