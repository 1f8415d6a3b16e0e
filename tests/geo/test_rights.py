"""Who sees which row and field: the database's own answer against a reference written in Python."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from geo.database import Caller, Claims, Database
from geo.database.checks import failures

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from geo.settings import Settings

UNITS = ("29869", "29884", "29888")
ROWS = [
    (1 + i, visibility, unit)
    for i, (visibility, unit) in enumerate((v, u) for v in (0, 1, 2) for u in (*UNITS, None))
]


@pytest.fixture(scope="module")
def rows(settings: Settings) -> Iterator[psycopg.Connection]:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.cursor().executemany(
            "INSERT INTO core.farms (id, geom, name, crop, address, visibility, unit) VALUES"
            " (%s, 'SRID=4326;POINT(105.63 10.45)', 'Trại', 'xoai', 'ấp 1', %s, %s)",
            ROWS,
        )
        connection.execute(
            "INSERT INTO private.farms (id, owner_name, owner_phone)"
            " SELECT id, 'Chủ ' || id, '0' FROM core.farms"
        )
        yield connection


def reference(claims: Claims | None, visibility: int, unit: str | None) -> bool:
    """The policy in words: public rows; rows up to the clearance; rows of the caller's own units."""
    if claims is None or claims.clearance == 0:
        return visibility == 0
    return visibility <= claims.clearance or (unit is not None and unit in claims.units)


def seen(settings: Settings, caller: Caller) -> set[int]:
    async def ask() -> set[int]:
        db = Database(settings)
        await db.open()
        try:
            async with db.read(caller) as connection:
                answer = await connection.execute("SELECT id FROM farms")
                return {row[0] for row in await answer.fetchall()}
        finally:
            await db.close()

    return asyncio.run(ask())


@examples(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(clearance=st.sampled_from([0, 1, 2]), units=st.sets(st.sampled_from(UNITS)))
def test_rows_seen_are_the_rows_of_the_policy(
    settings: Settings, rows: psycopg.Connection, clearance: Literal[0, 1, 2], units: set[str]
) -> None:
    claims = Claims("someone", clearance, tuple(units))
    expected = {row_id for row_id, visibility, unit in ROWS if reference(claims, visibility, unit)}
    assert seen(settings, Caller(claims)) == expected


def test_the_public_sees_public_rows(settings: Settings, rows: psycopg.Connection) -> None:
    assert seen(settings, Caller.anonymous()) == {r for r, visibility, _ in ROWS if visibility == 0}


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("diaban_public", "SELECT 1 FROM core.farms"),
        ("diaban_public", "SELECT 1 FROM private.farms"),
        ("diaban_public", "SELECT 1 FROM ops.token"),
        ("diaban_public", "SELECT 1 FROM ops.change_log"),
        ("diaban_public", "INSERT INTO pub.farms (id) VALUES (1)"),
        ("diaban_public", "SELECT auth.token_claims('x')"),
        ("diaban_public", "SELECT public.ST_EstimatedExtent('core', 'farms', 'geom')"),
        ("diaban_public", "SELECT private.read_farms(1, 'just looking')"),
        ("diaban_reader", "SELECT 1 FROM private.farms"),
        ("diaban_reader", "SELECT public._postgis_index_extent('core.farms', 'geom')"),
        ("diaban_reader", "DELETE FROM core.farms"),
        ("diaban_reader", "SELECT auth.token_claims('x')"),
        ("diaban_writer", "SELECT 1 FROM private.farms"),
        ("diaban_writer", "SELECT 1 FROM private.access_log"),
        ("diaban_writer", "DELETE FROM ops.change_log"),
        ("diaban_writer", "CREATE TABLE public.mine (x int)"),
        ("diaban_pump", "SELECT 1 FROM core.farms"),
        ("diaban_pump", "SELECT 1 FROM private.farms"),
        ("diaban_pump", "DELETE FROM pub.farms"),  # it reads there, to count points for tiles
    ],
)
def test_a_role_may_not_more_than_its_work(settings: Settings, role: str, statement: str) -> None:
    with (
        psycopg.connect(settings.role_dsn(role), autocommit=True) as connection,
        pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)),
    ):
        connection.execute(statement)  # type: ignore[call-overload]


