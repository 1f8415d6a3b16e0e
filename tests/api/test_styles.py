"""Styles through the door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_the_map_draws_every_shown_layer_in_order(client: TestClient) -> None:
    answer = client.get("/styles/map.json")
    assert answer.headers["access-control-allow-origin"] == "*"
    style = answer.json()
    layers = [each for each in client.get("/api/layers").json()["layers"] if each["shown"]]
    assert list(style["sources"]) == [each["name"] for each in layers]
    assert list(dict.fromkeys(each["source"] for each in style["layers"])) == list(style["sources"])
    for name, source in style["sources"].items():
        assert source == {"type": "vector", "url": f"http://testserver/tiles/{name}.json"}


def test_one_layer_has_its_own(client: TestClient) -> None:
    style = client.get("/styles/zoning.json").json()
    assert list(style["sources"]) == ["zoning"] and style["version"] == 8


@pytest.mark.parametrize("name", ["nothing", "farms'; DROP TABLE x;--", "..%2F..%2Fetc%2Fpasswd"])
def test_an_unknown_style_lists_the_layers(client: TestClient, name: str) -> None:
    answer = client.get(f"/styles/{name}.json")
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"
    assert "zoning" in answer.json()["detail"] or "%2F" in name
