"""An anonymous caller learns nothing of hidden rows and fields, whatever is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.api.ogc_ground import put_rows

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

BASE = "/ogc/collections"
# Layer, a field for staff, a private one (or none).
HIDDEN = [
    ("cameras", "stream_url", None),
    ("reports", "text", "reporter_phone"),
    ("farms", "address", "owner_name"),
]
SYSTEM = ("visibility", "unit", "search", "created_at", "geom_3857")


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


def hidden_id(admin: psycopg.Connection, layer: str, visibility: int) -> int:
    row = admin.execute(f"SELECT id FROM core.{layer} WHERE visibility = %s", [visibility]).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(("layer", "field", "private"), HIDDEN)
@pytest.mark.parametrize(
    "use",
    [
        "{0}=x",
        "sortby={0}",
        "sortby=-{0}",
        "properties={0}",
        "properties=id,{0}",
        "filter={0} IS NULL",
        "filter={0} LIKE '0%25'",
        'filter={{"op":"isNull","args":[{{"property":"{0}"}}]}}&filter-lang=cql2-json',
    ],
)
def test_a_hidden_name_is_answered_like_one_that_does_not_exist(
    client: TestClient, layer: str, field: str, private: str | None, use: str
) -> None:
    for name in (field, private, *SYSTEM):
        if name is None:
            continue
        refused = client.get(f"{BASE}/{layer}/items?{use.format(name)}")
        absent = client.get(f"{BASE}/{layer}/items?{use.format('no_such_name')}")
        assert refused.status_code == absent.status_code == 400
        first, second = ({**answer.json(), "request_id": None} for answer in (refused, absent))
        assert str(first).replace(name, "no_such_name") == str(second)
        assert f", {name}," not in str(first["allowed"])


@pytest.mark.parametrize(("layer", "field", "private"), HIDDEN)
@pytest.mark.parametrize("fmt", ["json", "html"])
def test_no_document_names_a_hidden_field(
    client: TestClient, layer: str, field: str, private: str | None, fmt: str
) -> None:
    for page in ("queryables", "schema", "items"):
        answer = client.get(f"{BASE}/{layer}/{page}", params={"f": fmt})
        for name in (field, private):
            if name is not None:
                assert f'"{name}"' not in answer.text and f">{name}<" not in answer.text
    openapi = client.get("/ogc/openapi").json()
    parameters = openapi["paths"][f"/collections/{layer}/items"]["get"]["parameters"]
    assert not {field, private} & {parameter["name"] for parameter in parameters if "name" in parameter}
    assert (
        field
        not in openapi["components"]["schemas"][f"{layer}Feature"]["properties"]["properties"]["properties"]
    )


def test_hidden_rows_are_neither_given_nor_counted(client: TestClient, admin: psycopg.Connection) -> None:
    cameras = client.get(f"{BASE}/cameras/items", params={"limit": 1000}).json()
    assert cameras["numberMatched"] == len(cameras["features"]) == 25
    assert client.get(f"{BASE}/cameras/items", params={"resulttype": "hits"}).json()["numberMatched"] == 25
    assert client.get(f"{BASE}/cameras/items", params={"name": "Camera kín 0"}).json()["numberMatched"] == 0
    for visibility in (1, 2):
        for fmt in ("json", "html", "jsonld"):
            answer = client.get(
                f"{BASE}/cameras/items/{hidden_id(admin, 'cameras', visibility)}", params={"f": fmt}
            )
            absent = client.get(f"{BASE}/cameras/items/999999", params={"f": fmt})
            assert answer.status_code == absent.status_code == 404
            assert answer.json()["detail"] == absent.json()["detail"]


def test_the_extent_is_that_of_public_rows(client: TestClient, admin: psycopg.Connection) -> None:
    _, south, _, north = client.get(f"{BASE}/reports").json()["extent"]["spatial"]["bbox"][0]
    row = admin.execute(
        "SELECT min(ST_Y(geom)), max(ST_Y(geom)) FROM core.reports WHERE visibility = 0"
    ).fetchone()
    assert row is not None
    assert (south, north) == (pytest.approx(row[0], abs=0.0006), pytest.approx(row[1], abs=0.0006))


def test_staff_sees_fields_and_rows_of_staff(client: TestClient, staff: dict[str, str]) -> None:
    answer = client.get(f"{BASE}/cameras/items", params={"limit": 100}, headers=staff)
    assert answer.json()["numberMatched"] == 26
    assert answer.headers["cache-control"] == "private, no-store"
    assert all("stream_url" in feature["properties"] for feature in answer.json()["features"])
    filtered = client.get(f"{BASE}/cameras/items", params={"stream_url": "rtsp://secret/3"}, headers=staff)
    assert filtered.json()["numberMatched"] == 1
    queryables = client.get(f"{BASE}/cameras/queryables", headers=staff).json()
    assert "stream_url" in queryables["properties"]
    # What staff was shown is not kept for the next, anonymous reader.
    assert "stream_url" not in client.get(f"{BASE}/cameras/queryables").json()["properties"]


def test_the_centre_sees_every_row_and_nobody_a_private_field(
    client: TestClient, operator: dict[str, str], admin: psycopg.Connection
) -> None:
    answer = client.get(f"{BASE}/cameras/items", params={"limit": 100}, headers=operator).json()
    assert answer["numberMatched"] == 27
    path = f"{BASE}/cameras/items/{hidden_id(admin, 'cameras', 2)}"
    for fmt in ("json", "html", "jsonld"):
        assert client.get(path, params={"f": fmt}, headers=operator).status_code == 200
    refused = client.get(f"{BASE}/reports/items", params={"reporter_phone": "0"}, headers=operator)
    assert refused.status_code == 400
    text = client.get(f"{BASE}/reports/items", headers=operator).text
    assert "reporter" not in text and "bí mật" in text


def test_filters_find_only_what_the_caller_may_see(
    client: TestClient, staff: dict[str, str], operator: dict[str, str]
) -> None:
    for question, counts in {
        "name LIKE 'Camera%'": (25, 26, 27),
        "name = 'Camera kín 1' OR heading_deg / 0 > 1": (0, 0, 1),
        "S_INTERSECTS(geometry, BBOX(105,10,106,11))": (25, 26, 27),
        "accenti(casei(name)) LIKE 'camera kin%'": (0, 1, 2),
        "dwithin_m(geometry, POINT(105.6 10.4), 10)": (1, 2, 3),
    }.items():
        for headers, count in zip(({}, staff, operator), counts, strict=True):
            params = {"filter": question, "resulttype": "hits"}
            answer = client.get(f"{BASE}/cameras/items", params=params, headers=headers)
            assert (answer.status_code, answer.json().get("numberMatched")) == (200, count), question
    secret = {"filter": "stream_url = 'rtsp://secret/3'"}
    assert client.get(f"{BASE}/cameras/items", params=secret, headers=staff).json()["numberMatched"] == 1


def test_a_broken_token_is_401(client: TestClient) -> None:
    assert client.get(f"{BASE}/cameras/items", headers={"Authorization": "Bearer nope"}).status_code == 401
