"""No door loses its spatial index, for the public or under policies (docs/adr/0001).

The doors' own statements are recorded while they answer, then explained as the role that ran them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import AsyncCursor, sql

from geo.database import Connection, Named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from geo.settings import Settings

CLAIMS = '{"sub":"staff@test","clearance":1,"units":[]}'
FILL = (
    (
        "INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9, visibility)"
        " SELECT ST_SetSRID(ST_MakePoint(105.2 + random(), 10.0 + random()), 4326), 'DT-' || i, 'GT',"
        " 'new', 'web', now(), '8965a6b0003ffff', i % 2 FROM generate_series(1, 20000) i"
    ),
    (
        "INSERT INTO core.zoning (geom, plot_code, function_code, status, valid_from)"
        " SELECT ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(105.2 + random(), 10.0 + random()), 4326),"
        " 0.0005)), 'L' || i, 'dat_o', 'in_force', DATE '2020-01-01' FROM generate_series(1, 20000) i"
    ),
    (
        "INSERT INTO core.admin_units"
        " (geom, unit_id, code, name, kind, level, province_code, valid_from)"
        " SELECT ST_Multi(ST_MakeEnvelope(105.2 + i / 60.0, 10 + j / 60.0, 105.2 + (i + 1) / 60.0,"
        " 10 + (j + 1) / 60.0, 4326)), i || '-' || j,"
        " (20000 + i * 60 + j)::text, 'Xã', 'xa', 3, '82', DATE '2025-07-01'"
        " FROM generate_series(0, 59) i, generate_series(0, 59) j"
    ),
)
# /api/hotspots asks no spatial question: it counts whole cells by their stored key.
DOORS = [
    "/tiles/reports/14/12984/7723.mvt",
    "/tiles/zoning/14/12984/7723.mvt",
    "/tiles/reports,zoning/15/25969/15447.mvt",
    "/api/at?lon=105.3&lat=10.2&tolerance_m=20&layers=reports,zoning",
    "/ogc/collections/reports/items?f=json&bbox=105.3,10.2,105.31,10.21",
    "/ogc/collections/zoning/items?f=json&bbox=105.3,10.2,105.31,10.21&limit=5",
    "/ogc/collections/zoning/items?f=json&bbox=105.3,10.2,105.31,10.21&datetime=2024-01-01",
]


@dataclass(frozen=True)
class Asked:
    role: str
    text: str
    values: Any
    named: bool = False


@pytest.fixture(scope="module")
def filled(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        for statement in FILL:
            connection.execute(statement)
        connection.execute("ANALYZE")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Asked]]:
    record: list[Asked] = []
    execute = AsyncCursor.execute

    async def recording(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        text = query.as_string(self.connection) if isinstance(query, sql.Composable) else query
        text = text.decode() if isinstance(text, bytes) else text
        record.append(Asked(self.connection.info.user, text, params))
        return await execute(self, query, params, **more)

    ask = Connection.ask

    async def recording_named(self: Connection, statement: Named, values: Any) -> Any:
        bound = [values[name] for name in statement.values]
        record.append(Asked(self.info.user, statement.text.decode(), bound, named=True))
        return await ask(self, statement, values)

    monkeypatch.setattr(AsyncCursor, "execute", recording)
    monkeypatch.setattr(Connection, "ask", recording_named)
    yield record


def plans(settings: Settings, question: Asked) -> Iterator[str]:
    """How PostgreSQL answers; what is known by name also when it does not look at the values any more."""
    with psycopg.connect(settings.role_dsn(question.role)) as connection:
        connection.execute("SELECT set_config('diaban.claims', %s, true)", [CLAIMS])
        if not question.named:
            yield explained(connection, question.text, question.values)
            return
        connection.execute(f"PREPARE asked AS {question.text}".encode())
        values = sql.SQL(", ").join(map(sql.Literal, question.values))
        for mode in ("force_custom_plan", "force_generic_plan"):
            connection.execute("SELECT set_config('plan_cache_mode', %s, true)", [mode])
            yield explained(connection, sql.SQL("EXECUTE asked ({})").format(values).as_string(connection))


def explained(connection: psycopg.Connection, text: str, values: Any = None) -> str:
    lines = connection.execute(f"EXPLAIN {text}".encode(), values).fetchall()
    return "\n".join(line for (line,) in lines)


@pytest.mark.parametrize("signed_in", [False, True], ids=["public", "staff"])
@pytest.mark.parametrize("door", DOORS)
def test_a_spatial_question_uses_the_index(
    door: str,
    signed_in: bool,
    client: TestClient,
    settings: Settings,
    staff: dict[str, str],
    filled: None,
    asked: list[Asked],
) -> None:
    answer = client.get(door, headers=staff if signed_in else {})
    assert answer.status_code in (200, 204), answer.text
    spatial = [question for question in asked if "&&" in question.text]
    assert spatial, "the door asked no spatial question: the recording is broken"
    for question in spatial:
        for plan in plans(settings, question):
            assert "Seq Scan on reports" not in plan, plan
            assert "Seq Scan on zoning" not in plan, plan


def test_the_test_notices_a_lost_flag(settings: Settings, filled: None, admin: psycopg.Connection) -> None:
    question = Asked(
        "diaban_reader",
        "SELECT id FROM reports WHERE geom && ST_MakeEnvelope(105.3, 10.2, 105.31, 10.21, 4326)",
        None,
    )
    assert "Index" in "\n".join(plans(settings, question))
    admin.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
    try:
        assert "Seq Scan on reports" in "\n".join(plans(settings, question))
    finally:
        admin.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF")


def test_the_lookup_of_units_uses_the_index_of_their_parts(filled: None, admin: psycopg.Connection) -> None:
    """The question stands inside a function, where EXPLAIN does not look; auto_explain does."""
    notices: list[str] = []
    admin.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
    admin.execute("LOAD 'auto_explain'")
    for setting in ("auto_explain.log_min_duration = 0", "auto_explain.log_nested_statements = on"):
        admin.execute(f"SET {setting}")
    admin.execute("SET client_min_messages = log")
    found = admin.execute("SELECT * FROM pub.units_near(105.305, 10.205, DATE '2026-01-01', 20)").fetchall()
    assert len(found) == 1
    nested = [notice for notice in notices if "admin_part" in notice]
    assert nested, "auto_explain said nothing"
    assert any("Scan using admin_part_place" in n or "Scan on admin_part_place" in n for n in nested)
    assert not any("Seq Scan on admin_part" in notice for notice in nested)
