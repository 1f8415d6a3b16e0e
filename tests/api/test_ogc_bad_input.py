"""Everything that can be wrong in a request: 4xx with a body that says what is allowed, never a 5xx."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tests.api.ogc_ground import put_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

ITEMS = "/ogc/collections/cameras/items"
UNITS = "/ogc/collections/admin_units/items"
SQL = "1'; DROP TABLE core.cameras; --"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("limit", value) for value in ("abc", "0", "-1", "1.5", "", "NaN", "9" * 30, "１０", SQL)),
        *(
            ("filter", value)
            for value in (
                "",
                "name",
                "(" * 1000,
                "no_such_name = 1",
                SQL,
                "heading_deg ^ 1e300 > 1 AND 10 ^ 400 > 1",
                "S_INTERSECTS(geometry, POINT(1000 1000))",
                "TIMESTAMP('0001-01-01T00:00:00+14:00') < TIMESTAMP('9999-12-31T23:59:59-14:00') AND 1",
            )
        ),
        ("filter-lang", "cql2-json"),
        ("filter-lang", "sql"),
        ("filter-crs", "http://www.opengis.net/def/crs/EPSG/0/3857"),
        *(("offset", value) for value in ("abc", "-1", "", "9" * 30, SQL)),
        *(
            ("bbox", value)
            for value in (
                "",
                "1,2,3",
                "1,2,3,4,5",
                "a,b,c,d",
                "NaN,1,2,3",
                "105,10,inf,11",
                "105,11,106,10",
                "105,10,500,106,11,1",
                "-181,0,0,1",
                "0,-91,1,0",
                "1e999,0,1,1",
                SQL,
            )
        ),
        *(
            ("datetime", value)
            for value in (
                "",
                "today",
                "2025",
                "2025-13-01",
                "2025-07-01T00:00:00",
                "2025-07-01/2025-06-01",
                "a/b/c",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59-12:00",
                SQL,
            )
        ),
        *(("crs", value) for value in ("", "EPSG:4326", "http://www.opengis.net/def/crs/EPSG/0/32648", SQL)),
        ("bbox-crs", "http://www.opengis.net/def/crs/EPSG/0/3857"),
        *(("sortby", value) for value in ("", "nothing", "name,nothing", "--name", SQL)),
        *(("properties", value) for value in ("nothing", "name,,kind", SQL)),
        ("skipGeometry", "maybe"),
        ("resulttype", "everything"),
        ("f", "xml"),
        ("lang", "xx"),
        ("unknown", "1"),
        (SQL, "1"),
        ("level", "3"),  # a property of another layer
        ("heading_deg", "north"),
        ("heading_deg", "NaN"),
        ("name", "a\x00b"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(client: TestClient, name: str, value: str) -> None:
    answer = client.get(ITEMS, params={name: value})
    assert answer.status_code == 400, (name, value, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["parameter"] == name or name in ("bbox-crs", SQL)
    assert problem["allowed"] and problem["allowed_en"] and "value" in problem
    assert "Traceback" not in answer.text and "psycopg" not in answer.text and "SELECT" not in answer.text


def test_a_parameter_twice_is_refused(client: TestClient) -> None:
    assert client.get(f"{ITEMS}?limit=1&limit=2").status_code == 400


@pytest.mark.parametrize("value", ["abc", "1.5", str(2**40), "-99999999999999999999"])
def test_an_integer_property_takes_integers(client: TestClient, value: str) -> None:
    assert client.get(UNITS, params={"level": value}).status_code == 400


@pytest.mark.parametrize("page", ["", "/collections", "/collections/cameras/queryables", "/conformance"])
def test_pages_refuse_unknown_parameters_too(client: TestClient, page: str) -> None:
    assert client.get(f"/ogc{page}", params={"whatever": 1}).status_code == 400


def test_linked_data_is_not_promised_for_schemas(client: TestClient) -> None:
    assert client.get("/ogc/collections/cameras/schema", params={"f": "jsonld"}).status_code == 400


@pytest.mark.parametrize(
    "identifier", ["0", "999999", "-1", "abc", "1.0", "9" * 19, "9" * 400, "1;", "%00", "１"]
)
@pytest.mark.parametrize("fmt", ["json", "html", "jsonld"])
def test_an_unknown_feature_is_not_found(client: TestClient, identifier: str, fmt: str) -> None:
    answer = client.get(f"{ITEMS}/{identifier}", params={"f": fmt})
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["", "/items", "/items/1", "/queryables", "/schema"])
@pytest.mark.parametrize("name", ["nothing", "pg_class", "cameras'--", "core.cameras"])
def test_an_unknown_collection_is_not_found(client: TestClient, name: str, path: str) -> None:
    answer = client.get(f"/ogc/collections/{name}{path}")
    assert answer.status_code == 404
    assert "cameras" in answer.json()["detail"]


def test_other_methods_are_refused(client: TestClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        for path in ("/ogc", "/ogc/collections", "/ogc/collections/cameras"):
            assert client.request(method, path).status_code == 405
    for method in ("PUT", "PATCH", "DELETE"):
        assert client.request(method, ITEMS).status_code == 405
    for path, takes in {
        "/ogc": "GET, HEAD",
        ITEMS: "GET, HEAD, POST, OPTIONS",
        f"{ITEMS}/1": "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
        "/ogc/processes/echo/execution": "POST",
    }.items():
        odd = next(each for each in ("GET", "POST", "PUT") if each not in takes)
        answer = client.request(odd, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, takes)
    # Editing is for those with the right.
    assert client.post(ITEMS).status_code == client.delete(f"{ITEMS}/1").status_code == 401


def test_a_forged_host_does_not_reach_a_page(client: TestClient) -> None:
    answer = client.get("/ogc", params={"f": "html"}, headers={"Host": 'a"><script>x</script>'})
    assert answer.status_code in (200, 400) and "<script>" not in answer.text


NAMES = st.sampled_from(
    [
        "limit",
        "offset",
        "bbox",
        "bbox-crs",
        "crs",
        "datetime",
        "sortby",
        "properties",
        "name",
        "heading_deg",
        "f",
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.lists(st.floats(width=32), min_size=3, max_size=7).map(lambda numbers: ",".join(map(str, numbers))),
    st.integers().map(str),
    st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"),
    st.sampled_from(["name", "-name", "http://www.opengis.net/def/crs/EPSG/0/3857", "../..", "..", "'", "%"]),
)


@examples(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(params=st.dictionaries(NAMES, VALUES, max_size=4))
def test_no_request_makes_the_server_fail(client: TestClient, params: dict[str, str]) -> None:
    answer = client.get(ITEMS, params=params)
    assert answer.status_code in (200, 400), (params, answer.text)
