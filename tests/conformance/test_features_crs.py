"""OGC API Features 2, Coordinate Reference Systems by Reference (18-058r1, annex A)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from shapely.geometry import box, shape

from tests.conformance.site import GEOJSON
from tests.conformance.test_features_core import CRS84, CRS84H, some_ids, spatial

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from tests.conformance.site import Json, Site

CONF = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
ats = pytest.mark.ats
OGC_NAME = re.compile(
    r"http://www\.opengis\.net/def/crs/[A-Za-z]+/[0-9.]+/\w+"
    r"|urn:ogc:def:crs:[A-Za-z]+:[0-9.]*:\w+|https?://\S+|urn:[a-z0-9-]+:\S+"
)
UNSUPPORTED = "http://www.opengis.net/def/crs/0/unsupported"
# The server and PROJ may take different operations between datums: metres, not a wrong zone or axis order.
NEAR_DEGREES = 1e-4


@pytest.fixture(autouse=True)
def _declared(site: Site) -> None:
    site.needs(CONF)


def systems(site: Site, collection: Json) -> list[str]:
    """The systems of one collection, ``#/crs`` being those of the list of collections."""
    found: list[str] = []
    for name in collection.get("crs", [CRS84]):
        found += site.get("/collections").get("crs", []) if name == "#/crs" else [name]
    return found


def known(site: Site, collection: Json) -> list[tuple[str, Transformer]]:
    """The systems that PROJ knows, with the way there from CRS84, axes in the systems' own order."""
    found = []
    for name in systems(site, collection):
        parts = re.search(r"def/crs/([A-Za-z]+)/[0-9.]+/(\w+)$", name)
        try:
            target = CRS.from_authority(parts[1], parts[2]) if parts else None
        except CRSError:
            target = None
        if target is not None:
            found.append((name, Transformer.from_crs(CRS.from_authority("OGC", "CRS84"), target)))
    return found


def items_and_one(site: Site, collection: Json) -> list[str]:
    """The addresses of the collection's items and of one of them."""
    some = [f"/collections/{collection['id']}/items/{name}" for name in some_ids(site, collection, 1)]
    return [site.items(collection), *some]


def moved(geometry: BaseGeometry, way: Transformer, direction: str = "FORWARD") -> BaseGeometry:
    transformed: BaseGeometry = shapely.transform(
        geometry,
        lambda x, y: way.transform(x, y, direction=direction),
        interleaved=False,
    )
    return transformed


@ats(CONF, "/conf/crs/crs-uri")
def test_identifiers(site: Site) -> None:
    """Requirements /req/crs/crs-uri, /req/crs/fc-md-crs-list A, /req/crs/fc-md-storageCrs."""
    for one in site.collections:
        alone = site.get(f"/collections/{one['id']}")
        assert alone.get("crs") == one.get("crs") and alone.get("storageCrs") == one.get("storageCrs")
        for name in (*systems(site, one), *filter(None, [one.get("storageCrs")])):
            assert OGC_NAME.fullmatch(name), (one["id"], name)


@ats(CONF, "/conf/crs/default-crs")
def test_the_default_is_in_the_list(site: Site) -> None:
    """Requirement /req/crs/fc-md-crs-list B: CRS84 or CRS84h."""
    for one in site.collections:
        assert {CRS84, CRS84H} & set(systems(site, one)), one["id"]


@ats(CONF, "/conf/crs/storageCrs")
def test_the_storage_system_is_in_the_list(site: Site) -> None:
    """Requirement /req/crs/fc-md-storageCrs-valid-value."""
    for one in site.collections:
        assert one.get("storageCrs", CRS84) in (*systems(site, one), CRS84), one["id"]


@ats(CONF, "/conf/crs/crs-parameter")
def test_each_system_is_answered_and_named(site: Site) -> None:
    """Requirements /req/crs/fc-crs-definition, /req/crs/ogc-crs-header, on items and on one."""
    for one in site.collections:
        paths = items_and_one(site, one)
        for name in systems(site, one):
            for path in paths:
                answer = site.ask(path, GEOJSON, crs=name)
                assert answer.status_code == 200, answer.url
                assert answer.headers.get("content-crs") == f"<{name}>", answer.url


