"""What other servers of OGC API are known to get wrong, asked here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from geo.publish import publish_folders
from tests.api.ogc_ground import SOUTH, WEST, put_rows
from tests.conftest import settled

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from geo.settings import Settings

ITEMS = "/ogc/collections/cameras/items"


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ITEMS}?limit=x", 400),
        (f"{ITEMS}?nothing=1", 400),
        (f"{ITEMS}/999999", 404),
        ("/ogc/collections/none", 404),
        ("/ogc/none", 404),
        (f"{ITEMS}?crs=EPSG:9999", 400),
    ],
)
def test_an_error_is_not_kept_by_caches(client: TestClient, path: str, status: int) -> None:
    """One peer sends errors with the lifetime of answers."""
    answer = client.get(path)
    assert answer.status_code == status
    assert (
        "max-age=" not in answer.headers.get("cache-control", "")
        or "max-age=0" in answer.headers["cache-control"]
    )
    assert "etag" not in answer.headers


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ({"filter": "heading_deg < 5"}, 5),
        ({"name": "Camera 03"}, 1),
        ({"bbox": f"{WEST - 0.0005},{SOUTH - 0.0005},{WEST + 0.0045},{SOUTH + 0.0045}"}, 5),
        (
            {
                "bbox": f"{WEST - 0.0005},{SOUTH - 0.0005},{WEST + 0.0045},{SOUTH + 0.0045}",
                "name": "Camera 03",
            },
            1,
        ),
        ({"limit": "3"}, 25),
        ({"offset": "20"}, 25),
    ],
)
def test_hits_counts_what_would_be_given(client: TestClient, question: dict[str, str], count: int) -> None:
    """A peer's count ignored the filters."""
    hits = client.get(ITEMS, params={"resulttype": "hits", **question}).json()
    assert (hits["numberMatched"], hits["numberReturned"], hits["features"]) == (count, 0, [])


def test_parameters_hold_together(client: TestClient) -> None:
    """A peer drops the chosen properties where a filter, an order or another system stands beside them."""
    page = client.get(
        ITEMS,
        params={
            "properties": "name,status",
            "filter": "heading_deg >= 20",
            "sortby": "-name",
            "crs": "http://www.opengis.net/def/crs/EPSG/0/4326",
            "limit": 2,
        },
    ).json()
    assert [list(feature["properties"]) for feature in page["features"]] == [["name", "status"]] * 2
    assert [feature["properties"]["name"] for feature in page["features"]] == ["Camera 24", "Camera 23"]
    # Latitude first, as EPSG:4326 says; a peer turned the stored coordinates round instead.
    assert page["features"][0]["geometry"]["coordinates"] == pytest.approx([SOUTH + 0.024, WEST + 0.024])
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    second = client.get(following).json()["features"][0]
    assert (list(second["properties"]), second["properties"]["name"]) == (["name", "status"], "Camera 22")


def test_a_layer_that_gets_a_field_is_seen_without_a_restart(
    client: TestClient, settings: Settings, admin: psycopg.Connection, tmp_path: Path
) -> None:
    """A peer keeps the schema that it saw at its start."""
    both = {"vi": "Trạm bơm", "en": "Pumps"}
    field = {"name": "power_kw", "type": "number", "title": both}
    description = {
        "name": "pumps",
        "title": both,
        "description": both,
        "owner": both,
        "licence": both,
        "geometry": "Point",
        "fields": [{"name": "n", "type": "integer", "title": both}],
    }
    (tmp_path / "pumps").mkdir()
    file = tmp_path / "pumps" / "layer.yaml"
    file.write_text(json.dumps(description), encoding="utf-8")
    publish_folders(settings, [tmp_path])
    path = "/ogc/collections/pumps"
    settled(client, lambda: client.get(path).status_code == 200)
    assert client.get(f"{path}/items?power_kw=1").status_code == 400
    file.write_text(json.dumps({**description, "fields": [*description["fields"], field]}), encoding="utf-8")
    publish_folders(settings, [tmp_path])
    settled(client, lambda: "power_kw" in client.get(f"{path}/queryables").json()["properties"])
    admin.execute("INSERT INTO core.pumps (geom, n, power_kw) VALUES ('SRID=4326;POINT(105.7 10.5)', 1, 2.5)")
    settled(client, lambda: client.get(f"{path}/items").json()["numberReturned"] == 1)
    feature = client.get(f"{path}/items?filter=n=1 AND power_kw > 2").json()["features"][0]
    assert feature["properties"] == {"n": 1, "power_kw": 2.5}
    assert "power_kw" in client.get(f"{path}/schema").json()["properties"]
    names = {
        one.get("name")
        for one in client.get("/ogc/openapi").json()["paths"]["/collections/pumps/items"]["get"]["parameters"]
    }
    assert "power_kw" in names
