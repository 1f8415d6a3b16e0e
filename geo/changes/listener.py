"""Every worker's listener: it follows the pump, refreshes the catalogue and tells the open maps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import structlog
from psycopg import AsyncConnection

from geo.changes.pump import CHANNEL
from geo.errors import DiabanError

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.settings import Settings

# NOTIFY is only a hint; this is the floor on which freshness stands when a hint is lost.
POLL_S = 2.0
RETRY_S = 1.0

log = structlog.get_logger()


class Broadcast:
    """Hands every change to every subscriber; a subscriber that does not read loses the oldest."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[str]] = set()

    def subscribe(self) -> asyncio.Queue[str]:
        """A queue of names of layers that moved."""
        queue: asyncio.Queue[str] = asyncio.Queue(maxsize=100)
        self._queues.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[str]) -> None:
        """Stop handing changes to ``queue``."""
        self._queues.discard(queue)

    def send(self, layer: str) -> None:
        """Tell all subscribers that ``layer`` moved."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(layer)


async def run_listener(settings: Settings, catalogue: Catalogue, broadcast: Broadcast) -> None:
    """Follow until cancelled; after a lost connection the first act is to read everything anew."""
    while True:
        try:
            async with await AsyncConnection.connect(
                settings.role_dsn("diaban_public"), autocommit=True, application_name="diaban-listener"
            ) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    for layer in sorted(await catalogue.refresh()):
                        broadcast.send(layer)
                    async for _ in connection.notifies(timeout=POLL_S, stop_after=1):
                        pass
        except (psycopg.Error, DiabanError) as error:
            log.warning("listener_lost", reason=type(error).__name__)
            await asyncio.sleep(RETRY_S)
