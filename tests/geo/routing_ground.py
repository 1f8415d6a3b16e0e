"""Ways to the router for tests: by PostGIS and in memory. Not a test itself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import shapely

from geo.database import Caller, Database
from geo.routing import Question, RuleSet, decide
from geo.routing.facts import read_facts
from geo.routing.memory import Ground
from geo.types import LonLat
from geo.units import GAP_SNAP_M

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import psycopg

    from geo.routing import Decision, Near
    from geo.settings import Settings

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
NO_RULES = RuleSet(1)
UNITS = """
SELECT pub.route_facts(ST_X(p), ST_Y(p), %(day)s, %(day)s, 0, NULL, '{}'), ST_AsBinary(geom), id
  FROM (SELECT *, ST_PointOnSurface(geom) AS p FROM core.admin_units) AS u
 WHERE daterange(valid_from, valid_to) @> %(day)s::date
"""


def question(lon: float, lat: float, **more: Any) -> Question:
    return Question(LonLat(lon, lat), **{"category": "MT", "received_at": NOW, **more})


def by_postgis(settings: Settings, *questions: Question, rules: RuleSet | None = None) -> list[Decision]:
    async def ask() -> list[Decision]:
        database = Database(settings)
        await database.open()
        try:
            async with database.read(Caller.anonymous()) as connection:
                return [await decide(connection, each, rules) for each in questions]
        finally:
            await database.close()

    return asyncio.run(ask())


def ground(admin: psycopg.Connection, day: date) -> Ground:
    units, shapes = [], []
    for facts, shape, feature_id in admin.execute(UNITS, {"day": day}):
        found = [each.unit for each in read_facts(facts).candidates if each.unit.feature_id == feature_id]
        units += found
        shapes += [shapely.from_wkb(shape)] * len(found)
    return Ground(units, shapes)


def in_memory(
    memory: Ground,
    asked: Question,
    rules: RuleSet = NO_RULES,
    nearby: Mapping[str, Near] | None = None,
) -> Decision:
    from geo.routing import route

    assert asked.place is not None

    candidates = memory.candidates(asked.place, asked.accuracy_m)
    return route(
        asked.place,
        asked.accuracy_m,
        asked.category,
        asked.occurred_at,
        asked.received_at,
        rules,
        candidates,
        shares=memory.shares(asked.place, asked.accuracy_m, candidates),
        nearby=nearby,
        nearest=()
        if any(each.distance_m <= GAP_SNAP_M for each in candidates)
        else memory.nearest(asked.place),
        said=asked.said,
    )
