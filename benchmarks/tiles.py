"""Vector tiles against Martin and tipg, and a pyramid against tippecanoe: one database, one run, ratios.

    ./diaban bench tiles --martin FILE --peers VENV [--rows 1000000] [--points 1000000] [--keep FOLDER]
                         [--from-zoom 7] [--pyramid]

FILE is Martin's program, VENV a virtual environment outside the repository with tipg, uvicorn and
tippecanoe; a peer that is not given is left out. A private cluster is made for the run; that in FOLDER is
kept with its rows, and used again. The peers read
tables in EPSG:3857 with an index, which suits them best. Each server has one worker, runs alone, and is asked
first for tiles that nobody asked for before (uncached), then for a planner's session a second time (cached).
Client, server and database share the machine: read the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url

from benchmarks.tile_session import VIEWS, tiles_of_view
from cli.cluster import Cluster, temporary_cluster
from geo.calendar import today_ict
from geo.migrations import upgrade
from geo.publish import publish_folders
from geo.settings import Settings
from geo.types import TileId
from tiles.ground import Box, tiles_of
from tiles.ladder.ahead import basis
from tiles.ladder.keeper import layer_of
from tiles.ladder.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SECRET = "only-for-benchmarks-0123456789"
PROVINCE = Box(105.2, 10.0, 106.1, 10.75)
# Plots of a grid whose corners and edges are shaken, so that neighbours share crooked edges.
PLOTS = """
WITH shaken AS (
  SELECT i, j, kind,
         105.2 + 0.9 / {side} * (i + CASE kind WHEN 1 THEN 0.5 ELSE 0 END
                                 + 0.3 * (ops_noise(i * 3 + kind, j) - 0.5)) AS x,
         10 + 0.75 / {side} * (j + CASE kind WHEN 2 THEN 0.5 ELSE 0 END
                               + 0.3 * (ops_noise(j * 3 + kind, i + 7) - 0.5)) AS y
    FROM generate_series(0, {side}) AS i, generate_series(0, {side}) AS j, generate_series(0, 2) AS kind
), corner AS MATERIALIZED (
  SELECT i, j, max(x) FILTER (WHERE kind = 0) AS x, max(y) FILTER (WHERE kind = 0) AS y,
         max(x) FILTER (WHERE kind = 1) AS ex, max(y) FILTER (WHERE kind = 1) AS ey,
         max(x) FILTER (WHERE kind = 2) AS nx, max(y) FILTER (WHERE kind = 2) AS ny
    FROM shaken GROUP BY i, j
)
INSERT INTO core.land_use (geom, sheet_number, parcel_number, parcel, code, scheme, area_m2)
SELECT ST_Multi(ST_SetSRID(ST_MakePolygon(ST_MakeLine(ARRAY[
         ST_MakePoint(a.x, a.y), ST_MakePoint(a.ex, a.ey), ST_MakePoint(b.x, b.y), ST_MakePoint(b.nx, b.ny),
         ST_MakePoint(c.x, c.y), ST_MakePoint(d.ex, d.ey), ST_MakePoint(d.x, d.y), ST_MakePoint(a.nx, a.ny),
         ST_MakePoint(a.x, a.y)])), 4326)),
       a.i, a.j, a.i || '/' || a.j,
       (ARRAY['LUC','ODT','CLN','DGT','NTS','ONT','HNK','SON'])
         [1 + floor(8 * ops_noise(a.i / 12, a.j / 12))::int],
       'TT08/2024', 8000
  FROM corner AS a JOIN corner AS b ON (b.i, b.j) = (a.i + 1, a.j)
       JOIN corner AS c ON (c.i, c.j) = (a.i + 1, a.j + 1) JOIN corner AS d ON (d.i, d.j) = (a.i, a.j + 1)
"""
NOISE = """
CREATE FUNCTION ops_noise(a bigint, b bigint) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT abs(hashint8(a * 1000003 + b)::double precision) / 2147483648 $$
"""
POINTS = """
INSERT INTO core.reports (geom, code, category, status, channel, received_at, h3_9)
SELECT ST_Point(105.2 + 0.9 * least(0.999, abs(random() + random() - 1) + 0.3 * random()),
                10 + 0.75 * random(), 4326),
       'B-' || n, (ARRAY['MT','GT','DVT','XD'])[1 + n %% 4], 'received', 'app', now(), 'x'
  FROM generate_series(1, %s) AS n
"""
# As every report has one that came by a door; else the server would place a million of them meanwhile.
DECISIONS = """
INSERT INTO core.route_decision (report_id, as_of, confidence, candidates, boundaries, rule, rule_version,
                                 reason_vi, reason_en, actor)
