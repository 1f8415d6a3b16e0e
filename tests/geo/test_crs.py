"""Golden values of VN-2000 (Quyết định 05/2007/QĐ-BTNMT = EPSG:6960)."""

from __future__ import annotations

import math

import numpy as np
import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.crs import ZONES, from_wgs84, srid_rows, to_wgs84, zone
from geo.crs.vn2000 import TM3, datum_from_wgs84, datum_to_wgs84

GOLDEN = [
    (9210, 600997, 1189964, 106.6752424711, 10.7590931419),
    (9210, 603882, 1191160, 106.70165256, 10.76982544),
]


def dms(degrees: int, minutes: int, seconds: float) -> float:
    return degrees + minutes / 60 + seconds / 3600


# Thông tư 37/2019/TT-BGTVT, points LS1–LS4 in both systems, printed to 0.1".
LIGHT_STATIONS = [
    ((15, 22, 29), (109, 6, 7), (15, 22, 32.7), (109, 6, 0.5)),
    ((15, 20, 32), (109, 5, 35), (15, 20, 35.7), (109, 5, 28.5)),
    ((15, 20, 10), (109, 7, 6), (15, 20, 13.7), (109, 6, 59.5)),
    ((15, 22, 24), (109, 7, 43), (15, 22, 27.7), (109, 7, 36.5)),
]


@pytest.mark.parametrize(("epsg", "east", "north", "lon", "lat"), GOLDEN)
def test_golden_points(epsg: int, east: float, north: float, lon: float, lat: float) -> None:
    found = to_wgs84(np.array([[east, north]], dtype=float), zone(epsg))
    assert found[0] == pytest.approx([lon, lat], abs=1e-8)
    back = from_wgs84(found, zone(epsg))
    assert back[0] == pytest.approx([east, north], abs=1e-3)


@pytest.mark.parametrize(("lat", "lon", "vn_lat", "vn_lon"), LIGHT_STATIONS)
def test_points_printed_in_a_circular(
    lat: tuple[int, int, float],
    lon: tuple[int, int, float],
    vn_lat: tuple[int, int, float],
    vn_lon: tuple[int, int, float],
) -> None:
    found = datum_from_wgs84([[dms(*lon), dms(*lat)]])[0]
    # Printed to 0.1": ours must round to it (half of it is 1.5 m; without the shift it would be 6.5").
    assert found == pytest.approx([dms(*vn_lon), dms(*vn_lat)], abs=0.0501 / 3600)
    assert pyproj.Geod(ellps="WGS84").inv(*found, dms(*vn_lon), dms(*vn_lat))[2] < 0.82
    assert datum_to_wgs84([found])[0] == pytest.approx([dms(*lon), dms(*lat)], abs=2e-8)


def test_is_the_registered_operation_6960_and_not_the_default_of_the_library() -> None:
    registered = pyproj.Transformer.from_pipeline("urn:ogc:def:coordinateOperation:EPSG::6960")
    default = pyproj.Transformer.from_crs(9210, 4326, always_xy=True)
    geod = pyproj.Geod(ellps="WGS84")
    lat, lon = registered.transform(10.7661, 106.7034)
    ours = datum_to_wgs84([[106.7034, 10.7661]])[0]
    assert geod.inv(ours[0], ours[1], lon, lat)[2] < 1e-6
    found = to_wgs84(np.array([[603882.0, 1191160.0]]), zone(9210))[0]
    tear_m = geod.inv(*found, *default.transform(603882, 1191160))[2]
    assert tear_m == pytest.approx(0.8, abs=0.05)


def test_no_tear_along_11_04_north() -> None:
    """PROJ changes the operation at 11.04° N: a line across it would be broken by 0.8 m."""
    plane = from_wgs84(np.array([[106.7, 11.0399], [106.7, 11.0401]]), zone(9210))
    shifted = datum_from_wgs84([[106.7, 11.0399], [106.7, 11.0401]])
    assert np.ptp(shifted[:, 0]) < 1e-7
    assert plane[1, 1] - plane[0, 1] == pytest.approx(22.12, abs=0.02)


def test_the_18_zones() -> None:
    assert len(TM3) == 18
    assert {z.scale for z in TM3} == {0.9999}
    assert [z.central_meridian_deg for z in TM3] == sorted(z.central_meridian_deg for z in TM3)
    for epsg, ours in ZONES.items():
        crs = pyproj.CRS.from_epsg(epsg)
        assert crs.name == ours.name
        parameters = {p.name: p.value for p in crs.coordinate_operation.params}
        assert parameters["Longitude of natural origin"] == pytest.approx(ours.central_meridian_deg)
        assert parameters["Scale factor at natural origin"] == ours.scale
        assert parameters["False easting"] == 500000
        assert parameters["False northing"] == 0


@pytest.mark.parametrize("epsg", [6956, 6957, 6958, 6959])
def test_deprecated_zones_are_refused_by_name(epsg: int) -> None:
    with pytest.raises(ValueError, match="use EPSG:58"):
        zone(epsg)


def test_unknown_zone_lists_the_known() -> None:
    with pytest.raises(ValueError, match="9218"):
        zone(4326)


@given(
    st.sampled_from(sorted(ZONES)),
    st.floats(102.0, 110.0),
    st.floats(8.0, 23.5),
)
def test_round_trip(epsg: int, lon: float, lat: float) -> None:
    there = from_wgs84(np.array([[lon, lat]]), zone(epsg))
    # Ellipsoidal heights are dropped each way, as the law's plane coordinates have none: at most 1.2 mm.
    assert to_wgs84(there, zone(epsg))[0] == pytest.approx([lon, lat], abs=2e-8)


def test_geometries_keep_kind_and_height() -> None:
    square = shapely.box(603000, 1191000, 603100, 1191100)
    there = to_wgs84(square, zone(9210))
    assert there.geom_type == "Polygon"
    assert from_wgs84(there, zone(9210)).area == pytest.approx(10_000, rel=1e-6)
    point = to_wgs84(shapely.Point(603882, 1191160, 4.25), zone(9210))
    assert (round(point.x, 8), round(point.y, 8), point.z) == (106.70165256, 10.76982544, 4.25)
    assert shapely.is_empty(to_wgs84(shapely.Point(), zone(9210)))


def test_bad_coordinates_are_nan_and_bad_shapes_refused() -> None:
    found = to_wgs84(np.array([[math.nan, 1.0], [math.inf, 1.0], [1e300, 1e300]]), zone(9210))
    assert np.isnan(found).all()
    with pytest.raises(ValueError, match=r"\(n, 2\)"):
        to_wgs84(np.zeros(4), zone(9210))


def test_srids_fit_postgis_and_are_not_epsgs() -> None:
    rows = srid_rows()
    assert len({row.srid for row in rows}) == 21
    for row in rows:
        assert 900_000 <= row.srid <= 998_999
        assert row.auth_name != "EPSG"
        assert "0.252906278" in row.srtext
        assert "0.252906278" in row.proj4text
        assert pyproj.CRS.from_wkt(row.srtext).is_bound
