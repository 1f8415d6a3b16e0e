"""OGC API items against tipg and pygeoapi with its stock PostgreSQL provider: one database, one run, ratios.

    ./diaban bench ogc --peers VENV [--rows 1000000] [--seconds 4]

VENV is a virtual environment outside the repository with tipg, pygeoapi, psycopg2-binary, geoalchemy2 and
uvicorn. A private cluster is made for the run. Client, servers and database share the machine, and only one
server runs at a time: read the ratios, not the absolute figures. The client does no more than it must: one
that thinks about an answer (the standard library reads headers as mail, 0.2 ms for a dozen) is measured too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import yaml
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from benchmarks import own
from benchmarks.tiling.servers import answer
from cli.cluster import temporary_cluster
from geo.migrations import upgrade
from geo.publish import publish_folders
from geo.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
LAYER = "land_use"
FILL = """
INSERT INTO core.land_use (geom, sheet_number, parcel_number, parcel, code, scheme, area_m2)
SELECT ST_Multi(ST_Buffer(ST_SetSRID(ST_MakePoint(105.2 + random(), 10 + random() * 0.8), 4326), 0.0001, 2)),
       i / 1000, i %% 1000, i / 1000 || '/' || i %% 1000, 'LUC', 'x', 100 + random() * 900
  FROM generate_series(1, %s) i
"""
# No tile is asked for here, and a ladder in the making would be measured too.
NO_LADDER = """
INSERT INTO ops.ladder (layer, zoom, kind, source_rows, tiles, p95_bytes, p95_ms, description)
SELECT name, 17, 'exact', %s, 0, 0, 0, ops.ladder_basis(description) FROM ops.layer WHERE name = 'land_use'
"""
COLUMNS = "id, geom, sheet_number, parcel_number, parcel, code, scheme, area_m2, address"
BOX = "105.6,10.4,105.62,10.42"
PORTS = {"Diaban": 8791, "tipg": 8792, "pygeoapi": 8793}
CLIENTS = 64
WHOLE_S = 120.0


def main() -> int:
    """Fill, measure each server, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with temporary_cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=cluster.admin_url, secret=own.SECRET, home=Path(folder))  # type: ignore[arg-type]
        prepare(settings, options.rows)
        for name, command, environment in servers(settings, options.peers, Path(folder)):
            with serving(command, environment, PORTS[name], name) as base:
                found[name] = measure(name, base, options)
    report(found, options.rows)
    return 0


def prepare(settings: Settings, rows: int) -> None:
    """The layers and their rows; the peers read a copy of the public projection."""
    upgrade(settings)
    publish_folders(settings)
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute(FILL, [rows])
        connection.execute(NO_LADDER, [rows])
        # pygeoapi cannot write a table with two geometries: the peers get one with a single one.
        connection.execute("CREATE SCHEMA peer")
        connection.execute(f"CREATE TABLE peer.land_use AS SELECT {COLUMNS} FROM pub.land_use")
        connection.execute("ALTER TABLE peer.land_use ADD PRIMARY KEY (id)")
        connection.execute("CREATE INDEX ON peer.land_use USING gist (geom)")
        connection.execute("VACUUM ANALYZE pub.land_use, peer.land_use")


