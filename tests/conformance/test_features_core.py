"""OGC API Features 1, Core (17-069r4, annex A.2): landing page, API definition, conformance, collections."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from pygeoapi.openapi import validate_openapi_document
from shapely.geometry import box, shape

from tests.conformance.site import GEOJSON, OPENAPI, alternates, complete, rel

if TYPE_CHECKING:
    from tests.conformance.site import Json, Site

BASE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
CORE = f"{BASE}/core"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS84H = "http://www.opengis.net/def/crs/OGC/0/CRS84h"
ats = pytest.mark.ats


def media_types(site: Site, *, features: bool) -> set[str]:
    """What the declared encodings promise, for features or for the other resources."""
    promised = {
        f"{BASE}/geojson": GEOJSON if features else "application/json",
        f"{BASE}/html": "text/html",
    }
    return {kind for name, kind in promised.items() if name in site.declared}


@ats(CORE, "/conf/core/http")
def test_http_1_1(site: Site) -> None:
    """Requirement /req/core/http."""
    answer = site.ask("/")
    assert answer.http_version == "HTTP/1.1"


@ats(CORE, "/conf/core/root-op")
def test_landing_page(site: Site) -> None:
    """Requirement /req/core/root-op."""
    assert site.ask("/").status_code == 200


@ats(CORE, "/conf/core/root-success")
def test_landing_page_links(site: Site) -> None:
    """Requirement /req/core/root-success: service-desc or service-doc, conformance, data."""
    there = {link["rel"] for link in site.landing["links"]}
    assert there & {"service-desc", "service-doc"}
    assert there >= {"conformance", "data"}


@ats(CORE, "/conf/core/api-definition-op")
def test_api_definition(site: Site) -> None:
    """Requirement /req/core/api-definition-op: every link of it answers 200, in the type that it names."""
    found = rel(site.landing["links"], "service-desc", "service-doc")
    assert any(link.get("type", "").replace(" ", "") == OPENAPI for link in found)
    for link in found:
        answer = site.ask(site.link(link["href"]), link.get("type", "*/*"))
        assert answer.status_code == 200, answer.url


@ats(CORE, "/conf/core/api-definition-success")
def test_api_definition_is_openapi_3_0(site: Site) -> None:
    """Requirement /req/core/api-definition-success: valid against OpenAPI 3.0."""
    assert site.definition["openapi"].startswith("3.0")
    assert validate_openapi_document(site.definition)


@ats(CORE, "/conf/core/conformance-op")
def test_conformance(site: Site) -> None:
    """Requirement /req/core/conformance-op: at each link and at /conformance."""
    for link in rel(site.landing["links"], "conformance"):
        assert site.ask(site.link(link["href"])).status_code == 200
    assert site.ask("/conformance").status_code == 200


@ats(CORE, "/conf/core/conformance-success")
def test_conformance_names_core(site: Site) -> None:
    """Requirement /req/core/conformance-success."""
    assert all(isinstance(name, str) for name in site.declared)
    assert CORE in site.declared


@ats(CORE, "/conf/core/fc-md-op")
def test_collections(site: Site) -> None:
    """Requirement /req/core/fc-md-op."""
    assert site.ask("/collections").status_code == 200


@ats(CORE, "/conf/core/fc-md-success")
def test_collections_content(site: Site) -> None:
    """Requirements /req/core/fc-md-success, /req/core/crs84: links, collections, CRS84 first."""
    document = site.get("/collections")
    assert document["links"] and document["collections"]
    for owner in (document, *document["collections"]):
        if owner.get("crs"):
            assert owner["crs"][0] in (CRS84, CRS84H, "#/crs"), owner.get("id")


@ats(CORE, "/conf/core/fc-md-links")
def test_collections_links(site: Site) -> None:
    """Requirement /req/core/fc-md-links: self, alternate, each with relation and type."""
    alternates(site.get("/collections")["links"], media_types(site, features=False))


@ats(CORE, "/conf/core/fc-md-items")
def test_collections_entries(site: Site) -> None:
    """Requirement /req/core/fc-md-items: an id, a readable extent, items of the type that links name."""
    assert site.collections
    for one in site.collections:
        assert isinstance(one["id"], str) and one["id"]
        spatial(one)
        temporal(one)
        assert site.get(site.items(one), GEOJSON)["type"] == "FeatureCollection", one["id"]


@ats(CORE, "/conf/core/fc-md-items-links")
def test_collections_entries_links(site: Site) -> None:
    """Requirement /req/core/fc-md-items-links: items in each encoding; relation and type on every link."""
    for one in site.collections:
        there = {link.get("type", "").partition(";")[0] for link in rel(one["links"], "items")}
        assert there >= media_types(site, features=True), one["id"]
        complete(one["links"], *{link["rel"] for link in one["links"]})


@ats(CORE, "/conf/core/fc-md-extent")
def test_collections_extent(site: Site) -> None:
    """Requirement /req/core/fc-md-extent: the boxes hold every feature of the first page."""
    for one in site.collections:
        boxes = spatial(one)
        for feature in site.get(site.items(one), GEOJSON, limit=100)["features"] if boxes else []:
            if feature["geometry"] is not None:
                held = shape(feature["geometry"]).envelope
                # A box is drawn from unrounded coordinates.
                assert any(area.buffer(1e-6).contains(held) for area in boxes), (one["id"], feature["id"])


@ats(CORE, "/conf/core/sfc-md-op")
def test_one_collection(site: Site) -> None:
    """Requirement /req/core/sfc-md-op."""
    for one in site.collections:
        assert site.ask(f"/collections/{one['id']}").status_code == 200


@ats(CORE, "/conf/core/sfc-md-success")
def test_one_collection_agrees_with_the_list(site: Site) -> None:
    """Requirement /req/core/sfc-md-success: id, title, description and extent are those of the list."""
    for one in site.collections:
        alone = site.get(f"/collections/{one['id']}")
        for name in ("id", "title", "description", "extent"):
            assert alone.get(name) == one.get(name), (one["id"], name)


@ats(CORE, "/conf/core/query-param-invalid")
def test_a_wrong_value_is_400(site: Site) -> None:
    """Requirement /req/core/query-param-invalid."""
    for one in site.collections:
        for wrong in ({"limit": "unlimited"}, {"bbox": "1,2,x"}, {"datetime": "then"}):
            answer = site.ask(site.items(one), GEOJSON, **wrong)
            assert answer.status_code == 400, answer.url


@ats(CORE, "/conf/core/query-param-unknown")
def test_an_unknown_parameter_is_400(site: Site) -> None:
    """Requirement /req/core/query-param-unknown, unless the API definition allows free-form parameters."""
    name = f"unknownQueryParameter{random.randrange(10_000, 20_000)}"
    asked = [one for one in site.collections if not free_form(site, one)]
    if not asked:
        pytest.skip("the API definition allows free-form parameters")
    for one in asked:
        assert site.ask(site.items(one), GEOJSON, **{name: 1}).status_code == 400, one["id"]


@ats(CORE, "/conf/core/f-op")
def test_one_feature(site: Site) -> None:
    """Requirement /req/core/f-op: features of each collection by their id."""
    found = 0
    for one in site.collections:
        for identifier in some_ids(site, one):
            assert site.ask(f"/collections/{one['id']}/items/{identifier}", GEOJSON).status_code == 200
            found += 1
    assert found, "no collection has a feature"


@ats(CORE, "/conf/core/f-success", "/conf/core/f-links")
def test_one_feature_and_its_links(site: Site) -> None:
    """Requirements /req/core/f-success, /req/core/f-links: self, alternate, collection."""
    for one in site.collections:
        for identifier in some_ids(site, one):
            feature = site.get(f"/collections/{one['id']}/items/{identifier}", GEOJSON)
            assert feature["type"] == "Feature" and str(feature["id"]) == identifier
            alternates(feature["links"], media_types(site, features=True))
            assert rel(feature["links"], "collection"), feature["links"]
            complete(feature["links"], "self", "alternate", "collection")


def spatial(collection: Json) -> list[Any]:
    """The boxes of the extent, in CRS84."""
    extent = collection.get("extent", {}).get("spatial")
    if not extent:
        return []
    assert extent.get("crs", CRS84) in (CRS84, CRS84H)
    found = []
    for numbers in extent["bbox"]:
        assert len(numbers) in (4, 6), numbers
        west, south, east, north = numbers if len(numbers) == 4 else (*numbers[:2], *numbers[3:5])
        assert -180 <= west <= 180 and -90 <= south <= north <= 90 and -180 <= east <= 180, numbers
        found += [box(west, south, east, north)] if west <= east else [box(west, south, 180, north)]
        found += [box(-180, south, east, north)] if west > east else []
    return found


def temporal(collection: Json) -> list[tuple[datetime | None, datetime | None]]:
    """The intervals of the extent; a half without bound is None."""
    extent = collection.get("extent", {}).get("temporal")
    if not extent:
        return []
    return [
        tuple(None if end is None else datetime.fromisoformat(end) for end in interval)  # type: ignore[misc]
        for interval in extent["interval"]
    ]


def some_ids(site: Site, collection: Json, most: int = 3) -> list[str]:
    page = site.get(site.items(collection), GEOJSON, limit=most)
    return [str(feature["id"]) for feature in page["features"]]


def free_form(site: Site, collection: Json) -> bool:
    """Whether an object of any members is a parameter of the items (17-069r4, 7.15.4, example)."""
    for path in (f"/collections/{collection['id']}/items", "/collections/{collectionId}/items"):
        for one in site.definition["paths"].get(path, {}).get("get", {}).get("parameters", []):
            schema = site.resolved(one).get("schema", {})
            if schema.get("type") == "object" and schema.get("additionalProperties"):
                return True
    return False
