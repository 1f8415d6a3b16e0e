"""Open maps of staff are told of restricted rows, those of the public are not: through pump and listener."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from api import events
from api.app import create_app
from geo.database import Caller, Claims
from geo.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import psycopg
    import pytest
    from fastapi import FastAPI
    from starlette.testclient import TestClient

    from geo.settings import Settings

PUBLIC, STAFF = Caller.anonymous(), Caller(Claims("staff", 1))
BOTH = (STAFF, PUBLIC)
ADD = """
INSERT INTO core.cameras (geom, name, kind, status, visibility)
VALUES (ST_Point(%s, 10.4, 4326), 'c', 'traffic', 'online', %s)
"""
# No row while a change lies between the pump's cursor and the log's end.
STATE = """
SELECT epoch, public_epoch FROM ops.layer_state
 WHERE layer = 'cameras' AND NOT EXISTS (
   SELECT FROM ops.change_log AS log, ops.pump_cursor AS cursor
    WHERE (log.xid, log.seq) > (cursor.xid, cursor.seq))
"""
SLOWEST_S = 300.0


def listening(app: FastAPI, who: Caller) -> AsyncIterator[str]:
    async def again() -> Caller:
        return who

    return events.stream(app.state.broadcast, app.state.catalogue, who, again)


async def heard(stream: AsyncIterator[str], lon: float) -> list[dict[str, Any]]:
    """What the stream tells of cameras, up to the change that touches that longitude."""
    told: list[dict[str, Any]] = []
    while True:
        said = await asyncio.wait_for(anext(stream), SLOWEST_S)
        if "event: layer\n" in said and "cameras" in said:
            told.append(json.loads(said.partition("data: ")[2]))
            west, _, east, _ = told[-1]["bbox"] or (0.0,) * 4
            # On a busy machine two changes may be told as one.
            if west - 1e-6 <= lon <= east + 1e-6:
                return told


async def settled(app: FastAPI, admin: psycopg.Connection) -> tuple[Any, ...]:
    """Epoch and public epoch of cameras, once the pump has passed all changes and this worker knows of it."""
    async with asyncio.timeout(SLOWEST_S):
        while True:
            row = admin.execute(STATE).fetchone()
            if row is not None and row == tuple(app.state.catalogue.epoch("cameras", who) for who in BOTH):
                return row
            await asyncio.sleep(0.02)


def test_a_restricted_edit_is_told_to_staff_only(settings: Settings, admin: psycopg.Connection) -> None:
    async def run() -> None:
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            # From then on the listener knows the layer, and tells where it moves.
            admin.execute(ADD, [105.5, 0])
            before = await settled(app, admin)
            staff, public = (listening(app, who) for who in BOTH)
            for stream in (staff, public):
                assert "event: layers" in await anext(stream)
            admin.execute(ADD, [105.7, 1])
            await heard(staff, 105.7)
            # Nor does the version that the public is told count what it may not know of.
            restricted = await settled(app, admin)
            assert restricted[0] > before[0]
            assert restricted[1] == before[1]
            admin.execute(ADD, [105.9, 0])
            await heard(staff, 105.9)
            told = await heard(public, 105.9)
            assert "105.7" not in json.dumps(told)
            assert told[-1]["epoch"] == (await settled(app, admin))[1] > before[1]
            for stream in (staff, public):
                await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_the_stream_ends_with_the_token(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended() -> Caller:
        raise Unauthenticated("hết hạn", "ended")

    async def less() -> Caller:
        return PUBLIC

    async def run() -> None:
        for again in (ended, less):
            stream = events.stream(app.state.broadcast, app.state.catalogue, STAFF, again)
            assert [said async for said in stream if not said.startswith("retry")] == []

    monkeypatch.setattr(events, "HEARTBEAT_S", 0.01)
    asyncio.run(run())


def test_an_unknown_token_opens_no_stream(client: TestClient) -> None:
    answer = client.get("/api/events", headers={"Authorization": "Bearer dbn_nobody"})
    assert answer.status_code == 401