def servers(settings: Settings, peers: Path, folder: Path) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Name, command and environment of each, one worker each."""
    yield "Diaban", own.server(PORTS["Diaban"]), own.environment(settings)
    uvicorn = [str(peers / "bin/python"), "-m", "uvicorn", "--log-level", "error"]
    url = make_url(settings.admin_dsn)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    tipg = {"DATABASE_URL": plain, "TIPG_DB_SCHEMAS": '["peer"]'}
    yield "tipg", [*uvicorn, "tipg.main:app", "--port", str(PORTS["tipg"])], tipg
    config, openapi = folder / "pygeoapi.yml", folder / "openapi.yml"
    config.write_text(yaml.safe_dump(pygeoapi_config(plain)), encoding="utf-8")
    stock = {"PYGEOAPI_CONFIG": str(config), "PYGEOAPI_OPENAPI": str(openapi)}
    generate = [
        str(peers / "bin/pygeoapi"),
        "openapi",
        "generate",
        str(config),
        "--output-file",
        str(openapi),
    ]
    subprocess.run(generate, check=True, env=os.environ | stock, capture_output=True)
    yield "pygeoapi", [*uvicorn, "pygeoapi.starlette_app:APP", "--port", str(PORTS["pygeoapi"])], stock


def pygeoapi_config(dsn: str) -> dict[str, object]:
    """The smallest configuration with the stock PostgreSQL provider."""
    url = make_url(dsn)
    words = {"title": "x", "description": "x"}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": PORTS["pygeoapi"]},
            "url": f"http://127.0.0.1:{PORTS['pygeoapi']}",
            "mimetype": "application/json",
            "encoding": "utf-8",
            "languages": ["en-US"],
            "limits": {"default_items": 10, "max_items": 10_000},
            "map": {"url": "http://127.0.0.1/", "attribution": "x"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**words, "keywords": ["x"], "terms_of_service": "x", "url": "http://x"},
            "license": {"name": "x", "url": "http://x"},
            "provider": {"name": "x", "url": "http://x"},
            "contact": {"name": "x", "url": "http://x"},
        },
        "resources": {
            LAYER: {
                "type": "collection",
                **words,
                "keywords": ["x"],
                "links": [],
                "extents": {"spatial": {"bbox": [105, 10, 107, 11]}},
                "providers": [
                    {
                        "type": "feature",
                        "name": "PostgreSQL",
                        "data": {
                            "host": url.host,
                            "port": url.port,
                            "dbname": url.database,
                            "user": url.username,
                            "password": url.password,
                            "search_path": ["peer", "public"],
                        },
                        "id_field": "id",
                        "table": LAYER,
                        "geom_field": "geom",
                    }
                ],
            }
        },
    }


@contextmanager
def serving(command: list[str], environment: dict[str, str], port: int, name: str) -> Iterator[str]:
    """Run a server until the block ends; its API's address."""
    base = f"http://127.0.0.1:{port}" + ("/ogc" if name == "Diaban" else "")
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment)
    try:
        until = time.monotonic() + 60
        while not answers(base):
            if time.monotonic() > until or process.poll() is not None:
                raise TimeoutError(f"{name} did not start")
            time.sleep(0.2)
        yield base
    finally:
        process.terminate()
        process.wait(20)


def answers(base: str) -> bool:
    """Whether the collection's items can be read."""
    collection = "peer.land_use" if ":8792" in base else LAYER
    try:
        with closing(Client(base)) as client:
            return bool(fetch(client, f"{base}/collections/{collection}/items?limit=1"))
    except (OSError, ValueError):
        return False


