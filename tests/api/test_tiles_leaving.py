"""Who asks for a tile and leaves: its query ends when nobody waits for it any more, and not before."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING

from tests.api.test_leaving import ask, asking, locked
from tests.api.test_leaving import rows as rows  # noqa: PLC0414 - a fixture
from tests.conftest import _wait
from tiles.ground import Box, tiles_of

if TYPE_CHECKING:
    import psycopg

    from geo.settings import Settings

TILE = next(tiles_of(Box(105.63, 10.46, 105.63, 10.46), 13))
PATH = f"/tiles/cameras/{TILE.z}/{TILE.x}/{TILE.y}.mvt"


def test_the_query_ends_with_the_last_who_waits(
    settings: Settings, admin: psycopg.Connection, live_server: str
) -> None:
    with locked(settings, "pub.cameras"):
        first, second = ask(live_server, PATH), ask(live_server, PATH)
        _wait(lambda: asking(admin) == 1)
        # Answered after both, which the server has heard of by then.
        with closing(ask(live_server, "/healthz", "Connection: close\r\n")) as third:
            assert third.recv(12) == b"HTTP/1.1 200"
        first.close()
        time.sleep(0.5)
        assert asking(admin) == 1
        second.close()
        _wait(lambda: asking(admin) == 0)


def test_who_stays_gets_the_tile_that_another_had_asked_for(
    settings: Settings, admin: psycopg.Connection, live_server: str
) -> None:
    path = PATH.replace("cameras", "cameras,farms")
    with locked(settings, "pub.cameras"):
        leaves = ask(live_server, path)
        _wait(lambda: asking(admin) == 1)
        stays = ask(live_server, path, "Connection: close\r\n")
        leaves.close()
    with stays:
        stays.settimeout(60)
        assert stays.recv(15) in (b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No")
