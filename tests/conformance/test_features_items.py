"""OGC API Features 1, Core (17-069r4, annex A.2.7) and encodings: items, bbox, limit, datetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from shapely.geometry import box, shape

from tests.conformance.site import GEOJSON, alternates, complete, rel
from tests.conformance.test_features_core import BASE, CORE, media_types, some_ids, spatial, temporal

if TYPE_CHECKING:
    from tests.conformance.site import Json, Site

ats = pytest.mark.ats
# Above it the suite does not walk through the pages, and neither do we.
NUMBER_MATCHED_LIMIT = 10_000
# Of the suite: the meridian, the equator, the antimeridian and both poles.
BOXES = (
    (-1.5, 50.0, 1.5, 53.0),
    (-80.0, -5.0, -70.0, 5.0),
    (177.0, 65.0, -177.0, 70.0),
    (-180.0, 85.0, 180.0, 90.0),
    (-180.0, -90.0, 180.0, -85.0),
)


def pages(site: Site) -> list[tuple[Json, dict[str, str], Json]]:
    """Each collection's page as it comes, by a box, by a limit and by a time: collection, question, page."""
    found = []
    for one in site.collections:
        asked: list[dict[str, str]] = [{}, {"limit": "2"}, {"datetime": "2020-01-01/.."}]
        asked += [{"bbox": text(area.bounds)} for area in spatial(one)[:1]]
        found += [(one, question, site.get(site.items(one), GEOJSON, **question)) for question in asked]
    return found


def text(numbers: tuple[float, ...]) -> str:
    return ",".join(repr(float(number)) for number in numbers)


@ats(CORE, "/conf/core/fc-op")
def test_items(site: Site) -> None:
    """Requirement /req/core/fc-op."""
    assert site.collections
    for one in site.collections:
        assert site.ask(site.items(one), GEOJSON).status_code == 200, one["id"]


@ats(CORE, "/conf/core/fc-response")
def test_items_content(site: Site) -> None:
    """Requirement /req/core/fc-response: a FeatureCollection with features."""
    for one, question, page in pages(site):
        assert page["type"] == "FeatureCollection", (one["id"], question)
        assert isinstance(page["features"], list), (one["id"], question)


@ats(CORE, "/conf/core/crs84")
def test_coordinates_are_crs84(site: Site) -> None:
    """Requirement /req/core/crs84."""
    for one, _, page in pages(site):
        for feature in page["features"]:
            if feature["geometry"] is not None:
                assert box(-180, -90, 180, 90).contains(shape(feature["geometry"]).envelope), one["id"]


@ats(CORE, "/conf/core/fc-links", "/conf/core/fc-rel-type")
def test_items_links(site: Site) -> None:
    """Requirements /req/core/fc-links, /req/core/fc-rel-type."""
    for _, _, page in pages(site):
        alternates(page["links"], media_types(site, features=True))
        complete(page["links"], "self", "alternate", "next", "prev")


@ats(CORE, "/conf/core/fc-timeStamp")
def test_time_stamp(site: Site) -> None:
    """Requirement /req/core/fc-timeStamp: the time of the answer."""
    for one in site.collections:
        before = datetime.now(UTC)
        page = site.get(site.items(one), GEOJSON)
        if "timeStamp" not in page:
            pytest.skip("no timeStamp")
        told = datetime.fromisoformat(page["timeStamp"])
        # The two clocks may differ.
        assert before - timedelta(minutes=2) <= told <= datetime.now(UTC) + timedelta(minutes=2)


@ats(CORE, "/conf/core/fc-numberReturned")
def test_number_returned(site: Site) -> None:
    """Requirement /req/core/fc-numberReturned."""
    for one, question, page in pages(site):
        if "numberReturned" in page:
            assert page["numberReturned"] == len(page["features"]), (one["id"], question)


@ats(CORE, "/conf/core/fc-numberMatched")
def test_number_matched(site: Site) -> None:
    """Requirement /req/core/fc-numberMatched: as many as all pages hold together."""
    counted = 0
    for one, question, page in pages(site):
        told = page.get("numberMatched")
        if told is not None and told <= NUMBER_MATCHED_LIMIT:
            assert told == walked(site, page), (one["id"], question)
            counted += 1
    if not counted:
        pytest.skip(f"no numberMatched up to {NUMBER_MATCHED_LIMIT}")


