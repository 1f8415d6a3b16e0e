"""Every worker's listener: it follows the pump, refreshes the catalogue and tells the open maps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import structlog
from psycopg import AsyncConnection

from geo.changes.moved import EVERYTHING, Moved, read_moved
from geo.changes.pump import CHANNEL
from geo.errors import DiabanError

if TYPE_CHECKING:
    from collections.abc import Callable

    from geo.catalogue import Catalogue
    from geo.settings import Settings

# NOTIFY is only a hint; this is the floor on which freshness stands when a hint is lost.
POLL_S = 2.0
RETRY_S = 1.0

log = structlog.get_logger()


class Broadcast:
    """Hands every change to every subscriber; one that does not read is told less exactly, never less."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Moved]] = set()
        self._first: list[Callable[[Moved], None]] = []

    def attach(self, purge: Callable[[Moved], None]) -> None:
        """Call ``purge`` with every change before any subscriber hears of it: caches come first."""
        self._first.append(purge)

    def subscribe(self) -> asyncio.Queue[Moved]:
        """A queue of layers that moved."""
        queue: asyncio.Queue[Moved] = asyncio.Queue(maxsize=100)
        self._queues.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[Moved]) -> None:
        """Stop handing changes to ``queue``."""
        self._queues.discard(queue)

    def send(self, moved: Moved) -> None:
        """Purge what is attached, then tell all subscribers."""
        for purge in self._first:
            purge(moved)
        for queue in self._queues:
            if queue.full():
                waiting = {queue.get_nowait().layer for _ in range(queue.qsize())}
                for layer in waiting | {moved.layer}:
                    queue.put_nowait(Moved(layer, (EVERYTHING,)))
            else:
                queue.put_nowait(moved)


async def run_listener(settings: Settings, catalogue: Catalogue, broadcast: Broadcast) -> None:
    """Follow until cancelled; after a lost connection the first act is to read what was missed."""
    told: dict[str, int] = {}  # epochs whose ground was handed on; survives a lost connection

    async def hand_on(epochs: dict[str, int]) -> None:
        new = {name: epoch for name, epoch in epochs.items() if told.get(name) != epoch}
        for moved in await read_moved(connection, told, new) if new else ():
            broadcast.send(moved)
        told.update(new)

    while True:
        try:
            async with await AsyncConnection.connect(
                settings.role_dsn("diaban_reader"), autocommit=True, application_name="diaban-listener"
            ) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    # Caches forget first: a lost connection in between leaves nothing acknowledged.
                    await catalogue.refresh(hand_on)
                    async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                        pass
        except (psycopg.Error, DiabanError) as error:
            log.warning("listener_lost", reason=type(error).__name__)
            await asyncio.sleep(RETRY_S)