SELECT id, received_at::date, 'outside', '[]', '{}', 'ward-default', 1, '-', '-', 'benchmark'
  FROM core.reports
"""
PEER = """
CREATE SCHEMA peer;
CREATE TABLE peer.land_use AS
  SELECT id::int AS id, code, parcel, area_m2, geom_3857::geometry(MultiPolygon, 3857) AS geom
    FROM pub.land_use;
CREATE TABLE peer.reports AS
  SELECT id, code, category, status, received_at, geom_3857::geometry(Point, 3857) AS geom FROM pub.reports;
CREATE INDEX ON peer.land_use USING gist (geom);
CREATE INDEX ON peer.reports USING gist (geom);
ALTER TABLE peer.land_use ADD PRIMARY KEY (id);
ALTER TABLE peer.reports ADD PRIMARY KEY (id);
"""
BEHIND = """
SELECT (SELECT count(*) FROM ops.rung_cell WHERE stale)
     + (SELECT count(*) FROM ops.tile_ahead WHERE stale OR basis <> ALL (%s))
"""
# Each from the first zoom at which it is drawn.
LAYERS = {"land_use": 8, "reports": 7}
LAST_ZOOM, WARM_ZOOM = 16, 14
QUIET_S = 20
SAMPLE = 24
PORTS = {"Diaban": 8781, "Martin": 8782, "tipg": 8783}
PATHS = {
    "Diaban": "/tiles/{layer}/{z}/{x}/{y}.mvt",
    "Martin": "/{layer}/{z}/{x}/{y}",
    "tipg": "/collections/peer.{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}",
}
READY = {"Diaban": "/readyz", "Martin": "/health", "tipg": "/healthz"}
Answers = dict[tuple[str, int], list[tuple[float, int]]]


def main() -> int:
    """Fill, measure each server, print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--martin", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--from-zoom", type=int, default=7, help="a peer draws a tile of zoom 8 for a minute")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="of a cluster that is used again")
    parser.add_argument("--pyramid", action="store_true", help="z0-z14 of the plots, against tippecanoe")
    options = parser.parse_args()
    found: dict[str, dict[str, tuple[float, Answers]]] = {}
    with running(options.keep) as cluster, tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=cluster.admin_url, secret=SECRET, home=Path(folder))
        if not is_filled(settings):
            prepare(settings, options.rows, options.points)
        sample, session = asked(options.from_zoom)
        for name, command, environment in servers(settings, options, Path(folder)):
            with serving(name, command, environment):
                if name == "Diaban":
                    timed("the ladder after the insert was noticed", lambda: settle(settings))
                asyncio.run(ask(name, others(sample), options.connections))
                measured = {"uncached": asyncio.run(ask(name, sample, options.connections))}
                asyncio.run(ask(name, session, options.connections))
                measured["cached session"] = asyncio.run(ask(name, session, options.connections))
                found[name] = measured
        for case in ("uncached", "cached session"):
            show(case, {name: measured[case] for name, measured in found.items()})
        if options.pyramid:
            pyramid(settings, options, Path(folder))
    return 0


@contextmanager
def running(folder: Path | None) -> Iterator[Cluster]:
    """The cluster of the folder, stopped at the end; without a folder one that is gone at the end."""
    if folder is None:
        with temporary_cluster() as cluster:
            yield cluster
        return
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # its server runs under an account of its own
    cluster = Cluster(folder, durable=False)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


def is_filled(settings: Settings) -> bool:
    """Whether a run before this one has filled the database."""
    with psycopg.connect(settings.admin_dsn) as connection:
        row = connection.execute("SELECT obj_description(to_regnamespace('peer'), 'pg_namespace')").fetchone()
    return row is not None and row[0] is not None


def prepare(settings: Settings, rows: int, points: int) -> None:
    """The layers, their rows and ladders; the peers' tables are copies of the public projection."""
    upgrade(settings)
    publish_folders(settings)
    side = round(rows**0.5)
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute(NOISE)
        timed("plots", lambda: connection.execute(PLOTS.format(side=side)))
        timed("points", lambda: connection.execute(POINTS, [points]))
        connection.execute(DECISIONS)
        connection.execute("VACUUM ANALYZE")
        for statement in PEER.strip().split(";")[:-1]:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")
    for name in LAYERS:
        with psycopg.connect(settings.role_dsn("diaban_pump"), autocommit=True) as connection:
            layer = layer_of(connection, name)
            timed(
                f"ladder of {name}",
                lambda: make_plan(connection, layer, today_ict(), lambda _: None),  # noqa: B023
            )
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        connection.execute("COMMENT ON SCHEMA peer IS 'filled'")


