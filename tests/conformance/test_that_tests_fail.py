"""The assertions fail where a server is wrong: asked of its own answers, changed in one point."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from tests.conformance import test_features_core as core
from tests.conformance import test_features_crs as crs
from tests.conformance import test_features_items as items
from tests.conformance import test_tiles as tiles
from tests.conformance.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[httpx2.Request, dict[str, Any]], None]


class Changed(httpx2.BaseTransport):
    """Passes requests on and changes the JSON that comes back, or the whole answer."""

    def __init__(self, change: Change | None, status: int | None = None, drop: str = "") -> None:
        self._inner = httpx2.HTTPTransport()
        self._change, self._status, self._drop = change, status, drop

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._inner.handle_request(request)
        content = answer.read()
        headers = {
            name: value
            for name, value in answer.headers.items()
            if name not in ("content-length", "content-encoding", self._drop)
        }
        if self._change and "json" in headers.get("content-type", ""):
            document = json.loads(content)
            self._change(request, document)
            content = json.dumps(document).encode()
        extensions = {"http_version": answer.extensions["http_version"]}
        return httpx2.Response(
            self._status or answer.status_code, headers=headers, content=content, extensions=extensions
        )


def within(document: dict[str, Any], member: str) -> list[dict[str, Any]]:
    return [document, *document.get(member, [])]


def without_links(relation: str) -> Change:
    def change(_: httpx2.Request, document: dict[str, Any]) -> None:
        for one in (*within(document, "collections"), *document.get("tilesets", [])):
            if "links" in one:
                one["links"] = [link for link in one["links"] if link["rel"] != relation]

    return change


def one_more(_: httpx2.Request, document: dict[str, Any]) -> None:
    if "numberMatched" in document:
        document["numberMatched"] += 1


def one_less(_: httpx2.Request, document: dict[str, Any]) -> None:
    if document.get("features"):
        document["features"].pop()


def turned_round(request: httpx2.Request, document: dict[str, Any]) -> None:
    if "4326" in str(request.url):
        for feature in document.get("features", []):
            if feature["geometry"]["type"] == "Point":
                feature["geometry"]["coordinates"].reverse()


def far_away(_: httpx2.Request, document: dict[str, Any]) -> None:
    for feature in document.get("features", []):
        feature["geometry"] = {"type": "Point", "coordinates": [-120.0, 40.0]}


def old_definition(_: httpx2.Request, document: dict[str, Any]) -> None:
    if "openapi" in document:
        document["openapi"] = "3.1.0"


def no_limit(_: httpx2.Request, document: dict[str, Any]) -> None:
    if "components" in document:
        document["components"]["parameters"]["limit"]["schema"]["type"] = "string"


def another_title(request: httpx2.Request, document: dict[str, Any]) -> None:
    if str(request.url).endswith("/cameras"):
        document["title"] = "something else"


def no_core(_: httpx2.Request, document: dict[str, Any]) -> None:
    if "conformsTo" in document:
        document["conformsTo"].remove(core.CORE)


WRONG: dict[str, tuple[Callable[[Site], None], Changed]] = {
    "no data link": (core.test_landing_page_links, Changed(without_links("data"))),
    "no alternate": (core.test_collections_links, Changed(without_links("alternate"))),
    "no items link": (core.test_collections_entries, Changed(without_links("items"))),
    "OpenAPI 3.1": (core.test_api_definition_is_openapi_3_0, Changed(old_definition)),
    "core not named": (core.test_conformance_names_core, Changed(no_core)),
    "titles differ": (core.test_one_collection_agrees_with_the_list, Changed(another_title)),
    "outside the extent": (core.test_collections_extent, Changed(far_away)),
    "wrong values taken": (core.test_a_wrong_value_is_400, Changed(None, 200)),
    "unknown ones ignored": (core.test_an_unknown_parameter_is_400, Changed(None, 200)),
    "422 for 400": (core.test_an_unknown_parameter_is_400, Changed(None, 422)),
    "an estimate": (items.test_number_matched, Changed(one_more)),
    "one left out": (items.test_number_returned, Changed(one_less)),
    "box ignored": (items.test_bbox, Changed(far_away)),
    "no self": (items.test_items_links, Changed(without_links("self"))),
    "limit a text": (items.test_limit_definition, Changed(no_limit)),
    "no Content-Crs": (crs.test_each_system_is_answered_and_named, Changed(None, drop="content-crs")),
    "axes swapped": (crs.test_coordinates_are_those_of_the_system, Changed(turned_round)),
    "any system taken": (crs.test_another_system_is_400, Changed(None, 200)),
    "no templates": (tiles.test_tiles_are_there, Changed(without_links("item"))),
    "tiles everywhere": (tiles.test_a_tile_out_of_range, Changed(None, 200)),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_server_does_not_pass(address: str, what: str) -> None:
    if "127.0.0.1" not in address:
        pytest.skip("of the server under test")
    assertion, transport = WRONG[what]
    wrong = Site(address.rstrip("/"), client=httpx2.Client(transport=transport, timeout=400))
    # A skipped test would be no pass either, but here every class is declared.
    with pytest.raises((AssertionError, StopIteration)):
        assertion(wrong)
