"""``filter=`` on tiles: what it selects, what it may know, what it may cost; encodings, queue and cache."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from geo.errors import TooCostly, Unavailable
from tests.api.test_tiles import LON, add_farm, features, path, wait_for
from tests.api.test_tiles import farms as farms  # noqa: PLC0414 - a fixture
from tests.api.test_tiles import plots as plots  # noqa: PLC0414 - a fixture
from tests.changes import caught_up
from tests.conftest import settled
from tiles import filtered
from tiles.admission import Admission

if TYPE_CHECKING:
    import psycopg
    from fastapi import FastAPI
    from starlette.testclient import TestClient

# In the middle of a tile of zoom 12, which holds the farms 2 to 10.
EAST = LON + 0.05


def names(client: TestClient, expression: str, z: int = 12, **more: Any) -> set[str]:
    found = features(client, path("farms", z, EAST if z < 14 else LON), params={"filter": expression}, **more)
    return {each["properties"]["name"] for each in found.get("farms", [])}


@pytest.mark.usefixtures("farms")
def test_only_what_the_filter_selects(client: TestClient) -> None:
    assert names(client, "name = 'farm 3'") == {"farm 3"}
    assert names(client, "name LIKE 'farm 1%'") == {"farm 10"}
    assert names(client, "name = 'nobody'") == set()
    inside = "S_INTERSECTS(geometry, BBOX(105.675, 10.45, 105.695, 10.47))"
    assert names(client, inside) == {"farm 5", "farm 6"}
    as_json = {"op": "=", "args": [{"property": "name"}, "farm 2"]}
    answer = client.get(
        path("farms", 12, EAST), params={"filter": json.dumps(as_json), "filter-lang": "cql2-json"}
    )
    assert b"farm 2" in answer.content and b"farm 3" not in answer.content


@pytest.mark.usefixtures("farms")
def test_counts_from_afar_count_what_the_filter_selects(client: TestClient) -> None:
    found = features(client, path("farms", 9), params={"filter": "name = 'farm 3' OR name = 'farm 4'"})
    assert sum(each["properties"]["point_count"] for each in found["farms"]) == 2


@pytest.mark.usefixtures("farms")
def test_a_filtered_tile_is_another_tile_and_follows_edits(
    client: TestClient, admin: psycopg.Connection
) -> None:
    whole = client.get(path("farms", 14))
    chosen = client.get(path("farms", 14), params={"filter": "name = 'farm 0'"})
    assert chosen.headers["etag"] != whole.headers["etag"]
    assert client.get(path("farms", 14)).headers["etag"] == whole.headers["etag"]
    admin.execute("UPDATE core.farms SET name = 'farm 0 anew' WHERE name = 'farm 0'")
    settled(client, lambda: names(client, "name LIKE 'farm 0%'", 14) == {"farm 0 anew"})


@pytest.mark.usefixtures("farms", "plots")
def test_a_tile_of_two_layers_takes_a_filter_that_both_understand(client: TestClient) -> None:
    url = path("zoning,farms", 15)
    assert client.get(url, params={"filter": "name = 'farm 0'"}).status_code == 400
    inside = {"filter": "S_INTERSECTS(geometry, BBOX(105.0, 10.0, 106.0, 11.0))"}
    assert set(features(client, url, params=inside)) == {"zoning", "zoning_label", "farms"}


@pytest.mark.usefixtures("farms")
def test_nothing_restricted_is_told_by_a_filter(
    client: TestClient, staff: dict[str, str], operator: dict[str, str]
) -> None:
    """Neither the rows of others nor a field that the caller may not know, after staff filled the cache."""
    expression = "name = 'closed' OR name = 'for staff' OR name = 'farm 0'"
    assert names(client, expression, 15, headers=operator) == {"farm 0", "for staff", "closed"}
    assert names(client, expression, 15, headers=staff) == {"farm 0", "for staff"}
    assert names(client, expression, 15) == {"farm 0"}
    by_address = {"filter": "address LIKE '%Bí Mật%'"}
    assert client.get(path("farms", 15), params=by_address, headers=staff).status_code == 200
    answer = client.get(path("farms", 15), params=by_address)
    assert answer.status_code == 400 and "address" not in answer.json()["allowed"]
    unknown = client.get(path("farms", 15), params={"filter": "nothing LIKE '%Bí Mật%'"})
    assert unknown.json()["allowed"] == answer.json()["allowed"]
    for private in ("owner_phone", "visibility", "unit"):
        for headers in ({}, staff, operator):
            asked = client.get(path("farms", 15), params={"filter": f"{private} IS NULL"}, headers=headers)
            assert asked.status_code == 400, private


@pytest.mark.usefixtures("farms", "plots")
def test_composites_hold_nothing_restricted_after_staff_filled_the_cache(
    client: TestClient, operator: dict[str, str]
) -> None:
    url = path("zoning,farms", 15)
    for z in (15, 9):
        client.get(path("zoning,farms", z), headers=operator)
    assert b"closed" in client.get(url, headers=operator).content
    raw = client.get(url).content
    assert b"farm 0" in raw and b"closed" not in raw and b"for staff" not in raw
    counted = features(client, path("zoning,farms", 9))["farms"]
    assert sum(each["properties"]["point_count"] for each in counted) == 12
    counted = features(client, path("zoning,farms", 9), headers=operator)["farms"]
    assert sum(each["properties"]["point_count"] for each in counted) == 14


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"filter": "name ="}, "filter"),
        ({"filter": "1;DROP TABLE core.farms--"}, "filter"),
        ({"filter": "(" * 500 + "name = 'x'" + ")" * 500}, "filter"),
        ({"filter": "name = 'x' OR " * 200 + "name = 'x'"}, "filter"),
        ({"filter": "area_ha = 'x'"}, "filter"),
        ({"filter": "name = 'x'", "filter-lang": "sql"}, "filter-lang"),
        ({"filter": "name = 'x'", "filter-crs": "http://x"}, "filter-crs"),
        ({"filter-lang": "cql2-text"}, "filter-lang"),
    ],
)
def test_bad_filters(client: TestClient, query: dict[str, str], parameter: str) -> None:
    for url in (path("farms", 12), "/tiles/farms.json"):
        answer = client.get(url, params=query)
        assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


@pytest.mark.usefixtures("farms")
def test_a_filter_that_reads_too_much_is_refused_before_it_is_run(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filtered, "MAX_COST", 0.5)
    answer = client.get(path("farms", 13), params={"filter": "name = 'farm 3'"})
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert client.get(path("farms", 13)).status_code == 200


def test_what_the_planner_did_not_foresee_ends_after_two_seconds(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    from geo.database import Caller
    from tiles.query import TileQuery

    monkeypatch.setattr(filtered, "TIMEOUT", "SET LOCAL statement_timeout = '50ms'")

    async def run() -> None:
        async with app.state.db.read(Caller.anonymous()) as connection:
            query = TileQuery(b"SELECT pg_sleep(%(s)s)::text", {"s": 5})
            await filtered.filtered_row(connection, query)

    with pytest.raises(TooCostly):
        client.portal.call(run)  # type: ignore[union-attr]


@pytest.mark.usefixtures("farms")
def test_filters_have_a_bounded_share_of_the_memory(client: TestClient, app: FastAPI) -> None:
    for i in range(50):
        client.get(path("farms", 14), params={"filter": f"name = 'farm {i}'"})
    service = app.state.tiles
    assert all(key.predicate is None for key in service._cache._tiles)
    assert any(key.predicate is not None for key in service._filtered._tiles)
    assert service._filtered._max_bytes < service._cache._max_bytes / 4


@pytest.mark.usefixtures("farms")
def test_tilejson_hands_the_filter_on(client: TestClient) -> None:
    expression = "name = 'farm 1'"
    document = client.get("/tiles/farms.json", params={"filter": expression}).json()
    url = document["tiles"][0].replace("http://testserver", "")
    found = features(client, url.format(**dict(zip("zxy", path("farms", 14)[13:-4].split("/"), strict=True))))
    assert all(each["properties"]["name"] == "farm 1" for each in found.get("farms", []))


def raw(client: TestClient, url: str, accepted: str) -> tuple[Any, bytes]:
    with client.stream("GET", url, headers={"Accept-Encoding": accepted}) as answer:
        return answer.headers, b"".join(answer.iter_raw())


@pytest.mark.usefixtures("farms", "plots")
@pytest.mark.parametrize("layers", ["farms", "zoning,farms"])
def test_zstd_gzip_and_neither_are_the_same_tile(client: TestClient, layers: str) -> None:
    url = path(layers, 15)
    plain, body = raw(client, url, "identity")
    assert "content-encoding" not in plain
    small, zstd = raw(client, url, "gzip, deflate, br, zstd")
    assert small["content-encoding"] == "zstd"
    reader = zstandard.ZstdDecompressor().stream_reader(zstd, read_across_frames=True)
    assert reader.read() == body
    zipped, gz = raw(client, url, "gzip, zstd;q=0.5")
    assert zipped["content-encoding"] == "gzip" and gzip.decompress(gz) == body
    assert raw(client, url, "*")[0]["content-encoding"] == "gzip"
    assert "content-encoding" not in raw(client, url, "br, zstd;q=0")[0]
    assert len({each["etag"] for each in (plain, small, zipped)}) == 3
    known = client.get(url, headers={"Accept-Encoding": "zstd", "If-None-Match": small["etag"]})
    assert known.status_code == 304


def test_a_second_encoding_is_not_rendered_again(
    app: FastAPI, client: TestClient, admin: psycopg.Connection
) -> None:
    admin.execute("TRUNCATE core.farms CASCADE")
    add_farm(admin, "farm x", 105.63, 10.46, 0)
    wait_for(client, "farms", "farm x")
    # It may be drawn before the pump has told of it, and what the pump tells throws the drawing away.
    settled(client, lambda: caught_up(admin, app))
    url = path("farms", 17)

    def renders() -> float:
        for line in client.get("/metrics").text.splitlines():
            if line.startswith('diaban_tile_render_seconds_count{layer="farms"}'):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    raw(client, url, "zstd")
    before = renders()
    raw(client, url, "gzip")
    assert renders() == before


def test_a_full_queue_refuses_at_once_and_a_slow_one_in_time() -> None:
    async def run() -> None:
        admission = Admission(slots=1, queue=1, wait_s=0.05)
        async with admission.admitted():
            waiting = asyncio.create_task(admission.admitted().__aenter__())
            await asyncio.sleep(0)
            with pytest.raises(Unavailable):
                async with admission.admitted():
                    pass
            with pytest.raises(Unavailable):
                await waiting
        async with admission.admitted():  # and the slot is free again
            pass

    asyncio.run(run())
