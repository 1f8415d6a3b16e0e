"""Editing: only with the right, only on top of what was read, and only what the description allows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.database import Claims
from geo.tokens import issue
from tests.api.ogc_ground import SOUTH, WEST, first_code, put_rows
from tests.conftest import settled

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

ITEMS = "/ogc/collections/cameras/items"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


@pytest.fixture
def camera(admin: psycopg.Connection) -> dict[str, Any]:
    codes = {name: first_code(admin, "cameras", name) for name in ("kind", "status")}
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [WEST, SOUTH]},
        "properties": {"name": "Cổng chợ", "heading_deg": 90, **codes},
    }


@pytest.fixture(scope="module")
def ward(settings: Settings) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue(settings, Claims('ward@test', 1, ('29869',)))}"}


def test_a_feature_is_made_read_replaced_changed_and_removed(
    client: TestClient, operator: dict[str, str], camera: dict[str, Any]
) -> None:
    made = client.post(ITEMS, json=camera, headers=operator)
    assert made.status_code == 201, made.text
    path = made.headers["location"].removeprefix("http://testserver")
    read = client.get(path, headers=operator)
    assert read.headers["etag"] == made.headers["etag"]
    assert read.json()["properties"]["name"] == "Cổng chợ"
    camera["properties"]["name"] = "Cổng trường"
    del camera["properties"]["heading_deg"]
    put = client.put(path, json=camera, headers={**operator, "If-Match": made.headers["etag"]})
    assert put.status_code == 204 and put.headers["etag"] != made.headers["etag"]
    changed = {"type": "Feature", "properties": {"range_m": 50}}
    patch = client.patch(path, json=changed, headers={**operator, "If-Match": put.headers["etag"]})
    assert patch.status_code == 204
    found = client.get(path).json()["properties"]
    assert (found["name"], found["heading_deg"], found["range_m"]) == ("Cổng trường", None, 50)
    assert client.delete(path, headers={**operator, "If-Match": put.headers["etag"]}).status_code == 412
    assert client.delete(path, headers={**operator, "If-Match": patch.headers["etag"]}).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path, headers={**operator, "If-Match": "*"}).status_code == 404


def test_an_edit_on_top_of_anothers_is_refused(
    client: TestClient, operator: dict[str, str], camera: dict[str, Any], admin: psycopg.Connection
) -> None:
    made = client.post(ITEMS, json=camera, headers=operator)
    path, mine = made.headers["location"].removeprefix("http://testserver"), made.headers["etag"]
    admin.execute("UPDATE core.cameras SET range_m = 7 WHERE id = %s", [path.rpartition("/")[2]])
    for send in (client.put, client.patch):
        assert send(path, json=camera, headers={**operator, "If-Match": mine}).status_code == 412
        assert send(path, json=camera, headers=operator).status_code == 428
        assert send(path, json=camera, headers={**operator, "If-Match": '"x"'}).status_code == 412
    assert client.get(path).json()["properties"]["range_m"] == 7


def test_one_of_several_tags_is_enough(
    client: TestClient, operator: dict[str, str], camera: dict[str, Any]
) -> None:
    made = client.post(ITEMS, json=camera, headers=operator)
    path, tag = made.headers["location"].removeprefix("http://testserver"), made.headers["etag"]

    def patched(*tags: str) -> int:
        given = [("If-Match", value) for value in tags]
        answer = client.patch(path, json={"properties": {}}, headers=[*operator.items(), *given])
        return answer.status_code

    # RFC 9110, 13.1.1: strong comparison, and a field may stand on several lines.
    for others in (f'"0", W/{tag}', f'W/{tag}, "x"', f'"0,{tag[1:-1]},1"'):
        assert patched(others) == 412, others
    assert patched(f'"0", "a,b",{tag}') == 204
    tag = client.get(path, headers=operator).headers["etag"]
    assert patched('"0"', f'{tag} , "1"') == 204
    tag = client.get(path, headers=operator).headers["etag"]
    assert client.delete(path, headers={**operator, "If-Match": f'"0", {tag}'}).status_code == 204


def test_only_those_with_the_right_edit(
    client: TestClient, staff: dict[str, str], ward: dict[str, str], camera: dict[str, Any]
) -> None:
    assert client.post(ITEMS, json=camera).status_code == 401
    assert client.post(ITEMS, json=camera, headers=staff).status_code == 403
    made = client.post(ITEMS, json=camera, headers=ward)
    assert made.status_code == 201, made.text
    path = made.headers["location"].removeprefix("http://testserver")
    any_version = {"If-Match": "*"}
    assert client.patch(path, json=camera, headers=any_version).status_code == 401
    assert client.patch(path, json=camera, headers={**staff, **any_version}).status_code == 403
    assert client.delete(path, headers={**staff, **any_version}).status_code == 403
    assert client.delete(path, headers={**ward, **any_version}).status_code == 204
    for layer in ("admin_units", "reports"):
        answer = client.post(f"/ogc/collections/{layer}/items", json=camera, headers=ward)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"type": "FeatureCollection"}, "body"),
        ({"geometry": None}, "geometry"),
        ({"geometry": {"type": "LineString", "coordinates": [[1, 1], [2, 2]]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": ["a", 1]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [2.35, 48.85]}}, "geometry"),
        ({"properties": {"name": None}}, "name"),
        ({"properties": {"name": 5}}, "name"),
        ({"properties": {"name": "x" * 1000}}, "name"),
        ({"properties": {"kind": "no such"}}, "kind"),
        ({"properties": {"heading_deg": "north"}}, "heading_deg"),
        ({"properties": {"visibility": 0}}, "visibility"),
        ({"properties": {"unit": "1"}}, "unit"),
        ({"properties": []}, "properties"),
    ],
)
def test_what_the_description_forbids_is_refused_by_name(
    client: TestClient,
    operator: dict[str, str],
    camera: dict[str, Any],
    change: dict[str, Any],
    parameter: str,
) -> None:
    properties = change.get("properties")
    body = {**camera, **change}
    if isinstance(properties, dict):
        body["properties"] = {**camera["properties"], **properties}
    answer = client.post(ITEMS, json=body, headers=operator)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter), answer.text


def test_hostile_bodies(client: TestClient, operator: dict[str, str], camera: dict[str, Any]) -> None:
    kind = {**operator, "Content-Type": "application/geo+json"}
    whole = json.dumps(camera)
    odd = [whole.replace('"C\\u1ed5ng ch\\u1ee3"', text) for text in (r'"\ud800"', r'"a\u0000"')]
    odd += [whole.replace('"heading_deg": 90', f'"heading_deg": {number}') for number in ("9" * 400, "NaN")]
    odd += [whole.replace('"heading_deg"', r'"\ud800"')]
    assert whole not in odd
    for body in (b"", b"[" * 90_000, b"\xff", b"{" * 200_000, b"null", *(text.encode() for text in odd)):
        assert client.post(ITEMS, content=body, headers=kind).status_code == 400
    assert client.post(ITEMS, content=b" " * (3 * 1024**2), headers=kind).status_code == 413
    assert (
        client.post(ITEMS, content=b"{}", headers={**operator, "Content-Type": "text/xml"}).status_code == 400
    )


def test_what_was_committed_is_listed(
    client: TestClient, operator: dict[str, str], camera: dict[str, Any]
) -> None:
    before = client.get(ITEMS).headers["etag"]
    camera["properties"]["name"] = "Mới đặt"
    assert client.post(ITEMS, json=camera, headers=operator).status_code == 201
    found = client.get(ITEMS, params={"filter": "name = 'Mới đặt'"}).json()
    assert found["numberMatched"] == 1
    settled(client, lambda: client.get(ITEMS).headers["etag"] != before)
