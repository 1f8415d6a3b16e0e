"""Coordinate systems: known points, declarations by their parameters, and wrong ones found out."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from etl.georef import choice, detect, geometries_to_wgs84, understand
from geo.errors import InvalidInput
from tests.etl.made import in_system, parcels, swapped, tenant

# TT 37/2019/TT-BGTVT, points LS1–LS4: WGS 84 and VN-2000, degrees, minutes, seconds of lat and lon.
DECREED = [
    ((15, 22, 29, 109, 6, 7), (15, 22, 32.7, 109, 6, 0.5)),
    ((15, 20, 32, 109, 5, 35), (15, 20, 35.7, 109, 5, 28.5)),
    ((15, 20, 10, 109, 7, 6), (15, 20, 13.7, 109, 6, 59.5)),
    ((15, 22, 24, 109, 7, 43), (15, 22, 27.7, 109, 7, 36.5)),
]
KNOWN = [
    ((600997, 1189964), (106.6752424711, 10.7590931419)),
    ((603882, 1191160), (106.70165256, 10.76982544)),
]
# GDAL's, ArcGIS', MapInfo's and AutoCAD's ways to write one zone, all met in dossiers.
ARCGIS = (
    'PROJCS["VN_2000_KTT_105_45_mui_3",GEOGCS["GCS_VN_2000",DATUM["D_Vietnam_2000",SPHEROID["WGS_1984",6378137.0,'
    '298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",105.75],'
    'PARAMETER["Scale_Factor",0.9999],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)
MAPINFO = ARCGIS.replace("VN_2000_KTT_105_45_mui_3", "unnamed").replace("GCS_VN_2000", "unnamed")
MAPINFO = MAPINFO.replace("D_Vietnam_2000", "WGS_1984")


def degrees(d: float, m: float, s: float) -> float:
    return d + m / 60 + s / 3600


@pytest.mark.parametrize(("wgs84", "vn2000"), DECREED)
def test_points_of_a_circular_come_out_within_its_rounding(wgs84: tuple, vn2000: tuple) -> None:
    point = np.array([shapely.Point(degrees(*vn2000[3:]), degrees(*vn2000[:3]))])
    got = geometries_to_wgs84(point, choice("4756"))[0]
    off = np.hypot(*(np.array([got.x, got.y]) - [degrees(*wgs84[3:]), degrees(*wgs84[:3])]))
    assert off * 111_000 < 2.2  # 0.1" of the circular on each axis


@pytest.mark.parametrize(("en", "lonlat"), KNOWN)
@pytest.mark.parametrize("key", ["9210", "9210:yx"])
def test_the_pinned_operation(en: tuple, lonlat: tuple, key: str) -> None:
    numbers = en[::-1] if key.endswith("yx") else en
    got = geometries_to_wgs84(np.array([shapely.Point(*numbers, 3.5)]), choice(key))[0]
    assert (got.x, got.y) == pytest.approx(lonlat, abs=5e-9)
    assert got.z == 3.5


@pytest.mark.parametrize("wkt", [ARCGIS, MAPINFO, pyproj.CRS(9210).to_wkt("WKT1_GDAL"), "EPSG:9210"])
def test_a_zone_is_known_by_its_parameters(wkt: str) -> None:
    declared = understand(wkt)
    assert declared.system == choice("9210")
    assert [note.code for note in declared.notes] == (["crs_by_parameters"] if wkt == MAPINFO else [])


def test_parameters_of_no_zone_are_no_declaration() -> None:
    declared = understand(ARCGIS.replace("105.75", "105.6"))
    assert declared.system is None
    assert [note.code for note in declared.notes] == ["crs_no_such_zone"]


@pytest.mark.parametrize("code", [6956, 6957, 6958, 6959])
def test_deprecated_systems_are_refused(code: int) -> None:
    declared = understand(pyproj.CRS(code).to_wkt())
    assert declared.system is None
    assert [note.code for note in declared.notes] == ["crs_deprecated"]
    with pytest.raises(InvalidInput, match="faulty"):
        choice(str(code))


def test_the_faulty_parameters_are_refused_under_any_name() -> None:
    wkt = ARCGIS.replace('False_Easting",500000.0', 'False_Easting",0.0')
    wkt = wkt.replace('False_Northing",0.0', 'False_Northing",500000.0')
    assert understand(wkt).system is None


@pytest.mark.parametrize(
    "declared", [None, 5897, 9209, 9210, 3405, 3406, 32648, 32649, 4326, 4756, 3857, 6957]
)
@pytest.mark.parametrize("order", ["", ":yx"])
def test_one_file_ends_at_one_place_whatever_it_declares(declared: int | None, order: str) -> None:
    numbers = in_system(parcels(), 5897)
    sample = swapped(numbers) if order else numbers
    found = detect(sample, pyproj.CRS(declared).to_wkt() if declared else None, tenant())
    assert found.system is not None
    assert found.system.key == "5897" + order
    told = {note.code for note in found.notes}
    assert ("crs_declaration_wrong" in told) is (
        declared not in (None, 6957) and found.system.key != str(declared)
    )
    off = shapely.get_coordinates(geometries_to_wgs84(sample, found.system)) - shapely.get_coordinates(
        parcels()
    )
    assert np.abs(off).max() < 1e-8


@pytest.mark.parametrize("true", [9210, 32648, 3405, 4326])
def test_systems_other_than_the_usual_one_are_found(true: int) -> None:
    found = detect(in_system(parcels(), true), pyproj.CRS(5897).to_wkt(), tenant())
    assert found.system is not None
    assert found.system.epsg == true


def test_where_several_fit_alike_a_person_is_asked() -> None:
    # Plots in the middle of one ward: 26 km to the side they lie in the middle of another, or nearly so.
    middle = min(
        tenant().wards, key=lambda ward: ward.centroid.distance(shapely.Point(105.65, 10.45))
    ).centroid
    few = shapely.box(
        *np.array([[dx, dy, dx + 2e-4, dy + 2e-4] for dx in range(5) for dy in range(5)]).T * 1e-3
    )
    few = shapely.transform(few, lambda xy: xy + np.array([middle.x, middle.y]))
    found = detect(in_system(few, 5897), None, tenant())
    assert found.system is None
    assert found.ambiguity is not None
    keys = [guess.key for guess in found.ambiguity.guesses]
    assert {"5897", "3405", "32648"} <= set(keys)
    assert keys[0] == "5897"  # the province's own meridian goes first
    assert detect(in_system(few, 5897), None, tenant(), answer="5897").system == choice("5897")
    declared = detect(in_system(few, 5897), "EPSG:5897", tenant())
    assert declared.system == choice("5897")
    (told,) = declared.notes  # never in silence
    assert told.code == "crs_others_fit" and "EPSG:3405" in told.text.vi
    assert detect(in_system(few, 5897), "EPSG:3405", tenant()).ambiguity is not None


def test_data_of_another_province_are_refused() -> None:
    away = shapely.transform(parcels(), lambda xy: xy + np.array([1.5, 5.5]))
    found = detect(in_system(away, 9214), "EPSG:9214", tenant())
    assert found.system is None
    assert [note.severity for note in found.notes] == ["refused"]


def test_without_wards_a_declaration_stands_and_silence_is_a_question() -> None:
    sample = in_system(parcels(), 9210)
    assert detect(sample, "EPSG:9210", None).system == choice("9210")
    assert detect(sample, None, None).ambiguity is not None
    assert detect(sample[:0], None, None).ambiguity is not None
    degrees = shapely.points([(105.63, 10.46), (105.7, 10.3)])
    assert detect(degrees, None, None).system == choice("4326")
    turned = shapely.points([(10.46, 105.63), (10.3, 105.7)])
    assert detect(turned, None, None).system == choice("4326:yx")
    assert detect(shapely.points([(10.46, 46.0)]), None, None).ambiguity is not None
    assert detect(sample, None, None, hint="9210").system == choice("9210")


@pytest.mark.parametrize("key", ["", "abc", "9210:zz", "99999999", "-1", "9210; DROP TABLE"])
def test_keys_that_are_none(key: str) -> None:
    with pytest.raises(InvalidInput):
        choice(key)
