"""Features read from the database: pages, the bound of the count, extents."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from geo.database import Caller, Database
from geo.errors import NotFound
from geo.features import COUNT_LIMIT, Crowds, FeatureQuery, parse_crs, read_extent, read_item, read_page
from layers.registry import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from geo.settings import Settings

CAMERAS = load()["cameras"]
ANONYMOUS = Caller.anonymous()


def ask(settings: Settings, question: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        database = Database(settings)
        await database.open()
        try:
            return await question(database)
        finally:
            await database.close()

    return asyncio.run(run())


def put(settings: Settings, count: int) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("DELETE FROM core.cameras")
        connection.execute(
            "INSERT INTO core.cameras (geom, name, kind, status)"
            " SELECT ST_SetSRID(ST_MakePoint(105 + i * 1e-5, 10.12345678901), 4326), 'C' || i, 'x', 'x'"
            " FROM generate_series(1, %s) i",
            [count],
        )


@pytest.mark.parametrize("count", [0, 1, COUNT_LIMIT, COUNT_LIMIT + 1])
def test_the_count_is_exact_up_to_its_bound_and_absent_above(settings: Settings, count: int) -> None:
    put(settings, count)
    page = ask(settings, lambda database: read_page(database, ANONYMOUS, CAMERAS, FeatureQuery(limit=1)))
    assert page.matched == (count if count <= COUNT_LIMIT else None)
    assert (len(page.features), page.more) == (min(count, 1), count > 1)


def test_what_is_known_to_be_many_is_not_counted_again(settings: Settings) -> None:
    crowds = Crowds()
    key = crowds.key(CAMERAS, ANONYMOUS, FeatureQuery().filter)
    for count, known in ((5, False), (COUNT_LIMIT + 1, True)):
        put(settings, count)
        assert not crowds.known(key)
        page = ask(settings, lambda database: read_page(database, ANONYMOUS, CAMERAS, FeatureQuery(limit=1)))
        crowds.learn(key, page)
        assert crowds.known(key) is known
    query = FeatureQuery(limit=1)
    page = ask(settings, lambda database: read_page(database, ANONYMOUS, CAMERAS, query, count=False))
    assert (page.matched, page.more) == (None, True)


def test_a_page_past_the_end_still_counts(settings: Settings) -> None:
    put(settings, 5)
    page = ask(settings, lambda database: read_page(database, ANONYMOUS, CAMERAS, FeatureQuery(offset=50)))
    assert (page.features, page.matched, page.more) == ((), 5, False)


def test_an_item_in_metres_and_one_that_is_not_there(settings: Settings) -> None:
    put(settings, 1)
    page = ask(settings, lambda database: read_page(database, ANONYMOUS, CAMERAS, FeatureQuery()))
    feature = json.loads(page.features[0])
    assert feature["geometry"]["coordinates"] == [105.00001, 10.1234568]
    crs = parse_crs("crs", "http://www.opengis.net/def/crs/EPSG/0/3857")
    identifier = str(feature["id"])
    metres = ask(settings, lambda database: read_item(database, ANONYMOUS, CAMERAS, identifier, crs))
    assert json.loads(metres)["geometry"]["coordinates"][0] == pytest.approx(
        105.00001 * 111319.49079, abs=0.01
    )
    with pytest.raises(NotFound):
        ask(settings, lambda database: read_item(database, ANONYMOUS, CAMERAS, "0"))


def test_an_extent_is_read_and_absent_for_an_empty_layer(settings: Settings) -> None:
    put(settings, 0)
    assert ask(settings, lambda database: read_extent(database, CAMERAS)).bbox is None
    put(settings, 3)
    extent = ask(settings, lambda database: read_extent(database, CAMERAS))
    assert extent.bbox == pytest.approx((105.00001, 10.12345678901, 105.00003, 10.12345678901))
