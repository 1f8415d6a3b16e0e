"""The one translator: what callers hear of a database error, and that it tells nothing of rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from geo.database import Caller, Claims, Database
from geo.database.errors import translated
from geo.errors import Conflict, DiabanError, Forbidden, TooCostly, Unavailable

if TYPE_CHECKING:
    from geo.settings import Settings


def ask(settings: Settings, statement: str, *, write: bool = False) -> Any:
    async def run() -> Any:
        db = Database(settings)
        await db.open()
        caller = Caller(Claims("someone", 2))
        try:
            async with db.write(caller) if write else db.read(caller) as connection:
                return await (await connection.execute(statement)).fetchall()  # type: ignore[arg-type]
        finally:
            await db.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("statement", "write", "kind"),
    [
        ("SET LOCAL statement_timeout = 20; SELECT pg_sleep(2)", False, TooCostly),
        ("SELECT 1 FROM private.reports", False, Forbidden),
        (
            "INSERT INTO core.cameras (geom, name, kind, status) SELECT 'SRID=4326;POINT EMPTY', 'x', '', ''",
            True,
            Conflict,
        ),
        (
            (
                "INSERT INTO core.cameras (id, geom, name, kind, status) OVERRIDING SYSTEM VALUE"
                " SELECT 7, 'SRID=4326;POINT(105 10)', 'secret name', 'y', 'z' FROM generate_series(1, 2)"
            ),
            True,
            Conflict,
        ),
    ],
)
def test_a_database_error_becomes_one_of_ours(
    settings: Settings, statement: str, write: bool, kind: type[DiabanError]
) -> None:
    with pytest.raises(kind) as caught:
        ask(settings, statement, write=write)
    assert caught.value.vi
    assert "secret name" not in caught.value.vi + caught.value.en
    assert "cameras" not in caught.value.vi + caught.value.en


def test_a_database_that_is_away_is_said_to_be(settings: Settings) -> None:
    away = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1:1/none"})
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Unavailable):
        patch.setattr("geo.database.pools.WAIT_S", 0.3)
        ask(away, "SELECT 1")


def test_a_full_pool_is_unavailable_and_each_error_is_a_new_one() -> None:
    caught = []
    for _ in range(2):
        with pytest.raises(Unavailable) as found, translated():
            raise PoolTimeout("full")
        caught.append(found.value)
    assert caught[0] is not caught[1]


def test_a_defect_of_ours_stays_a_defect(settings: Settings) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        ask(settings, "SELECT 1 FROM there_is_no_such_table")


def test_a_connection_that_the_server_closed_is_not_lent(
    settings: Settings, admin: psycopg.Connection
) -> None:
    async def run() -> list[Any]:
        db = Database(settings)
        await db.open()
        found = []
        try:
            for caller in (Caller.anonymous(), Caller(Claims("someone", 1))) * 2:
                async with db.read(caller) as connection:
                    found.append(await (await connection.execute("SELECT 1")).fetchone())
                admin.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        finally:
            await db.close()
        return found

    assert asyncio.run(run()) == [(1,)] * 4
