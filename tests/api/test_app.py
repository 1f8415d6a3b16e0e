"""What holds at every door: problem documents, request ids, safety headers, HEAD, metrics, readiness."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from starlette.testclient import TestClient

from api.middleware import content_security_policy
from tests.conftest import settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.responses import Response


def test_unknown_paths_and_methods_are_problem_documents(client: TestClient) -> None:
    for answer, status in ((client.get("/api/nothing"), 404), (client.delete("/api/layers"), 405)):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert body["status"] == status
        assert body["detail"]
        assert body["detail_en"]
        assert body["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/busy", "/api/layers"])
def test_a_defect_at_any_door_is_a_problem_without_a_word_of_itself(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def broken(_: object) -> Response:
        raise RuntimeError("the secret of it")

    monkeypatch.setattr("api.first.DOORS", ((re.compile("/busy"), broken),))
    monkeypatch.setattr("api.layers.columns_for", lambda *_: {}["the secret of it"])
    answer = TestClient(app, raise_server_exceptions=False).get(path)
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-security-policy"]
    assert "secret" not in answer.text


def test_a_good_request_id_is_kept_and_a_bad_one_is_not(client: TestClient) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-Id": "abcdef-0123"}).headers["x-request-id"]
        == "abcdef-0123"
    )
    forged = client.get("/healthz", headers={"X-Request-Id": 'x"} evil'}).headers["x-request-id"]
    assert "evil" not in forged


def test_every_answer_carries_the_safety_headers(client: TestClient) -> None:
    for path in ("/healthz", "/api/layers", "/docs/layers", "/ogc?f=html", "/api/docs"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


def test_a_base_map_opens_the_policy_for_its_host_only(tmp_path: Path) -> None:
    settings = settings_for(
        "postgresql://u@h/d", "d", tmp_path, basemap_tiles="https://tiles.example.vn/{z}/{x}/{y}.png"
    )
    policy = content_security_policy(settings)
    assert "img-src 'self' data: blob: https://tiles.example.vn;" in policy
    assert "{z}" not in policy


@pytest.mark.parametrize("path", ["/api/layers", "/ogc?f=json", "/tiles/zoning.json", "/healthz"])
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    get, head = client.get(path), client.head(path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    "header", ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Bearer dbn_wrong", "dbn_wrong"]
)
def test_a_wrong_token_is_401_at_every_kind_of_door(client: TestClient, header: str) -> None:
    for path in (
        "/api/search?q=cao",
        "/ogc/collections/zoning/items?f=json",
        "/tiles/zoning/12/3249/1928.mvt",
    ):
        answer = client.get(path, headers={"Authorization": header})
        assert answer.status_code == 401, path
        assert answer.headers["www-authenticate"] == "Bearer"


def test_metrics_count_doors_not_paths(client: TestClient) -> None:
    client.get("/api/nothing/at/all")
    text = client.get("/metrics").text
    assert 'diaban_requests_total{door="api",method="GET",status="404"}' in text
    assert "nothing" not in text


def test_config_speaks_of_the_province(client: TestClient) -> None:
    config = client.get("/api/config").json()
    assert config["province"]["code"] == "82"
    assert config["province"]["name"] == {"vi": "Tỉnh Đồng Tháp", "en": "Đồng Tháp province"}
    assert config["limits"]["photo_bytes"] == 10 * 1024 * 1024


def test_logs_hold_no_query_and_no_tracking_code(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    import structlog

    from api.middleware import configure_logging

    configure_logging("INFO")
    try:
        client.get("/api/search?q=Nguyen Van A 0909123456")
        client.get("/api/reports/DT-7K3M-9QXF")
    finally:
        configure_logging("WARNING")
        structlog.contextvars.clear_contextvars()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    # What runs beside the doors writes lines too, of no request.
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["path"] for line in requests] == ["/api/search", "/api/reports/…"]
    assert "0909123456" not in str(lines)
    assert all(line["request_id"] for line in requests)


def test_the_page_of_the_doors_lists_them(client: TestClient) -> None:
    page = client.get("/api/docs").text
    assert "/api/reports" in page
    assert "<script" not in page
    assert client.get("/api/openapi.json").json()["info"]["title"] == "Diaban"
