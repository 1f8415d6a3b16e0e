"""Exports of a whole layer in bounded memory: what the server takes at its highest, in each form."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest

from tests.api.ogc_ground import put_rows

if TYPE_CHECKING:
    from geo.settings import Settings

ITEMS = "/ogc/collections/cameras/items"
FORMS = ("csv", "geojsonseq", "fgb", "gpkg", "parquet")
ROWS = 50_000
# Batches, buffers of GDAL and Arrow, and what the allocator keeps; the rows alone would be more than 60 MB.
BOUND_MB = 40

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="no /proc to measure by")


@pytest.fixture(scope="module", autouse=True)
def rows(settings: Settings) -> None:
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        put_rows(connection)
        # Straight into what the public reads: keeping it by the triggers is not what is measured.
        connection.execute(
            # And into a field that is not searched, whose trigrams would have to be indexed.
            "INSERT INTO pub.cameras (id, geom, name, owner_system, kind, status, heading_deg, updated_at)"
            " SELECT 1000000000000000 + i, ST_Point(105.7 + i * 1e-6, 10.5, 4326),"
            " i, repeat('Đồng Tháp ', 30) || i, kind, status, i / 7.0, now()"
            " FROM (SELECT kind, status FROM pub.cameras LIMIT 1) c, generate_series(1, %s) i",
            [ROWS],
        )


def worker(base: str) -> int:
    """The server's worker: it holds the listening socket; the process that started it may do so too."""
    port = urlsplit(base).port
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {
        f"socket:[{parts[9]}]"
        for parts in lines
        if parts[3] == "0A" and int(parts[1].partition(":")[2], 16) == port
    }
    holders: dict[int, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            held = {os.readlink(handle) for handle in (process / "fd").iterdir()}
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if held & listening:
            holders[int(process.name)] = parent
    assert holders, f"nobody listens on {port}"
    return next((pid for pid, parent in holders.items() if parent in holders), min(holders))


def megabytes(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(name)).split()[1]) / 1024


def drained(base: str, form: str) -> int:
    """The size of a whole export, read and thrown away."""
    size = 0
    with httpx2.stream("GET", f"{base}{ITEMS}?f={form}", timeout=200) as answer:
        assert answer.status_code == 200
        for part in answer.iter_bytes():
            size += len(part)
    return size


@pytest.mark.parametrize("form", FORMS)
def test_an_export_takes_no_more_memory_the_larger_it_is(live_server: str, form: str) -> None:
    pid = worker(live_server)
    # Libraries are loaded and pools are filled by a first, small one.
    assert httpx2.get(f"{live_server}{ITEMS}?f={form}&limit=3000", timeout=60).status_code == 200
    before = megabytes(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    size = drained(live_server, form)
    grown = megabytes(pid, "VmHWM") - before
    print(f"{form}: {size / 2**20:.1f} MB of file, {before:.0f} MB + {grown:.1f} MB")
    # Parquet says what repeats itself once.
    assert size > (2**19 if form == "parquet" else 2**23)
    assert grown < BOUND_MB, f"{form}: {grown:.1f} MB more for {size / 2**20:.1f} MB of file"


def test_a_slow_reader_does_not_make_the_server_hold_the_rest(live_server: str) -> None:
    place = urlsplit(live_server)
    pid = worker(live_server)
    before = megabytes(pid, "VmRSS")
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    with socket.create_connection((place.hostname, place.port)) as client:
        client.sendall(f"GET {ITEMS}?f=geojsonseq HTTP/1.1\r\nHost: x.vn\r\n\r\n".encode())
        assert client.recv(12) == b"HTTP/1.1 200"
        # Nothing more is read while others are answered.
        for _ in range(40):
            assert httpx2.get(f"{live_server}{ITEMS}?limit=1000", timeout=60).status_code == 200
        assert megabytes(pid, "VmHWM") - before < BOUND_MB
