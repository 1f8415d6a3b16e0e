"""A question with a box uses the spatial index: on the public projection and under row-level security."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import psycopg
import pytest

from geo.database import Caller, Claims, Database
from geo.features import Cursor, FeatureQuery, Filter, parse_bbox
from geo.features.sql import (
    count_statement,
    filter_values,
    item_statement,
    page_statement,
    plain_page,
    shape_of,
)

if TYPE_CHECKING:
    from geo.settings import Settings

CALLERS = [
    Caller.anonymous(),
    Caller(Claims("s", 1)),
    Caller(Claims("u", 1, ("29869",))),
    Caller(Claims("c", 2)),
]


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO core.cameras (geom, name, kind, status, visibility)"
            " SELECT ST_SetSRID(ST_MakePoint(105 + random(), 10 + random()), 4326), i, 'x', 'x', i % 10 / 9"
            " FROM generate_series(1, 20000) i"
        )
        connection.execute("ANALYZE core.cameras, pub.cameras")


async def plan(settings: Settings, caller: Caller, statement: bytes, values: dict[str, object]) -> str:
    database = Database(settings)
    await database.open()
    try:
        async with database.read(caller) as connection:
            cursor = await connection.execute(b"EXPLAIN (FORMAT JSON) " + statement, values)
            row = await cursor.fetchone()
            assert row is not None
            return json.dumps(row[0])
    finally:
        await database.close()


@pytest.mark.parametrize("caller", CALLERS, ids=["public", "staff", "unit", "centre"])
@pytest.mark.parametrize("kind", ["page", "count", "antimeridian"])
def test_a_box_uses_the_spatial_index(settings: Settings, caller: Caller, kind: str) -> None:
    bbox = "105.5,10.5,-179.99,10.51" if kind == "antimeridian" else "105.5,10.5,105.51,10.51"
    query = FeatureQuery(filter=Filter(areas=parse_bbox(bbox)), limit=100)
    shape = shape_of(caller.schema, "cameras", ("name",), query)
    statement = count_statement(shape) if kind == "count" else page_statement(shape)
    values = {**filter_values(query.filter), "limit": 101, "offset": 0}
    found = asyncio.run(plan(settings, caller, statement, values))
    assert "cameras_geom_idx" in found, found
    assert "Seq Scan" not in found


@pytest.mark.parametrize("caller", CALLERS, ids=["public", "staff", "unit", "centre"])
def test_an_item_is_found_by_its_key(settings: Settings, caller: Caller) -> None:
    shape = shape_of(caller.schema, "cameras", ("name",), FeatureQuery())
    found = asyncio.run(plan(settings, caller, item_statement(shape), {"id": 5}))
    assert "cameras_pkey" in found and "Seq Scan" not in found


@pytest.mark.parametrize("caller", CALLERS, ids=["public", "staff", "unit", "centre"])
def test_a_plain_page_walks_the_key(settings: Settings, caller: Caller) -> None:
    shape = shape_of(caller.schema, "cameras", ("name",), FeatureQuery())
    found = asyncio.run(plan(settings, caller, page_statement(shape), {"limit": 11, "offset": 0}))
    assert "cameras_pkey" in found and "Seq Scan" not in found and '"Sort"' not in found


def test_of_a_usual_page_after_another_the_plan_is_kept(settings: Settings) -> None:
    shape = shape_of("pub", "cameras", ("name",), FeatureQuery(cursor=Cursor((), 0)))
    kept = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name LIKE 'diaban%'"

    async def ask() -> tuple[list[bytes | None], list[tuple[int, int]]]:
        database, seen = Database(settings), list[bytes | None]()
        await database.open()
        try:
            async with database.read(Caller.anonymous()) as connection:
                for _ in range(8):
                    after = int(seen[-1] or 0) if seen else 0
                    page = await connection.ask(plain_page(shape, 10), {"after": after})
                    seen += [page.get_value(row, 1) for row in range(page.ntuples)]
                return seen, await (await connection.execute(kept)).fetchall()
        finally:
            await database.close()

    seen, plans = asyncio.run(ask())
    assert len(set(seen)) == 80
    # Five are planned with their values, to compare.
    assert plans == [(3, 5)]
