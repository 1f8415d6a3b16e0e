"""Pages of other origins may ask the open doors, with a token too, and read what they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from starlette.testclient import TestClient

PAGE = {"Origin": "https://ban-do.example"}


def preflight(client: TestClient, path: str, method: str, header: str) -> dict[str, str]:
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": header}
    answer = client.options(path, headers=PAGE | asked)
    return {
        name: value
        for name, value in answer.headers.items()
        if answer.is_success and name.startswith("access-")
    }


@pytest.mark.parametrize(
    ("path", "method", "header"),
    [
        ("/ogc/collections/cameras/items", "GET", "authorization"),
        ("/ogc/collections/cameras/items/1", "PUT", "content-type, if-match"),
        ("/ogc/processes/echo/execution", "POST", "content-type, prefer"),
        ("/tiles/cameras/1/1/0.mvt", "GET", "authorization"),
    ],
)
def test_a_preflight_is_answered(client: TestClient, path: str, method: str, header: str) -> None:
    told = preflight(client, path, method, header)
    assert told["access-control-allow-origin"] == "*"
    assert method in told["access-control-allow-methods"].split(", ")
    assert told["access-control-allow-headers"] == header
    assert "access-control-allow-credentials" not in told


def test_doors_that_are_not_open_answer_none(client: TestClient) -> None:
    assert preflight(client, "/api/reports", "POST", "content-type") == {}
    assert "access-control-allow-origin" not in client.get("/api/config", headers=PAGE).headers


def test_options_of_no_browser_still_say_what_an_address_takes(client: TestClient) -> None:
    assert "GET" in client.options("/ogc/collections/cameras/items").headers["allow"]


@pytest.mark.parametrize("path", ["/ogc/collections/cameras/items", "/ogc/collections/none/items?limit=x"])
def test_answers_and_refusals_can_be_read(client: TestClient, path: str) -> None:
    answer = client.get(path, headers=PAGE)
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert {"Content-Crs", "ETag"} <= set(answer.headers["access-control-expose-headers"].split(", "))