def settle(settings: Settings) -> None:
    """Wait until what was inserted before the server ran is told, rungs are built and tiles drawn ahead.

    Else our own keepers work beside our server, at its start and for minutes; a peer has the machine alone.
    """
    quiet = 0
    with psycopg.connect(settings.admin_dsn, autocommit=True) as connection:
        drawings = [basis(layer_of(connection, name)) for name in LAYERS]
        while quiet < QUIET_S:
            time.sleep(1)
            (behind,) = connection.execute(BEHIND, [drawings]).fetchone() or (1,)
            quiet = 0 if behind else quiet + 1


def timed(what: str, work: Any) -> None:  # noqa: ANN401
    """Do it and say how long it took."""
    begun = time.monotonic()
    work()
    print(f"{what}: {time.monotonic() - begun:.1f} s", flush=True)


def asked(first_zoom: int) -> tuple[list[tuple[str, TileId]], list[tuple[str, TileId]]]:
    """A uniform sample of tiles at each zoom, and a planner's session; the same for all servers."""
    pick = random.Random(20250701)
    sample: list[tuple[str, TileId]] = []
    for zoom in range(first_zoom, LAST_ZOOM + 1):
        tiles = list(tiles_of(PROVINCE, zoom))
        chosen = tiles if len(tiles) <= SAMPLE else pick.sample(tiles, SAMPLE)
        sample += [(layer, tile) for layer, first in LAYERS.items() if zoom >= first for tile in chosen]
    places = [TileId(*place) for view in VIEWS for place in tiles_of_view(*view)]
    return sample, [
        (layer, place)
        for place in places
        for layer, first in LAYERS.items()
        if place.z >= max(first, first_zoom)
    ]


def others(sample: list[tuple[str, TileId]]) -> list[tuple[str, TileId]]:
    """As many tiles again of the zooms that no server draws for long: connections are open then and warm.

    A new server process of the database takes 50 ms to load PostGIS and to plan: that is a start, not a tile.
    """
    pick, taken = random.Random(1), set(sample)
    found = [(layer, tile) for layer, tile in sample if tile.z >= WARM_ZOOM]
    tiles = {zoom: list(tiles_of(PROVINCE, zoom)) for zoom in {tile.z for _, tile in found}}
    asked = ((layer, pick.choice(tiles[tile.z])) for layer, tile in found)
    return [each for each in asked if each not in taken]


def servers(
    settings: Settings, options: argparse.Namespace, folder: Path
) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """Name, command and environment of each that is there."""
    own = {
        "DIABAN_DATABASE_URL": settings.database_url,
        "DIABAN_SECRET": SECRET,
        "DIABAN_HOME": str(folder),
        "DIABAN_LOG_LEVEL": "ERROR",
    }
    granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app"]
    yield "Diaban", [*granian, "--workers", "1", "--port", str(PORTS["Diaban"])], own
    plain = make_url(settings.admin_dsn).set(drivername="postgresql").render_as_string(hide_password=False)
    if options.martin:
        config = folder / "martin.yaml"
        config.write_text(
            f"listen_addresses: '127.0.0.1:{PORTS['Martin']}'\nworker_processes: 1\n"
            f"cache:\n  size_mb: 1024\n"
            f"postgres:\n  connection_string: '{plain}'\n  auto_publish:\n    from_schemas: peer\n",
            encoding="utf-8",
        )
        yield "Martin", [str(options.martin), "--config", str(config)], {"RUST_LOG": "error"}
    if options.peers:
        uvicorn = [str(options.peers / "bin/python"), "-m", "uvicorn", "--log-level", "error"]
        tipg = {"DATABASE_URL": plain, "TIPG_DB_SCHEMAS": '["peer"]', "TIPG_MAX_FEATURES_PER_TILE": "1000000"}
        yield "tipg", [*uvicorn, "tipg.main:app", "--port", str(PORTS["tipg"])], tipg


@contextmanager
def serving(name: str, command: list[str], environment: dict[str, str]) -> Iterator[None]:
    """Run a server until the block ends."""
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while asyncio.run(status(name, READY[name])) != 200:
            if time.monotonic() > until or process.poll() is not None:
                raise TimeoutError(f"{name} did not start")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait(20)


