"""The abstract tests of OGC API Features part 4 (20-002r1, annex A), one by one, each under its own name.

Classes: create-replace-delete, update, optimistic-locking-etags, features. Where the draft leaves a choice
the tests hold what is done here: identifiers are the server's, PUT makes nothing, ``If-Match`` is asked for.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from pyproj import Transformer

from geo.crs import from_wgs84, zone
from tests.api.ogc_ground import SOUTH, WEST, first_code, put_rows
from tests.changes import caught_up
from tests.conftest import settled

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from geo.settings import Settings

ITEMS = "/ogc/collections/cameras/items"
ZONING = "/ogc/collections/zoning/items"
GEOJSON = {"Content-Type": "application/geo+json"}
PATCH = {"Content-Type": "application/merge-patch+json"}
ANY = {"If-Match": "*"}
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
MUTABLE = ("land_use", "zoning", "crop_areas", "farms", "cameras")


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


class Editor:
    """Someone with the right, who sends features as the tests ask for them."""

    def __init__(self, client: TestClient, headers: dict[str, str], feature: dict[str, Any]) -> None:
        self.client, self.headers, self.feature = client, headers, feature

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more = {"json": body} if body is not None else {}
        return self.client.request(method, path, headers={**self.headers, **named}, **more)

    def changed(self, **properties: Any) -> dict[str, Any]:
        feature = copy.deepcopy(self.feature)
        feature["properties"] |= properties
        return feature

    def made(self, **properties: Any) -> str:
        answer = self.ask("POST", ITEMS, self.changed(**properties), **_named(GEOJSON))
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"]).removeprefix("http://testserver")

    def read(self, path: str, **params: str) -> dict[str, Any]:
        answer = self.client.get(path, params=params or None, headers=self.headers)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def tag(self, path: str) -> str:
        return str(self.client.get(path, headers=self.headers).headers["etag"])

    def ids(self) -> set[int]:
        return {one["id"] for one in self.read(ITEMS, limit="10000")["features"]}


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("-", "_"): value for name, value in headers.items()}


@pytest.fixture
def editor(client: TestClient, operator: dict[str, str], admin: psycopg.Connection) -> Editor:
    codes = {name: first_code(admin, "cameras", name) for name in ("kind", "status")}
    feature = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [WEST, SOUTH]},
        "properties": {"name": "Cổng chợ", "heading_deg": 90.0, **codes},
    }
    return Editor(client, operator, feature)


# Conformance class "Create/Replace/Delete"


def test_options(editor: Editor) -> None:
    path = editor.made()
    for layer in MUTABLE:
        items = f"/ogc/collections/{layer}/items"
        for place, methods in ((items, {"POST"}), (f"{items}/1", {"PUT", "PATCH", "DELETE"})):
            answer = editor.ask("OPTIONS", place)
            assert answer.status_code == 200
            allowed = {method.strip() for method in answer.headers["allow"].split(",")}
            assert allowed == {"GET", "HEAD", "OPTIONS"} | methods
            if "POST" in allowed:
                assert "application/geo+json" in answer.headers["accept-post"]
    assert editor.ask("OPTIONS", path).status_code == 200
    for layer in ("admin_units", "reports"):
        answer = editor.ask("OPTIONS", f"/ogc/collections/{layer}/items")
        assert "POST" not in answer.headers["allow"] and "accept-post" not in answer.headers
    assert editor.ask("OPTIONS", "/ogc/collections/nothing/items").status_code == 404


def test_create(editor: Editor) -> None:
    before = editor.ids()
    first = editor.ask("POST", ITEMS, editor.feature, **_named(GEOJSON))
    second = editor.ask("POST", ITEMS, {**editor.feature, "id": 987654321012345}, **_named(GEOJSON))
    for answer in (first, second):
        assert answer.status_code == 201
        path = answer.headers["location"].removeprefix("http://testserver")
        found = editor.read(path)
        assert found["geometry"] == editor.feature["geometry"]
        assert editor.feature["properties"].items() <= found["properties"].items()
        assert found["id"] not in before and path.endswith(f"/{found['id']}")
    assert len(editor.ids()) == len(before) + 2


def test_create_content_type(editor: Editor) -> None:
    raw = b'{"type":"Feature"}'
    answer = editor.client.post(ITEMS, content=raw, headers=editor.headers)
    assert answer.status_code == 400 and answer.json()["parameter"] == "Content-Type"


def test_replace(editor: Editor) -> None:
    path = editor.made(range_m=40.0)
    wanted = editor.changed(name="Cổng trường")
    wanted["geometry"]["coordinates"] = [WEST + 0.01, SOUTH + 0.01]
    assert editor.ask("PUT", path, wanted, **_named(GEOJSON | ANY)).status_code == 204
    found = editor.read(path)
    assert found["geometry"] == wanted["geometry"] and found["properties"]["name"] == "Cổng trường"
    # What the new content leaves out is gone.
    assert found["properties"]["range_m"] is None


def test_replace_content_type(editor: Editor) -> None:
    path = editor.made()
    raw = b'{"type":"Feature"}'
    answer = editor.client.put(path, content=raw, headers={**editor.headers, **ANY})
    assert answer.status_code == 400


def test_replace_rid(editor: Editor) -> None:
    path, other = editor.made(), editor.made(name="khác")
    number = int(other.rsplit("/", 1)[1])
    answer = editor.ask("PUT", path, {**editor.changed(name="mới"), "id": number}, **_named(GEOJSON | ANY))
    assert answer.status_code == 204
    assert editor.read(path)["id"] == int(path.rsplit("/", 1)[1])
    assert editor.read(path)["properties"]["name"] == "mới"
    assert editor.read(other)["properties"]["name"] == "khác"


def test_replace_exceptions(editor: Editor) -> None:
    for number, headers in ((987654321, {}), (987654322, {"If-Match": '"xyz"'})):
        path = f"{ITEMS}/{number}"
        answer = editor.ask("PUT", path, editor.feature, **_named(GEOJSON | headers))
        assert answer.status_code == 404, answer.text
        assert editor.client.get(path, headers=editor.headers).status_code == 404


def test_delete(editor: Editor) -> None:
    path = editor.made()
    assert editor.ask("DELETE", path, **_named(ANY)).status_code == 204
    assert editor.client.get(path, headers=editor.headers).status_code == 404
    assert editor.ask("DELETE", path, **_named(ANY)).status_code == 404


# Conformance class "Update"


def test_update_options(editor: Editor) -> None:
    for layer in MUTABLE:
        answer = editor.ask("OPTIONS", f"/ogc/collections/{layer}/items/1")
        assert answer.status_code == 200 and "PATCH" in answer.headers["allow"]
        assert "application/merge-patch+json" in answer.headers["accept-patch"]


def test_update(editor: Editor) -> None:
    path = editor.made(range_m=40.0)
    before = editor.read(path)
    answer = editor.ask("PATCH", path, {"properties": {"name": "Cổng sau"}}, **_named(PATCH | ANY))
    assert answer.status_code == 204, answer.text
    after = editor.read(path)
    before["properties"]["name"] = "Cổng sau"
    assert after == before


def test_update_content_type(editor: Editor) -> None:
    path = editor.made()
    answer = editor.client.patch(path, content=b'{"properties":{}}', headers={**editor.headers, **ANY})
    assert answer.status_code == 400 and answer.json()["parameter"] == "Content-Type"


def test_update_rid(editor: Editor) -> None:
    path = editor.made()
    answer = editor.ask("PATCH", path, {"id": 5, "properties": {"name": "x"}}, **_named(PATCH | ANY))
    assert answer.status_code == 400 and answer.json()["parameter"] == "id"
    assert editor.read(path)["properties"]["name"] == "Cổng chợ"


# Conformance class "Optimistic Locking using ETags"


def test_get_etag(editor: Editor, admin: psycopg.Connection, app: FastAPI) -> None:
    path = editor.made()
    assert editor.tag(path).strip('"').isdigit()
    # The tag of the public answer follows the layer, which the pump has yet to tell of the new feature.
    settled(editor.client, lambda: caught_up(admin, app))
    public = editor.client.get(path)
    assert public.status_code == 200 and public.headers["etag"].startswith('W/"')
    again = editor.client.get(path, headers={"If-None-Match": public.headers["etag"]})
    assert again.status_code == 304 and not again.content
    english = editor.client.get(path, headers={"Accept-Language": "en"})
    assert english.headers["etag"] != public.headers["etag"]


@pytest.mark.parametrize(("method", "kind"), [("PUT", GEOJSON), ("PATCH", PATCH)])
def test_conditional_replace_and_update(editor: Editor, method: str, kind: dict[str, str]) -> None:
    path = editor.made()
    tag, before = editor.tag(path), editor.read(path)
    body = editor.changed(name="mới") if method == "PUT" else {"properties": {"name": "mới"}}
    wrong = editor.ask(method, path, body, **_named(kind | {"If-Match": '"0"'}))
    assert wrong.status_code == 412 and editor.read(path) == before
    right = editor.ask(method, path, body, **_named(kind | {"If-Match": tag}))
    assert right.status_code == 204 and right.headers["etag"] not in ("", tag)
    assert right.headers["etag"] == editor.tag(path)
    assert editor.ask(method, path, body, **_named(kind)).status_code == 428


def test_conditional_delete(editor: Editor) -> None:
    first, second = editor.made(), editor.made()
    assert editor.ask("DELETE", first, If_Match='"0"').status_code == 412
    assert editor.read(first)
    assert editor.ask("DELETE", first, If_Match=editor.tag(first)).status_code == 204
    assert editor.client.get(first, headers=editor.headers).status_code == 404
    assert editor.ask("DELETE", second).status_code == 428 and editor.read(second)


# Conformance class "Features"


def test_endpoints(editor: Editor) -> None:
    listed = editor.read("/ogc/collections")["collections"]
    features = {one["id"] for one in listed if one.get("itemType", "feature") == "feature"}
    assert set(MUTABLE) <= features
    path = editor.made()
    assert int(path.rsplit("/", 1)[1]) in editor.ids()


def test_put_makes_nothing_and_collections_say_so(editor: Editor) -> None:
    for one in editor.read("/ogc/collections")["collections"]:
        assert one.get("supportsNonAutogeneratedResourceIds") is not True


@pytest.mark.parametrize("code", [4326, 3857, 3405, 5897, 9210])
def test_crs(editor: Editor, code: int) -> None:
    plain = editor.read(editor.made())
    if code == 4326:
        there = [SOUTH, WEST]
    elif code == 3857:
        there = list(Transformer.from_crs(4326, 3857, always_xy=True).transform(WEST, SOUTH))
    else:
        import numpy as np

        there = [float(value) for value in from_wgs84(np.array([[WEST, SOUTH]]), zone(code))[0]]
    feature = copy.deepcopy(editor.feature)
    feature["geometry"]["coordinates"] = there
    uri = f"{EPSG}{code}"
    made = editor.ask("POST", ITEMS, feature, **_named(GEOJSON | {"Content-Crs": f"<{uri}>"}))
    assert made.status_code == 201, made.text
    path = made.headers["location"].removeprefix("http://testserver")
    assert editor.read(path)["geometry"]["coordinates"] == pytest.approx(
        plain["geometry"]["coordinates"], abs=1e-7
    )
    assert editor.read(path, crs=uri)["geometry"]["coordinates"] == pytest.approx(there, abs=0.001)
    far = copy.deepcopy(feature)
    far["geometry"]["coordinates"] = [1e8, 1e8]
    outside = editor.ask("POST", ITEMS, far, **_named(GEOJSON | {"Content-Crs": f"<{uri}>"}))
    assert outside.status_code == 400 and outside.json()["parameter"] == "geometry"


def test_crs_that_is_not_offered(editor: Editor) -> None:
    for uri in (f"<{EPSG}9218>", f"<{EPSG}32648>", "EPSG:4326", ""):
        answer = editor.ask("POST", ITEMS, editor.feature, **_named(GEOJSON | {"Content-Crs": uri}))
        assert answer.status_code == 400 and answer.json()["parameter"] == "Content-Crs"
    named = {"Content-Crs": "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"}
    assert editor.ask("POST", ITEMS, editor.feature, **_named(GEOJSON | named)).status_code == 201


def test_geojson(editor: Editor) -> None:
    """The geometry is the feature's, of polygons too; an id in the body is not the feature's."""
    ring = [[WEST, SOUTH], [WEST + 0.01, SOUTH], [WEST + 0.01, SOUTH + 0.01], [WEST, SOUTH]]
    plot = {
        "type": "Feature",
        "id": 4711,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "plot_code": "A1",
            "function_code": "Yte",
            "status": "in_force",
            "valid_from": "2025-01-01",
        },
    }
    made = editor.ask("POST", ZONING, plot, **_named(GEOJSON))
    assert made.status_code == 201, made.text
    path = made.headers["location"].removeprefix("http://testserver")
    assert editor.read(path)["geometry"] == {"type": "MultiPolygon", "coordinates": [[ring]]}
    ring[2] = [105.62, 10.42]
    assert editor.ask("PUT", path, plot, **_named(GEOJSON | ANY)).status_code == 204
    found = editor.read(path)
    assert found["geometry"]["coordinates"] == [[ring]] and found["id"] == int(path.rsplit("/", 1)[1])


def test_json_merge_patch(editor: Editor) -> None:
    path = editor.made(owner_system="VNPT")
    document = {
        "properties": {"name": "Cổng mới", "range_m": 55.5, "owner_system": None},
        "geometry": {"type": "Point", "coordinates": [WEST + 0.02, SOUTH + 0.02]},
    }
    assert editor.ask("PATCH", path, document, **_named(PATCH | ANY)).status_code == 204
    found = editor.read(path)
    properties = found["properties"]
    assert (properties["name"], properties["range_m"], properties["owner_system"]) == ("Cổng mới", 55.5, None)
    assert found["geometry"]["coordinates"] == pytest.approx(document["geometry"]["coordinates"])
    assert properties["heading_deg"] == 90
    second = editor.ask("PATCH", path, {"id": found["id"] + 1}, **_named(PATCH | ANY))
    assert second.status_code == 400 and editor.read(path) == found
    # A merge patch is for PATCH: a whole feature is no patch, and a patch no whole feature.
    assert editor.ask("PUT", path, document, **_named(PATCH | ANY)).status_code == 400
    assert editor.ask("POST", ITEMS, document, **_named(GEOJSON)).status_code == 400


def test_the_classes_are_declared(client: TestClient) -> None:
    declared = set(client.get("/ogc/conformance").json()["conformsTo"])
    for name in ("create-replace-delete", "update", "optimistic-locking-etags", "features"):
        assert f"http://www.opengis.net/spec/ogcapi-features-4/1.0/conf/{name}" in declared