def walked(site: Site, page: Json) -> int:
    seen = len(page["features"])
    while following := rel(page["links"], "next"):
        page = site.get(site.link(following[0]["href"]), GEOJSON)
        seen += len(page["features"])
        assert seen <= NUMBER_MATCHED_LIMIT, "next leads round in a circle"
    return seen


def definition(site: Site, collection: Json, name: str) -> Json:
    """The query parameter in the API definition, with what all of them have in common."""
    found = site.parameter(collection, name)
    assert found is not None, f"{collection['id']}: {name} is not in the API definition"
    assert found["in"] == "query" and not found.get("required", False)
    assert found.get("style", "form") == "form"
    assert found.get("explode") is False, f"{name}: explode"
    schema: Json = site.resolved(found["schema"])
    return schema


@ats(CORE, "/conf/core/fc-bbox-definition")
def test_bbox_definition(site: Site) -> None:
    """Requirement /req/core/fc-bbox-definition."""
    for one in site.collections:
        schema = definition(site, one, "bbox")
        assert schema["type"] == "array" and schema["items"]["type"] == "number"
        ways = schema.get("oneOf") or [schema]
        assert min(way["minItems"] for way in ways) == 4 and max(way["maxItems"] for way in ways) == 6


@ats(CORE, "/conf/core/fc-bbox-response")
def test_bbox(site: Site) -> None:
    """Requirement /req/core/fc-bbox-response, over the collection's own extent and five of the suite's."""
    for one in site.collections:
        for numbers in (*(area.bounds for area in spatial(one)), *BOXES):
            west, south, east, north = numbers
            areas = [box(west, south, east, north)]
            if west > east:
                areas = [box(west, south, 180, north), box(-180, south, east, north)]
            for feature in site.get(site.items(one), GEOJSON, bbox=text(numbers))["features"]:
                if feature["geometry"] is not None:
                    drawn = shape(feature["geometry"])
                    # Coordinates are given with seven decimals.
                    assert any(drawn.intersects(area.buffer(1e-6)) for area in areas), (one["id"], numbers)


@ats(CORE, "/conf/core/fc-limit-definition")
def test_limit_definition(site: Site) -> None:
    """Requirement /req/core/fc-limit-definition."""
    for one in site.collections:
        schema = definition(site, one, "limit")
        assert schema["type"] == "integer"
        assert schema.get("minimum", 0) >= 0 and schema.get("default", 0) >= 0


