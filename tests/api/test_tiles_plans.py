"""The plans of the doors' own statements, as each role: a policy must not cost them the index."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import psycopg
import pytest

from api import at, search
from geo.database import Caller, Claims
from geo.types import LonLat, TileId
from layers.registry import load
from tiles.query import tile_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg.sql import Composed

    from geo.settings import Settings

DAY = date(2026, 7, 1)
CALLERS = {"pub": Caller.anonymous(), "core": Caller(Claims("x", 1, ("29869",)))}
LOGINS = {"pub": "diaban_public", "core": "diaban_reader"}
LAYERS = load()


@pytest.fixture(params=["pub", "core"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(settings: Settings, role: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.role_dsn(LOGINS[role])) as found:
        # The tables are empty: without this the planner would rightly read them whole. A policy that forbids
        # the index cannot be talked out of it by this setting.
        found.execute("SET enable_seqscan = off")
        claims = CALLERS[role].claims
        found.execute("SELECT set_config('diaban.claims', %s, true)", [claims.as_setting() if claims else ""])
        yield found


def plan(connection: psycopg.Connection, statement: Composed | bytes, values: dict[str, object]) -> str:
    text = statement if isinstance(statement, bytes) else statement.as_bytes(None)
    return "\n".join(row[0] for row in connection.execute(b"EXPLAIN " + text, values))


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("z", [5, 11, 14, 16])
def test_tiles(connection: psycopg.Connection, role: str, name: str, z: int) -> None:
    query = tile_query(LAYERS[name], role, TileId(z, 1, 1), DAY, staff=role == "core")
    found = plan(connection, query.statement, query.parameters)
    assert f"{name}_geom_3857_idx" in found and "Index Cond: (geom_3857 && " in found


@pytest.mark.parametrize("name", LAYERS)
def test_at(connection: psycopg.Connection, role: str, name: str) -> None:
    statement = at.statement(LAYERS[name], role, ["id"])
    found = plan(connection, statement, at.bindings(LonLat(105.6, 10.4), 20, DAY))
    assert f"{name}_geom_idx" in found and "Index Cond: (" in found


@pytest.mark.parametrize("name", ["admin_units", "reports"])
def test_search(connection: psycopg.Connection, role: str, name: str) -> None:
    statement = search.statement(LAYERS[name], role, ["id"], 2)
    found = plan(connection, statement, search.bindings("cao lanh", 10, DAY))
    # LIKE is not leakproof: under a policy the rows are read and tested one by one.
    assert (f"{name}_search_idx" in found) == (role == "pub")