async def status(name: str, path: str) -> int:
    """Of one answer; 0 where nobody listens."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORTS[name])
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        line = await reader.readline()
        writer.close()
        return int(line.split()[1])
    except (OSError, IndexError):
        return 0


async def ask(name: str, wanted: list[tuple[str, TileId]], connections: int) -> tuple[float, Answers]:
    """Seconds of the whole; seconds and bytes of each answer by layer and zoom. Several at a time."""
    queue = iter(wanted)
    answers: Answers = {}

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORTS[name], limit=2**26)
        for layer, tile in queue:
            path = PATHS[name].format(layer=layer, z=tile.z, x=tile.x, y=tile.y)
            begun = time.perf_counter()
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
            size = await answer(reader, path)
            answers.setdefault((layer, tile.z), []).append((time.perf_counter() - begun, size))
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return time.perf_counter() - begun, answers


async def answer(reader: asyncio.StreamReader, path: str) -> int:
    """Bytes of the body of one answer, which must be a tile or none."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    code = int(head[0].split()[1])
    if code not in (200, 204):
        raise ValueError(f"{path}: {head[0]}")
    fields = dict(line.split(": ", 1) for line in head[1:] if ": " in line)
    if "chunked" in fields.get("transfer-encoding", ""):
        size = 0
        while length := int((await reader.readline()).strip() or b"0", 16):
            await reader.readexactly(length + 2)
            size += length
        await reader.readline()
        return size
    size = int(fields.get("content-length", "0"))
    await reader.readexactly(size)
    return size


def show(case: str, found: dict[str, tuple[float, Answers]]) -> None:
    """Median and p99 ms and mean kB by layer and zoom, and each peer's as multiples of ours."""
    rates = ", ".join(
        f"{name} {sum(map(len, answers.values())) / seconds:,.0f}/s"
        for name, (seconds, answers) in found.items()
    )
    table = Table(title=f"{case}: {rates}")
    for heading in ("layer", "z", *(f"{name} p50/p99 ms, kB" for name in found)):
        table.add_column(heading, justify="right")
    own = found["Diaban"][1]
    for layer, zoom in sorted(own):
        cells = []
        base_ms, _, base_kb = figures(own[layer, zoom])
        for name, (_, answers) in found.items():
            ms, p99, kilobytes = figures(answers[layer, zoom])
            ratio = (
                ""
                if name == "Diaban"
                else f"  ({ms / base_ms:.1f}×, bytes {kilobytes / (base_kb or 1e-3):.1f}×)"
            )
            cells.append(f"{ms:.1f}/{p99:.1f}, {kilobytes:.1f}{ratio}")
        table.add_row(layer, str(zoom), *cells)
    Console(width=160).print(table)


def figures(answers: list[tuple[float, int]]) -> tuple[float, float, float]:
    """Median ms, p99 ms, mean kB."""
    times = [seconds * 1000 for seconds, _ in answers]
    p99 = quantiles(times, n=100)[98] if len(times) > 1 else times[0]
    return median(times), p99, sum(size for _, size in answers) / len(answers) / 1000


def pyramid(settings: Settings, options: argparse.Namespace, folder: Path) -> None:
    """z0-z14 of the plots into PMTiles: ours from the database with its ladder, tippecanoe from a file."""
    environment = os.environ | {
        "DIABAN_DATABASE_URL": settings.database_url, "DIABAN_SECRET": SECRET, "DIABAN_HOME": str(folder)
    }  # fmt: skip
    ours = [str(ROOT / "diaban"), "tiles", "export", "land_use", "-o", str(folder / "ours.pmtiles")]
    begun = time.monotonic()
    subprocess.run([*ours, "--to", "14"], cwd=ROOT, env=environment, check=True)
    own_s = time.monotonic() - begun
    print(f"Diaban: {own_s:.1f} s, {(folder / 'ours.pmtiles').stat().st_size / 1e6:.1f} MB")
    if not options.peers:
        return
    source = folder / "plots.geojsonl"
    with psycopg.connect(settings.admin_dsn) as connection, source.open("wb") as file:
        rows = (
            "COPY (SELECT json_build_object('type', 'Feature', 'properties', json_build_object('code', code,"
            " 'parcel', parcel), 'geometry', ST_AsGeoJSON(geom, 7)::json) FROM pub.land_use) TO STDOUT"
        )
        with connection.cursor().copy(rows) as copy:
            for data in copy:
                file.write(bytes(data).replace(b"\\\\", b"\\"))
    tippecanoe = [str(options.peers / "bin/tippecanoe"), "-q", "-P", "-l", "land_use", "-Z0", "-z14"]
    begun = time.monotonic()
    subprocess.run([*tippecanoe, "-o", str(folder / "theirs.pmtiles"), str(source)], check=True)
    theirs_s = time.monotonic() - begun
    size = (folder / "theirs.pmtiles").stat().st_size / 1e6
    print(f"tippecanoe: {theirs_s:.1f} s, {size:.1f} MB; {theirs_s / own_s:.2f} times ours")


if __name__ == "__main__":
    sys.exit(main())
