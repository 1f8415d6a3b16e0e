"""Who leaves before the answer: over a real socket, PostgreSQL stops working for them."""

from __future__ import annotations

import socket
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.api.ogc_ground import put_rows
from tests.conftest import _wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

CAMERAS = "/ogc/collections/cameras/items"
# Who waits for a table that the test holds. The text of a question is cut before its table is named.
ASKING = """SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name = 'diaban' AND wait_event_type = 'Lock'"""


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        # Waiting for a lock ends by itself after two seconds, a question after eight; here only the client's
        # leaving may end them.
        for role in ("diaban_public", "diaban_reader"):
            here = f"ALTER ROLE {role} IN DATABASE {connection.info.dbname}"
            connection.execute(f"{here} SET lock_timeout = 0")
            connection.execute(f"{here} SET statement_timeout = 0")


@contextmanager
def locked(settings: Settings, *tables: str) -> Iterator[None]:
    """Nobody can read the tables."""
    with closing(psycopg.connect(settings.admin_dsn)) as connection:
        connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        yield
        connection.rollback()


def ask(base: str, path: str, headers: str = "") -> socket.socket:
    place = urlsplit(base)
    client = socket.create_connection((place.hostname, place.port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{headers}\r\n".encode())
    return client


def asking(admin: psycopg.Connection) -> int:
    row = admin.execute(ASKING).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("question", ["limit=5", "f=html", "f=csv", "f=geojsonseq", "f=fgb", "f=parquet"])
def test_a_question_ends_when_the_client_leaves(
    settings: Settings, admin: psycopg.Connection, live_server: str, question: str
) -> None:
    with locked(settings, "pub.cameras"):
        client = ask(live_server, f"{CAMERAS}?{question}")
        _wait(lambda: asking(admin) == 1)
        client.close()
        _wait(lambda: asking(admin) == 0)


def test_staff_too(
    settings: Settings, admin: psycopg.Connection, live_server: str, staff: dict[str, str]
) -> None:
    headers = f"Authorization: {staff['Authorization']}\r\n"
    with locked(settings, "core.cameras"):
        client = ask(live_server, f"{CAMERAS}?limit=5", headers)
        _wait(lambda: asking(admin) == 1)
        client.close()
        _wait(lambda: asking(admin) == 0)


def test_who_stays_is_answered(settings: Settings, admin: psycopg.Connection, live_server: str) -> None:
    """Leaving disturbs nobody else, and the pool is whole afterwards."""
    with locked(settings, "pub.cameras"):
        stays = ask(live_server, f"{CAMERAS}?limit=3", "Connection: close\r\n")
        leavers = [ask(live_server, f"{CAMERAS}?limit={i + 4}") for i in range(6)]
        _wait(lambda: asking(admin) == 7)
        for client in leavers:
            client.close()
        _wait(lambda: asking(admin) == 1)
    stays.settimeout(60)
    answer = b""
    while part := stays.recv(65_536):
        answer += part
    assert answer.startswith(b"HTTP/1.1 200") and answer.count(b'"Feature"') == 3
    for _ in range(20):
        with closing(ask(live_server, f"{CAMERAS}?limit=1", "Connection: close\r\n")) as again:
            assert again.recv(12) == b"HTTP/1.1 200"


def test_a_download_left_in_the_middle_asks_no_more(
    settings: Settings, admin: psycopg.Connection, live_server: str
) -> None:
    admin.execute(
        # In a field that is not searched: an index of trigrams of all this takes ten seconds.
        "INSERT INTO core.cameras (geom, visibility, unit, name, owner_system, kind, status)"
        " SELECT ST_Point(105.7, 10.5, 4326), 0, '29869', i, repeat('x', 2000) || i, kind, status"
        " FROM (SELECT kind, status FROM core.cameras LIMIT 1) c, generate_series(1, 20000) i"
    )
    client = ask(live_server, f"{CAMERAS}?f=csv")
    assert client.recv(12) == b"HTTP/1.1 200"
    # 40 MB do not fit into the sockets: the server waits for this slow reader, then meets the lock.
    client.settimeout(0.01)

    def met() -> bool:
        with suppress(TimeoutError):
            client.recv(1_000_000)
        return asking(admin) == 1

    with locked(settings, "pub.cameras"):
        _wait(met)
        client.close()
        _wait(lambda: asking(admin) == 0)
        time.sleep(0.5)
        assert asking(admin) == 0
