"""Statements known by name on a connection, and connections that are warm before anyone gets them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from geo.database import Caller, Claims, Database, Named
from geo.database.pools import WARM
from geo.errors import TooCostly, Unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from geo.database import Connection
    from geo.settings import Settings

ANONYMOUS = Caller.anonymous()
ECHO = Named(
    b"SELECT %(text)s::text, %(number)s::int + 1, %(day)s::date, %(none)s::int, 5 %% 3, %(text)s::text"
)
NAMES = "SELECT name FROM pg_prepared_statements WHERE name LIKE 'diaban%' ORDER BY prepare_time"


def lent(settings: Settings, question: Callable[[Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        database = Database(settings)
        await database.open()
        try:
            async with database.read(ANONYMOUS) as connection:
                return await question(connection)
        finally:
            await database.close()

    return asyncio.run(run())


async def names(connection: Connection) -> list[bytes]:
    return [name.encode() for (name,) in await (await connection.execute(NAMES)).fetchall()]


def test_values_arrive_as_they_are_and_the_statement_is_parsed_once(settings: Settings) -> None:
    async def question(connection: Connection) -> None:
        for text in ("Đường số 5 'x' %s", ""):
            values = {"text": text, "number": 41, "day": date(2026, 2, 28), "none": None, "other": 1}
            found = await connection.ask(ECHO, values)
            row = [found.get_value(0, column) for column in range(found.nfields)]
            assert row == [text.encode(), b"42", b"2026-02-28", None, b"2", text.encode()]
        assert await names(connection) == [ECHO.name]

    lent(settings, question)


def test_results_can_be_binary(settings: Settings) -> None:
    async def question(connection: Connection) -> Any:
        found = await connection.ask(Named(b"SELECT '\\x00ff'::bytea, 258", binary=True), {})
        return found.get_value(0, 0), found.get_value(0, 1)

    assert lent(settings, question) == (b"\x00\xff", b"\x00\x00\x01\x02")


def test_what_comes_and_goes_in_many_pieces_is_whole(settings: Settings) -> None:
    rows = Named(b"SELECT repeat(i::text, 500) FROM generate_series(10000, %(last)s::int) i")
    text = "xin chào " * 500_000  # more than a socket takes at once

    async def question(connection: Connection) -> None:
        found = await connection.ask(rows, {"last": 11_999})
        assert [found.get_value(row, 0) for row in range(found.ntuples)] == [
            b"%d" % number * 500 for number in range(10_000, 12_000)
        ]
        values = {"text": text, "number": 1, "day": None, "none": None}
        assert (await connection.ask(ECHO, values)).get_value(0, 5) == text.encode()

    lent(settings, question)


def test_a_connection_that_the_server_ends_says_so(settings: Settings, admin: psycopg.Connection) -> None:
    async def question(connection: Connection) -> None:
        asking = asyncio.create_task(connection.ask(Named(b"SELECT pg_sleep(600)"), {}))
        while connection.info.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
        admin.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
        await asking

    with pytest.raises(Unavailable):
        lent(settings, question)


def test_what_was_asked_longest_ago_makes_room(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.database.connection.NAMED_MAX", 2)
    first, second, third = (Named(b"SELECT %d" % number) for number in range(3))

    async def question(connection: Connection) -> None:
        for each in (first, second, first, third):
            await connection.ask(each, {})
        assert set(await names(connection)) == {first.name, third.name}
        assert (await connection.ask(second, {})).get_value(0, 0) == b"1"

    lent(settings, question)


def test_what_cannot_be_asked_is_raised_and_the_connection_stays_good(settings: Settings) -> None:
    divided, nothing = Named(b"SELECT 1 / %(by)s::int"), Named(b"SELECT 1 FROM there_is_none")

    async def question(connection: Connection) -> None:
        with pytest.raises(psycopg.errors.DivisionByZero):
            await connection.ask(divided, {"by": 0})
        with pytest.raises(psycopg.errors.UndefinedTable):
            await connection.ask(nothing, {})
        with pytest.raises(psycopg.DataError, match="NUL"):
            await connection.ask(ECHO, {"text": "a\x00b", "number": 1, "day": None, "none": None})
        assert (await connection.ask(divided, {"by": 1})).get_value(0, 0) == b"1"

    lent(settings, question)


def test_one_that_takes_too_long_is_too_costly(settings: Settings) -> None:
    async def question(connection: Connection) -> None:
        await connection.execute("SET statement_timeout = 50")
        await connection.ask(Named(b"SELECT pg_sleep(60)"), {})

    with pytest.raises(TooCostly):
        lent(settings, question)


def test_who_is_cancelled_leaves_no_statement_behind(settings: Settings) -> None:
    async def question(connection: Connection) -> None:
        asking = asyncio.create_task(connection.ask(Named(b"SELECT pg_sleep(600)"), {}))
        while connection.info.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (await connection.ask(Named(b"SELECT 1"), {})).get_value(0, 0) == b"1"

    lent(settings, question)


def test_statements_outlive_a_rollback_after_which_psycopg_deallocates_all(settings: Settings) -> None:
    number = Named(b"SELECT 7")

    async def run() -> list[bytes | None]:
        # Of the public's connections only one is there from the start: it is lent each time.
        database, found = Database(settings.model_copy(update={"pool_max": 2})), list[bytes | None]()
        await database.open()
        try:
            for caller in (ANONYMOUS, Caller(Claims("someone", 1))):
                for _ in range(2):
                    with suppress(RuntimeError):
                        async with database.read(caller) as connection:
                            found.append((await connection.ask(number, {})).get_value(0, 0))
                            async with connection.transaction():
                                await connection.execute("SELECT 1", prepare=True)
                                raise RuntimeError
                    async with database.read(caller) as connection:
                        found.append((await connection.ask(number, {})).get_value(0, 0))
        finally:
            await database.close()
        return found

    assert asyncio.run(run()) == [b"7"] * 8


def test_connections_are_warm_before_they_are_lent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geo.database.pools.WARM", f"{WARM}; SELECT set_config('diaban.warm', 'yes', false)")

    async def question(connection: Connection) -> Any:
        return await (await connection.execute("SELECT current_setting('diaban.warm', true)")).fetchone()

    assert lent(settings, question) == ("yes",)


def test_a_database_that_is_yet_to_be_migrated_is_answered_too(settings: Settings) -> None:
    bare = make_url(settings.database_url).set(database="postgres").render_as_string(hide_password=False)

    async def question(connection: Connection) -> Any:
        with pytest.raises(psycopg.errors.UndefinedFunction):
            await connection.execute(WARM)
        return (await connection.ask(Named(b"SELECT 1"), {})).get_value(0, 0)

    assert lent(settings.model_copy(update={"database_url": bare}), question) == b"1"


def test_half_of_the_public_s_connections_are_there_before_anyone_asks(
    settings: Settings, admin: psycopg.Connection
) -> None:
    there = """SELECT count(*) FROM pg_stat_activity
                WHERE usename = 'diaban_public' AND datname = current_database()"""

    async def run() -> None:
        database = Database(settings)
        await database.open()
        try:
            async with asyncio.timeout(300):
                while admin.execute(there).fetchone() != (settings.pool_max // 2,):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            await database.close()

    asyncio.run(run())