@ats(CONF, "/conf/crs/crs-parameter-invalid")
def test_another_system_is_400(site: Site) -> None:
    """Requirement /req/crs/fc-crs-valid-value."""
    for one in site.collections:
        paths = items_and_one(site, one)
        for path in paths:
            assert site.ask(path, GEOJSON, crs=UNSUPPORTED).status_code == 400, path


@ats(CONF, "/conf/crs/crs-parameter-default")
def test_without_the_parameter_it_is_crs84(site: Site) -> None:
    """Requirements /req/crs/fc-crs-default-value, /req/crs/ogc-crs-header."""
    for one in site.collections:
        paths = items_and_one(site, one)
        for path in paths:
            assert site.ask(path, GEOJSON).headers.get("content-crs") in (f"<{CRS84}>", f"<{CRS84H}>"), path


@ats(CONF, "/conf/crs/crs-parameter-transform")
def test_coordinates_are_those_of_the_system(site: Site) -> None:
    """Requirement /req/crs/crs-action: turned back into CRS84 they are where they were."""
    compared = 0
    for one in site.collections:
        plain = {str(f["id"]): f for f in site.get(site.items(one), GEOJSON)["features"] if f["geometry"]}
        for name, way in known(site, one):
            for feature in site.get(site.items(one), GEOJSON, crs=name)["features"]:
                here = plain.get(str(feature["id"]))
                if here is None:
                    continue
                back = moved(shape(feature["geometry"]), way, "INVERSE")
                far = back.hausdorff_distance(shape(here["geometry"]))
                assert far < NEAR_DEGREES, (one["id"], name, feature["id"], far)
                compared += 1
    assert compared, "nothing to compare"


@ats(CONF, "/conf/crs/bbox-crs-parameter")
def test_a_box_in_each_system_finds_the_same(site: Site) -> None:
    """Requirements /req/crs/fc-bbox-crs-definition, /req/crs/bbox-crs-action."""
    for one in site.collections:
        for area in spatial(one)[:1]:
            # Somewhat larger than the extent: what touches its edge is not cut off by a metre.
            west, south, east, north = area.bounds
            around = box(west - 0.01, south - 0.01, east + 0.01, north + 0.01) & box(-179, -85, 179, 85)
            width = east - west
            # And one beside it; not across half the world, where a zone's coordinates end.
            beside = [shapely.affinity.translate(around, width + 0.1)] if width < 2 else []
            for name, way in known(site, one):
                for wanted in (around, *beside):
                    numbers = moved(wanted.segmentize(0.05), way).bounds
                    there = ids(site, one, bbox=",".join(map(repr, numbers)), bbox_crs=name)
                    here = ids(site, one, bbox=",".join(map(repr, wanted.bounds)))
                    assert there == here, (one["id"], name)


def ids(site: Site, collection: Json, **question: object) -> set[str]:
    page = site.get(site.items(collection), GEOJSON, limit=1000, **question)
    return {str(feature["id"]) for feature in page["features"]}


@ats(CONF, "/conf/crs/bbox-crs-parameter-invalid")
def test_a_box_in_another_system_is_400(site: Site) -> None:
    """Requirement /req/crs/fc-bbox-crs-valid-value."""
    for one in site.collections:
        answer = site.ask(site.items(one), GEOJSON, bbox="5,49,6,50", bbox_crs=UNSUPPORTED)
        assert answer.status_code == 400, one["id"]


@ats(CONF, "/conf/crs/bbox-crs-parameter-default")
def test_a_box_without_a_system_is_crs84(site: Site) -> None:
    """Requirement /req/crs/fc-bbox-crs-default-value."""
    for one in site.collections:
        for area in spatial(one)[:1]:
            numbers = ",".join(map(repr, area.bounds))
            assert ids(site, one, bbox=numbers) == ids(site, one, bbox=numbers, bbox_crs=CRS84), one["id"]
