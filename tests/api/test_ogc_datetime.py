"""``datetime`` on every layer that lives in time, and on those that do not; languages on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from layers.registry import load
from tests.api.ogc_ground import SOUTH, WEST, first_code

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from geo.settings import Settings

SHAPE = "ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 4326))"
BOX = (WEST, SOUTH, WEST + 0.1, SOUTH + 0.1)
PERIODS = (("2004-01-01", "2025-07-01"), ("2025-07-01", None))
# What a row of each layer needs beside its shape and its days; {code:…} stands for the first code of a field.
NEEDED = {
    "admin_units": {
        "unit_id": "u",
        "code": "29869",
        "name": "x",
        "kind": "{kind}",
        "level": 3,
        "province_code": "82",
    },
    "zoning": {"plot_code": "A", "function_code": "{function_code}", "status": "{status}"},
    "crop_areas": {
        "area_name": "V",
        "crop": "{crop}",
        "market": "{market}",
        "area_ha": 1.0,
        "status": "{status}",
    },
}


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        for layer, needed in NEEDED.items():
            for number, (first, last) in enumerate(PERIODS):
                values = {
                    name: first_code(admin, layer, name) if str(value).startswith("{") else value
                    for name, value in needed.items()
                }
                if layer == "admin_units":
                    values |= {"unit_id": f"u{number}", "code": f"2986{number}"}
                columns = ", ".join((*values, "geom", "valid_from", "valid_to"))
                places = ", ".join(["%s"] * len(values))
                admin.execute(
                    f"INSERT INTO core.{layer} ({columns}) VALUES ({places}, {SHAPE}, %s, %s)",
                    [*values.values(), *BOX, first, last],
                )


def test_every_layer_with_valid_time_is_asked_here() -> None:
    assert set(NEEDED) == {layer.name for layer in load().values() if layer.valid_time}


@pytest.mark.parametrize("layer", sorted(NEEDED))
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("2003-12-31", set()),
        ("2004-01-01", {"2004-01-01"}),
        ("2025-06-30", {"2004-01-01"}),
        ("2025-07-01", {"2025-07-01"}),  # half-open
        ("2025-06-30T17:00:00Z", {"2025-07-01"}),  # midnight in Vietnam
        ("2025-06-30/2025-07-01", {"2004-01-01", "2025-07-01"}),
        ("../2004-01-01", {"2004-01-01"}),
        ("2026-01-01/..", {"2025-07-01"}),
    ],
)
def test_items_of_a_day(client: TestClient, layer: str, asked: str, found: set[str]) -> None:
    answer = client.get(f"/ogc/collections/{layer}/items", params={"datetime": asked})
    assert answer.status_code == 200, answer.text
    assert {one["properties"]["valid_from"] for one in answer.json()["features"]} == found
    extent = client.get(f"/ogc/collections/{layer}").json()["extent"]["temporal"]["interval"]
    assert extent == [["2004-01-01T00:00:00+07:00", None]]
    record = client.get(f"/ogc/collections/catalogue/items/{layer}").json()
    assert record["time"] == {"interval": ["2004-01-01", ".."]}


@pytest.mark.parametrize("layer", sorted(NEEDED))
def test_tiles_of_a_day(client: TestClient, layer: str) -> None:
    tile = f"/ogc/collections/{layer}/tiles/WebMercatorQuad"
    (limit,) = [one for one in client.get(tile).json()["tileMatrixSetLimits"] if one["tileMatrix"] == "10"]
    place = f"{tile}/10/{limit['maxTileRow']}/{limit['minTileCol']}"
    old, new = (client.get(place, params={"datetime": day}) for day in ("2020-01-01", "2026-01-01"))
    none = client.get(place, params={"datetime": "1999-01-01"})
    assert (old.status_code, new.status_code, none.status_code) == (200, 200, 204)


@pytest.mark.parametrize("layer", sorted(set(load()) - set(NEEDED)))
def test_other_layers_are_of_any_day_but_want_a_right_one(client: TestClient, layer: str) -> None:
    path = f"/ogc/collections/{layer}/items"
    whole = client.get(path).json()["numberMatched"]
    assert client.get(path, params={"datetime": "1999-01-01"}).json()["numberMatched"] == whole
    wrong = client.get(path, params={"datetime": "hôm qua"})
    assert wrong.status_code == 400 and wrong.json()["parameter"] == "datetime"


def test_languages_everywhere(client: TestClient) -> None:
    """Every page of /ogc answers in the language asked for, and in Vietnamese to who does not say."""
    for path in (
        "/ogc",
        "/ogc/conformance",
        "/ogc/functions",
        "/ogc/collections",
        "/ogc/collections/zoning",
        "/ogc/collections/zoning/queryables",
        "/ogc/collections/zoning/schema",
        "/ogc/collections/zoning/items",
        "/ogc/collections/catalogue",
        "/ogc/collections/catalogue/items",
        "/ogc/collections/catalogue/items/zoning",
        "/ogc/tiles",
        "/ogc/tiles/WebMercatorQuad",
        "/ogc/collections/zoning/tiles",
        "/ogc/tileMatrixSets",
        "/ogc/processes",
        "/ogc/processes/export",
        "/ogc/jobs",
    ):
        plain, english = client.get(path), client.get(path, headers={"Accept-Language": "en;q=0.9, fr"})
        assert (plain.status_code, english.status_code) == (200, 200), path
        assert plain.headers["content-language"] == "vi", path
        assert english.headers["content-language"] == "en", path
        assert "Accept-Language" in english.headers["vary"], path