class Client:
    """One connection, which is kept; answers are asked for without compression."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        self._host = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=120)
        self._answer = self._socket.makefile("rb", 2**16)

    def ask(self, url: str) -> Iterator[bytes]:
        """The body, in the pieces in which it is sent; ``ValueError`` for another status than 200."""
        parts = urlsplit(url)
        asked = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {self._host}\r\n\r\n"
        self._socket.sendall(asked.encode())
        status, fields = self._answer.readline(), {}
        while (line := self._answer.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        if fields.get(b"transfer-encoding") == b"chunked":
            while size := int(self._answer.readline(), 16):
                yield self._answer.read(size)
                self._answer.readline()
            self._answer.readline()
        else:
            yield self._answer.read(int(fields.get(b"content-length", b"0")))
        if status.split()[1:2] != [b"200"]:
            raise ValueError(f"{url}: {status!r}")

    def close(self) -> None:
        """Hang up."""
        self._answer.close()
        self._socket.close()


def fetch(client: Client, url: str) -> bytes:
    """A whole body; ``ValueError`` as :meth:`Client.ask`."""
    return b"".join(client.ask(url))


def questions(name: str, items: str, rows: int) -> dict[str, str]:
    """What is asked, by the name of the case."""
    found = {
        f"limit {limit:,}": f"{items}?limit={limit}&f={form(name)}" for limit in (10, 100, 1_000, 10_000)
    }
    found["one item"] = f"{items}/{rows // 3}?f={form(name)}"
    found["deep page, by offset"] = f"{items}?limit=10&offset={rows // 2}&f={form(name)}"
    found["bbox and CQL2"] = f"{items}?limit=100&bbox={BOX}&filter=area_m2%20%3E%20900&f={form(name)}"
    return found


def form(name: str) -> str:
    """tipg names GeoJSON by itself."""
    return "geojson" if name == "tipg" else "json"


def measure(name: str, base: str, options: argparse.Namespace) -> dict[str, float]:
    """Median milliseconds of each case."""
    items = f"{base}/collections/{'peer.land_use' if name == 'tipg' else LAYER}/items"
    found: dict[str, float] = {}
    with closing(Client(base)) as client:
        for case, url in questions(name, items, options.rows).items():
            found[case] = timed(client, url, options.seconds)
        found["deep page, by next"] = timed(client, deep(client, items, name, options.rows), options.seconds)
        found["whole layer"] = whole(client, items, name, options.rows)
    median, p99 = asyncio.run(crowd(f"{items}?limit=10&f={form(name)}", options.seconds))
    found[f"{CLIENTS} clients, median"], found[f"{CLIENTS} clients, p99"] = median, p99
    return found


def whole(client: Client, items: str, name: str, rows: int) -> float:
    """Milliseconds until every row is here: as a file from Diaban, page after page from the peers.

    A peer is given :data:`WHOLE_S` seconds; what it needed beyond is not known, and the figure a lower bound.
    """
    begun, got = time.perf_counter(), 0
    if name == "Diaban":
        for part in client.ask(f"{items}?f=geojsonseq"):
            got += part.count(b"\n")
        if got != rows:
            raise ValueError(f"{got} rows of {rows}")
        return (time.perf_counter() - begun) * 1000
    while got < rows and time.perf_counter() - begun < WHOLE_S:
        page = json.loads(fetch(client, f"{items}?limit=10000&offset={got}&f={form(name)}"))
        got += len(page["features"]) or rows
    return (time.perf_counter() - begun) * 1000


def deep(client: Client, items: str, name: str, rows: int) -> str:
    """The page in the middle, as this server's own ``next`` link names it."""
    if name != "Diaban":
        return f"{items}?limit=10&offset={rows // 2}&f={form(name)}"
    page = json.loads(fetch(client, f"{items}?limit=1&offset={rows // 2}"))
    onward = next(link["href"] for link in page["links"] if link["rel"] == "next")
    return str(onward).replace("limit=1&", "limit=10&")


def timed(client: Client, url: str, seconds: float) -> float:
    """Median milliseconds, after one request to warm up; at least three are made."""
    if not json.loads(fetch(client, url)):
        raise ValueError(f"{url}: nothing")
    times: list[float] = []
    until = time.monotonic() + seconds
    while len(times) < 3 or (time.monotonic() < until and len(times) < 2_000):
        begun = time.perf_counter()
        fetch(client, url)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


async def crowd(url: str, seconds: float) -> tuple[float, float]:
    """Median and p99 milliseconds with :data:`CLIENTS` at once."""
    times: list[float] = []
    parts = urlsplit(url)
    asked = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    until = time.monotonic() + max(seconds, 5)

    async def one() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**26)
        while time.monotonic() < until:
            begun = time.perf_counter()
            writer.write(asked)
            await answer(reader, url)
            times.append((time.perf_counter() - begun) * 1000)
        writer.close()

    await asyncio.gather(*(one() for _ in range(CLIENTS)))
    cuts = statistics.quantiles(times, n=100)
    return statistics.median(times), cuts[98]


def report(found: dict[str, dict[str, float]], rows: int) -> None:
    """Milliseconds of each server and how many times Diaban's each is."""
    table = Table(title=f"OGC API items, {rows:,} parcels, one worker each: median ms (times Diaban's)")
    for column in ("case", *found):
        table.add_column(column, justify="left" if column == "case" else "right")
    for case, mine in found["Diaban"].items():
        others = [f"{times[case]:,.1f}  ({times[case] / mine:,.1f}×)" for times in list(found.values())[1:]]
        table.add_row(case, f"{mine:,.2f}", *others)
    Console(width=120).print(table)


if __name__ == "__main__":
    sys.exit(main())
