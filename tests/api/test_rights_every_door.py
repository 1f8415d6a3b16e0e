"""Every door is tried by an anonymous caller: two words that only hidden rows and fields hold are nowhere.

Links are followed from the landing page, so that a door which comes later is tried as soon as it is linked.
"""

from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING, Any

import geopandas
import psycopg
import pytest

from tests.api.ogc_ground import SOUTH, WEST, put_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from geo.settings import Settings

ROW, FIELD = "dongkin7f3a", "cotkin7f3a"
LAYERS = ("cameras", "reports")
HIDDEN = {"cameras": "stream_url", "reports": "text"}
PRIVATE = ("reporter_phone", "reporter_name")
FILES = ("csv", "geojsonseq", "fgb", "gpkg", "parquet")
HOST = "http://testserver"
PAGES = 400
# Tiles around the rows: longitude and latitude of the ground, at some zooms.
TILES = ((6, 50, 30), (10, 812, 482), (14, 12997, 7716), (16, 51989, 30865))


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        connection.execute("UPDATE core.cameras SET stream_url = %s || id", [f"rtsp://{FIELD}/"])
        connection.execute("UPDATE core.cameras SET name = %s || id WHERE visibility > 0", [ROW])
        connection.execute("UPDATE core.reports SET text = %s || id", [FIELD])
        connection.execute("UPDATE core.reports SET code = left(%s || id, 20) WHERE visibility > 0", [ROW])


@pytest.fixture(scope="module")
def hidden(settings: Settings) -> dict[str, list[int]]:
    with psycopg.connect(settings.admin_dsn) as connection:
        return {
            layer: [row[0] for row in connection.execute(f"SELECT id FROM core.{layer} WHERE visibility > 0")]
            for layer in LAYERS
        }


def text_of(content: bytes) -> str:
    """What is readable in an answer, whatever its form."""
    if content[:4] == b"PAR1":
        return str(geopandas.read_parquet(io.BytesIO(content)).to_csv())
    return content.decode("utf-8", "replace")


def holds_nothing(client: TestClient, path: str, **more: Any) -> bytes:
    answer = client.get(path, **more)
    assert answer.status_code < 500, (path, answer.text[:300])
    text = text_of(answer.content)
    # What was asked for may be repeated in a refusal.
    if answer.status_code == 200:
        for word in (ROW, FIELD, *PRIVATE):
            assert word not in text, (path, word)
    return bytes(answer.content)


def links(content: bytes) -> Iterator[str]:
    for found in re.findall(
        r"""["'](?:http://testserver)?(/[^"'\s<>]*)["']""", content.decode("utf-8", "replace")
    ):
        yield found.replace("&amp;", "&").replace("\\u0026", "&")


def placed(href: str) -> list[str]:
    """A template's tiles, or the link itself."""
    if "{" not in href:
        return [href]
    found = []
    for z, x, y in TILES:
        path = href
        for name, value in {
            "tileMatrixSetId": "WebMercatorQuad",
            "tileMatrix": z,
            "tileRow": y,
            "tileCol": x,
            "z": z,
            "x": x,
            "y": y,
        }.items():
            path = path.replace(f"{{{name}}}", str(value))
        found.append(path)
    return [path for path in found if "{" not in path]


def test_no_link_from_the_landing_page_leads_to_a_hidden_word(client: TestClient) -> None:
    waiting, seen = ["/ogc", "/ogc?f=html", "/api/layers", "/docs/layers"], set[str]()
    while waiting and len(seen) < PAGES:
        path = waiting.pop(0)
        kind = re.sub(r"\d+", "0", path)
        if path in seen or path.startswith("/api/events") or sum(k == kind for k in map(_kind, seen)) > 8:
            continue
        seen.add(path)
        content = holds_nothing(client, path)
        for href in links(content):
            waiting += [
                one
                for one in placed(href)
                if one not in seen and one.startswith(("/ogc", "/tiles", "/docs", "/api", "/styles"))
            ]
    assert len(seen) > 100
    for part in ("/queryables", "/schema", "/items", "f=csv", "/tiles", ".mvt", "/openapi", "/processes"):
        assert any(part in path for path in seen), part


def _kind(path: str) -> str:
    return re.sub(r"\d+", "0", path)


