"""Vector tiles against Martin and tipg, and a pyramid against tippecanoe: one database, one run, ratios.

    ./diaban bench tiles --martin FILE --peers VENV [--rows 1000000] [--points 1000000] [--keep FOLDER]
                         [--from-zoom 8] [--to-zoom 17] [--sample 24] [--pyramid]

FILE is Martin's program, VENV a virtual environment outside the repository with tipg, uvicorn and
tippecanoe; a peer that is not given is left out. A private cluster is made for the run; that in FOLDER is
kept with its rows, and used again. The peers read tables in EPSG:3857 with an index, which suits them best.
Each server has one worker, runs alone, and is asked first for tiles that nobody asked for before (uncached),
then for a planner's session a second time (cached). Client, server and database share the machine: read the
ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from benchmarks import own
from benchmarks.tile_session import VIEWS, tiles_of_view
from benchmarks.tiling.filling import LAYERS, PROVINCE, prepare, timed
from benchmarks.tiling.pyramid import pyramid
from benchmarks.tiling.servers import PATHS, PORTS, answer, servers, serving, text_of
from benchmarks.tiling.shown import show
from cli.cluster import Cluster, temporary_cluster
from geo.settings import Settings
from geo.types import TileId
from tiles.ground import Box, tiles_of
from tiles.ladder.ahead import basis
from tiles.ladder.keeper import layer_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.tiling.shown import Answers

BEHIND = """
SELECT (SELECT count(*) FROM ops.rung_cell WHERE stale)
     + (SELECT count(*) FROM ops.tile_ahead WHERE stale OR basis <> ALL (%s))
"""
WARM_ZOOM = 14
QUIET_S = 20


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
    parser.add_argument("--from-zoom", type=int, default=8, help="a peer draws such a tile for a minute")
    parser.add_argument("--to-zoom", type=int, default=17)
    parser.add_argument("--sample", type=int, default=24, help="tiles of a zoom that nobody asked for before")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="of a cluster that is used again")
    parser.add_argument("--pyramid", action="store_true", help="z0-z14 of the plots, against tippecanoe")
    options = parser.parse_args()
    found: dict[str, dict[str, tuple[float, Answers]]] = {}
    with running(options.keep) as cluster, tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=cluster.admin_url, secret=own.SECRET, home=Path(folder))
        prepare(settings, options.rows, options.points)
        sample, session = asked(settings, range(options.from_zoom, options.to_zoom + 1), options.sample)
        for name, command, environment in servers(settings, options, Path(folder)):
            with serving(name, command, environment):
                if name == "Diaban":
                    timed("the ladder after the insert was noticed", lambda: settle(settings))
                    timed("what is drawn ahead is copied by the worker", lambda: asyncio.run(copied()))
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


async def copied() -> None:
    """Wait until our worker has everything that is drawn ahead: a start is not what is measured."""
    while "diaban_tile_replica_missing 0.0" not in await text_of("Diaban", "/metrics"):  # noqa: ASYNC110
        await asyncio.sleep(1)


def asked(
    settings: Settings, zooms: range, number: int
) -> tuple[list[tuple[str, TileId]], list[tuple[str, TileId]]]:
    """A uniform sample of tiles at each zoom, and a planner's session; the same for all servers.

    Of each layer at the zooms that its TileJSON names: above them clients enlarge what they have.
    """
    pick = random.Random(20250701)
    sample: list[tuple[str, TileId]] = []
    wards = places_of_wards(settings)
    drawn = {name: range_ for name, range_ in LAYERS.items() if name != "admin_units" or wards}
    for zoom in zooms:
        tiles = list(tiles_of(PROVINCE, zoom))
        chosen = tiles if len(tiles) <= number else pick.sample(tiles, number)
        for layer in [name for name, zooms_of in drawn.items() if zoom in zooms_of]:
            sample += [(layer, t) for t in (chosen if layer != "admin_units" else _some(wards, zoom, number))]
    views = [TileId(*place) for view in VIEWS for place in tiles_of_view(*view)]
    return sample, [
        (layer, place)
        for place in views
        for layer, zooms_of in drawn.items()
        if place.z in zooms_of and place.z in zooms
    ]


def places_of_wards(settings: Settings) -> list[tuple[float, float]]:
    """A point of each ward, in degrees: their sample is of the tiles that hold one, for half of the country's
    box is sea and other countries."""
    with psycopg.connect(settings.admin_dsn) as connection:
        found = connection.execute(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(geom) AS p FROM pub.admin_units) AS wards"
        ).fetchall()
    return [(lon, lat) for lon, lat in found]


def _some(wards: list[tuple[float, float]], zoom: int, number: int) -> list[TileId]:
    tiles = list(dict.fromkeys(next(tiles_of(Box(lon, lat, lon, lat), zoom)) for lon, lat in wards))
    return tiles if len(tiles) <= number else random.Random(zoom).sample(tiles, number)


def others(sample: list[tuple[str, TileId]]) -> list[tuple[str, TileId]]:
    """As many tiles again of the zooms that no server draws for long: connections are open then and warm.

    A new server process of the database takes 50 ms to load PostGIS and to plan: that is a start, not a tile.
    """
    pick, taken = random.Random(1), set(sample)
    found = [(layer, tile) for layer, tile in sample if tile.z >= WARM_ZOOM]
    tiles = {zoom: list(tiles_of(PROVINCE, zoom)) for zoom in {tile.z for _, tile in found}}
    asked = ((layer, pick.choice(tiles[tile.z])) for layer, tile in found)
    return [each for each in asked if each not in taken]


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


if __name__ == "__main__":
    sys.exit(main())
