"""Waiting until what was committed is what the applications know: for tests that look at what comes after."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import psycopg

from geo.changes.pump import Beat, beat

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fastapi import FastAPI

    from geo.settings import Settings

UNREAD = """
SELECT EXISTS (SELECT FROM ops.change_log AS log, ops.pump_cursor AS cursor
                WHERE (log.xid, log.seq) > (cursor.xid, cursor.seq))
"""
# Of a change whose number is not below all that are at work: in any database of the cluster, for a moment
# in which statistics are gathered.
ABOVE_THE_HORIZON = """
SELECT EXISTS (SELECT FROM ops.change_log WHERE xid >= pg_snapshot_xmin(pg_current_snapshot()))
"""
# Only against hanging.
SLOWEST_S = 300.0


def caught_up(admin: psycopg.Connection, *apps: FastAPI) -> bool:
    """Whether the pump has read all of the log, and each application has acknowledged what it made of it."""
    unread = admin.execute(UNREAD).fetchone()
    epochs: dict[str, int] = dict(admin.execute("SELECT layer, epoch FROM ops.layer_state").fetchall())
    return unread == (False,) and all(app.state.catalogue.epochs == epochs for app in apps)


def served(admin: psycopg.Connection, url: str) -> bool:
    """The same of an application in another process, by what it tells open maps of public changes."""
    unread = admin.execute(UNREAD).fetchone()
    epochs = dict(admin.execute("SELECT layer, public_epoch FROM ops.layer_state").fetchall())
    with urllib.request.urlopen(f"{url}/api/events", timeout=60) as stream:
        told = next(line for line in stream if line.startswith(b"data: "))
    known: dict[str, int] = json.loads(told.removeprefix(b"data: "))
    return unread == (False,) and all(known[layer] == epoch for layer, epoch in epochs.items())


def as_pump[T](
    settings: Settings, work: Callable[[psycopg.AsyncConnection[tuple[Any, ...]]], Awaitable[T]]
) -> T:
    """What work gives that is done with a connection of the pump's role, each statement for itself."""

    async def once() -> T:
        dsn = settings.role_dsn("diaban_pump")
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            return await work(connection)

    return asyncio.run(once())


def pump(settings: Settings) -> Beat:
    """One beat of the pump, which reads what is below the horizon at this moment."""
    return as_pump(settings, beat)


def pumped(settings: Settings) -> Beat:
    """One beat of the pump that reads all that is committed."""
    until = time.monotonic() + SLOWEST_S
    with psycopg.connect(settings.admin_dsn, autocommit=True) as admin:
        while admin.execute(ABOVE_THE_HORIZON).fetchone() != (False,):
            assert time.monotonic() < until, "a transaction does not end"
            time.sleep(0.01)
    return pump(settings)