def as_writer(settings: Settings, claims: Claims, statement: str) -> Any:
    with psycopg.connect(settings.role_dsn("diaban_writer")) as connection:
        connection.execute("SELECT set_config('diaban.claims', %s, true)", [claims.as_setting()])
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        return cursor.fetchone() if cursor.description else cursor.rowcount


def test_writing_needs_the_centre_or_the_own_unit(settings: Settings, rows: psycopg.Connection) -> None:
    update = "UPDATE core.farms SET name = 'Trại mới' WHERE unit = '29884'"
    assert as_writer(settings, Claims("a", 0), update) == 0
    assert as_writer(settings, Claims("a", 1, ("29888",)), update) == 0
    assert as_writer(settings, Claims("a", 1, ("29884",)), update) == 3
    assert as_writer(settings, Claims("a", 2), update) == 3
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_writer(
            settings, Claims("a", 1, ("29884",)), "UPDATE core.farms SET unit = '29869' WHERE unit = '29884'"
        )


def test_personal_data_are_read_by_right_and_every_read_is_logged(
    settings: Settings, rows: psycopg.Connection
) -> None:
    question = "SELECT owner_name FROM private.read_farms(1, 'gọi lại chủ vườn')"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_writer(settings, Claims("b", 1, ("29884",)), question)
    with pytest.raises(psycopg.errors.CheckViolation):
        as_writer(settings, Claims("b", 2), "SELECT private.read_farms(1, 'x')")
    assert as_writer(settings, Claims("b", 1, ("29869",)), question) == ("Chủ 1",)
    logged = rows.execute("SELECT subject, layer, feature_id, purpose FROM private.access_log").fetchall()
    assert logged == [("b", "farms", 1, "gọi lại chủ vườn")]


def test_claims_do_not_outlive_their_transaction(settings: Settings, rows: psycopg.Connection) -> None:
    async def ask() -> list[int]:
        db = Database(settings.model_copy(update={"pool_max": 2}))
        await db.open()
        counts = []
        try:
            for clearance in (2, 1, 2, 1):
                async with db.read(Caller(Claims("c", clearance))) as connection:  # type: ignore[arg-type]
                    row = await (await connection.execute("SELECT count(*) FROM farms")).fetchone()
                    counts.append(row[0] if row else -1)
        finally:
            await db.close()
        return counts

    assert asyncio.run(ask()) == [12, 8, 12, 8]


def start_failures(settings: Settings, layers: list[str]) -> list[str]:
    async def ask() -> list[str]:
        db = Database(settings)
        await db.open()
        try:
            return await failures(db, layers)
        finally:
            await db.close()

    return asyncio.run(ask())


def test_the_start_refuses_a_database_that_lost_its_rights(
    settings: Settings, admin: psycopg.Connection
) -> None:
    layers = ["farms", "reports"]
    assert start_failures(settings, layers) == []
    flag = "ALTER FUNCTION geometry_overlaps(geometry, geometry) {} LEAKPROOF"
    admin.execute(flag.format("NOT"))
    try:
        found = start_failures(settings, layers)
        assert any("LEAKPROOF" in failure for failure in found)
        assert sum("no index condition" in failure for failure in found) == len(layers)
    finally:
        admin.execute(flag.format(""))
    admin.execute("ALTER TABLE core.farms NO FORCE ROW LEVEL SECURITY")
    try:
        assert start_failures(settings, layers) == ["tables without forced row-level security: farms"]
    finally:
        admin.execute("ALTER TABLE core.farms FORCE ROW LEVEL SECURITY")