@ats(CORE, "/conf/core/fc-limit-response")
def test_limit(site: Site) -> None:
    """Requirement /req/core/fc-limit-response: no more than asked for and than the definition's maximum."""
    for one in site.collections:
        schema = definition(site, one, "limit")
        low, high = schema.get("minimum", 1), schema.get("maximum", 10_000)
        for limit in (low, min(100, low + (high - low) // 2)):
            answer = site.ask(site.items(one), GEOJSON, limit=limit)
            assert answer.status_code == 200, answer.url
            assert len(answer.json()["features"]) <= min(limit, high)


@ats(CORE, "/conf/core/fc-time-definition")
def test_datetime_definition(site: Site) -> None:
    """Requirement /req/core/fc-time-definition."""
    for one in site.collections:
        assert definition(site, one, "datetime")["type"] == "string"


@ats(CORE, "/conf/core/fc-time-response")
def test_datetime(site: Site) -> None:
    """Requirement /req/core/fc-time-response: instants, intervals, half-open ones; all time is everything."""
    for one in site.collections:
        whole = {str(f["id"]) for f in site.get(site.items(one), GEOJSON, limit=1000)["features"]}
        for always in ("../..", "1000-01-01T00:00:00Z/..", "../2999-12-31T00:00:00Z"):
            page = site.get(site.items(one), GEOJSON, limit=1000, datetime=always)
            assert {str(f["id"]) for f in page["features"]} == whole, (one["id"], always)
        for when in times(one):
            page = site.get(site.items(one), GEOJSON, limit=1000, datetime=when)
            assert {str(f["id"]) for f in page["features"]} <= whole, (one["id"], when)


def times(collection: Json) -> list[str]:
    """An instant and intervals within the collection's extent, or today where it has none."""
    begin, end = (temporal(collection) or [(None, None)])[0]
    begin = begin or datetime(2020, 1, 1, tzinfo=UTC)
    quarter = ((end or datetime.now(UTC)) - begin) / 4
    first, second = begin + quarter, begin + 2 * quarter
    instants = [moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (begin, first, second)]
    return [instants[0], f"{instants[1]}/{instants[2]}", f"{instants[1]}/..", f"../{instants[2]}"]


@ats(f"{BASE}/geojson", "/conf/geojson/definition", "/conf/geojson/content")
def test_geojson(site: Site) -> None:
    """Requirements /req/geojson/definition, /req/geojson/content (RFC 7946)."""
    site.needs(f"{BASE}/geojson")
    for one in site.collections:
        answer = site.ask(site.items(one), GEOJSON)
        assert answer.headers["content-type"].partition(";")[0] == GEOJSON
        for feature in answer.json()["features"]:
            assert feature["type"] == "Feature" and isinstance(feature["properties"], dict | None)
            assert feature["geometry"] is None or shape(feature["geometry"]).geom_type
        alone = [site.ask(f"/collections/{one['id']}/items/{name}", GEOJSON) for name in some_ids(site, one)]
        assert {found.headers["content-type"].partition(";")[0] for found in alone} <= {GEOJSON}


@ats(f"{BASE}/html", "/conf/html/definition", "/conf/html/content")
def test_html(site: Site) -> None:
    """Requirements /req/html/definition, /req/html/content: every page for people too."""
    site.needs(f"{BASE}/html")
    paths = ["/", "/conformance", "/collections"]
    for one in site.collections:
        paths += [f"/collections/{one['id']}", site.items(one).partition("?")[0]]
        paths += [f"/collections/{one['id']}/items/{name}" for name in some_ids(site, one, 1)]
    for path in paths:
        answer = site.ask(path, "text/html")
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html"), path
        assert "<html" in answer.text.lower(), path


@ats(f"{BASE}/oas30", "/conf/oas30/completeness", "/conf/oas30/oas-impl")
def test_openapi_says_all_there_is(site: Site) -> None:
    """Requirements /req/oas30/completeness, /req/oas30/oas-impl: each path with its answers."""
    site.needs(f"{BASE}/oas30")
    paths = site.definition["paths"]
    general = "/collections/{collectionId}/items" in paths
    for one in site.collections:
        path = "/collections/{collectionId}/items" if general else f"/collections/{one['id']}/items"
        assert "200" in paths[path]["get"]["responses"], path
        assert any(other.startswith(f"{path}/{{") for other in paths), f"{path}/…"
    assert {"/", "/conformance", "/collections"} <= set(paths)


@ats(f"{BASE}/oas30", "/conf/oas30/exceptions-codes")
def test_openapi_says_what_goes_wrong(site: Site) -> None:
    """Requirement /req/oas30/exceptions-codes: what a wrong parameter and a missing feature give."""
    site.needs(f"{BASE}/oas30")
    for one in site.collections:
        for path in (f"/collections/{one['id']}/items", "/collections/{collectionId}/items"):
            if path in site.definition["paths"]:
                told = set(site.definition["paths"][path]["get"]["responses"])
                assert {"400", "404"} <= told or told & {"default", "4XX"}, path


@ats(f"{BASE}/oas30", "/conf/oas30/oas-definition-1", "/conf/oas30/oas-definition-2")
def test_openapi_in_json_and_for_people(site: Site) -> None:
    """Requirements /req/oas30/oas-definition-1 and -2: JSON by service-desc, HTML by service-doc."""
    site.needs(f"{BASE}/oas30")
    assert site.definition["openapi"].startswith("3.0")
    for link in rel(site.landing["links"], "service-doc"):
        assert site.ask(site.link(link["href"]), "text/html").headers["content-type"].startswith("text/html")