@pytest.mark.parametrize("layer", LAYERS)
def test_questions_for_what_is_hidden(client: TestClient, hidden: dict[str, list[int]], layer: str) -> None:
    """By a hidden row's id, by its name, by a hidden field: as if neither existed, in every form."""
    items, field = f"/ogc/collections/{layer}/items", HIDDEN[layer]
    for form in ("json", "html", "jsonld", *FILES):
        for question in (
            {},
            {"filter": f"accenti(casei({'name' if layer == 'cameras' else 'code'})) LIKE '{ROW[:6]}%'"},
            {"sortby": "-id"},
            {"bbox": f"{WEST - 1},{SOUTH - 1},{WEST + 1},{SOUTH + 1}", "limit": "1000"},
            {"crs": "http://www.opengis.net/def/crs/EPSG/0/3405"},
        ):
            holds_nothing(client, items, params={"f": form, **question})
        for question in (
            {field: FIELD},
            {"sortby": field},
            {"properties": field},
            {"filter": f"{field} IS NULL"},
        ):
            there = client.get(items, params={"f": form, **question})
            other = {
                key.replace(field, "none"): value.replace(field, "none") for key, value in question.items()
            }
            nowhere = client.get(items, params={"f": form, **other})
            assert there.status_code == nowhere.status_code == 400
            assert there.json()["allowed"] == nowhere.json()["allowed"]
    for identifier in hidden[layer]:
        for form in ("json", "html", "jsonld"):
            assert client.get(f"{items}/{identifier}", params={"f": form}).status_code == 404


@pytest.mark.parametrize("layer", LAYERS)
def test_tiles_and_their_filters(client: TestClient, layer: str) -> None:
    label = "name" if layer == "cameras" else "code"
    for z, x, y in TILES:
        path = f"/tiles/{layer}/{z}/{x}/{y}.mvt"
        holds_nothing(client, path)
        holds_nothing(client, path, params={"filter": f"{label} LIKE '{ROW}%'"})
        there = client.get(path, params={"filter": f"{HIDDEN[layer]} IS NULL"})
        nowhere = client.get(path, params={"filter": "none IS NULL"})
        assert there.status_code == nowhere.status_code == 400
        assert there.json()["allowed"] == nowhere.json()["allowed"]
        found = client.get(path, params={"filter": f"{label} LIKE '{ROW}%'"})
        assert found.status_code == 204 or layer.encode() not in found.content


# Each starts a process: every form once.
@pytest.mark.parametrize(("layer", "form"), [("reports", "geojson"), *(("cameras", form) for form in FILES)])
def test_exports_as_jobs(client: TestClient, layer: str, form: str) -> None:
    body = {"inputs": {"collection": layer, "format": form}, "response": "raw"}
    made = client.post("/ogc/processes/export/execution", json=body, headers={"Prefer": "respond-async"})
    assert made.status_code in (200, 201), made.text
    job = made.headers.get("location", "").removeprefix(HOST)
    until = time.monotonic() + 400
    while job and client.get(job).json()["status"] in ("accepted", "running"):
        assert time.monotonic() < until
        time.sleep(0.1)
    content = holds_nothing(client, f"{job}/results" if job else "/ogc")
    # A result that is a link to the file.
    for href in links(content):
        if "/jobs/" in href:
            holds_nothing(client, href)
    body["inputs"]["filter"] = f"{HIDDEN[layer]} IS NULL"
    assert client.post("/ogc/processes/export/execution", json=body).status_code == 400


def test_search_and_places(client: TestClient) -> None:
    for word in (ROW, FIELD, ROW[:8]):
        holds_nothing(client, "/api/search", params={"q": word})
        assert ROW not in client.get("/api/search", params={"q": word}).text.replace(f'"{word}"', "")
    for step in range(5):
        holds_nothing(client, "/api/at", params={"lon": WEST, "lat": SOUTH + step * 0.01})


def test_the_words_are_there_for_those_with_the_right(client: TestClient, operator: dict[str, str]) -> None:
    """Otherwise nothing above could fail."""
    answer = client.get("/ogc/collections/cameras/items", params={"limit": 100}, headers=operator).text
    assert ROW in answer and FIELD in answer
    assert FIELD in client.get("/ogc/collections/reports/items", headers=operator).text
