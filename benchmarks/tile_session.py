"""Tiles a second, uncached and cached, over a planner's recorded views of the province.

    ./diaban bench tile_session [--layers land_use,zoning] [--connections 4] [--rounds 5]

Starts one worker of its own on the running province's database, so that its cache is empty at first; asks for
every tile of the session once (uncached), then for the whole session again and again (cached). Client, worker
and database share the machine: read the ratios, not the absolute figures.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import socket
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable

LAYERS = ("admin_units", "land_use", "zoning", "crop_areas", "farms", "cameras", "reports")
# Centres and zooms as a planner went through them: the province, Cao Lãnh, its streets, a second place.
VIEWS = (
    (105.70, 10.50, 8), (105.66, 10.48, 9), (105.64, 10.47, 10), (105.63, 10.46, 11), (105.63, 10.46, 12),
    (105.64, 10.46, 13), (105.638, 10.458, 14), (105.632, 10.455, 14), (105.632, 10.455, 15),
    (105.629, 10.452, 15), (105.629, 10.452, 16), (105.631, 10.454, 16), (105.634, 10.457, 16),
    (105.634, 10.457, 17), (105.635, 10.458, 17), (105.64, 10.46, 13), (105.76, 10.29, 13),
    (105.758, 10.292, 14), (105.757, 10.293, 15), (105.757, 10.293, 16), (105.70, 10.50, 9),
)  # fmt: skip
# A window of 1,600 by 900 pixels shows about this many tiles of 512.
COLUMNS, ROWS = 4, 3


@dataclass(frozen=True)
class Answer:
    """One tile: status, seconds, bytes of the body."""

    layer: str
    zoom: int
    status: int
    seconds: float
    size: int


def tiles_of_view(lon: float, lat: float, zoom: int) -> Iterable[tuple[int, int, int]]:
    """The tiles that the window shows around a centre."""
    n = 2**zoom
    x = (lon + 180) / 360 * n
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    for column in range(COLUMNS):
        for row in range(ROWS):
            yield zoom, int(x - COLUMNS / 2 + column + 0.5) % n, int(y - ROWS / 2 + row + 0.5) % n


def session(layers: Iterable[str]) -> list[tuple[str, tuple[int, int, int]]]:
    """Layer and tile in the order of the views, tiles that were seen before included."""
    wanted = list(layers)
    return [(layer, tile) for view in VIEWS for tile in tiles_of_view(*view) for layer in wanted]


async def run(
    port: int, asked: list[tuple[str, tuple[int, int, int]]], connections: int
) -> tuple[float, list[Answer]]:
    """Ask for all over ``connections`` kept-alive connections; seconds of the whole and the answers."""
    queue = iter(asked)
    answers: list[Answer] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for layer, (z, x, y) in queue:
            begun = time.perf_counter()
            head = f"GET /tiles/{layer}/{z}/{x}/{y}.mvt HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n"
            writer.write(head.encode())
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            length = next((int(line[15:]) for line in lines if line.startswith("content-length:")), 0)
            await reader.readexactly(length)
            status = int(lines[0].split()[1])
            answers.append(Answer(layer, z, status, time.perf_counter() - begun, length))
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(connections)))
    return time.perf_counter() - begun, answers


def show(title: str, seconds: float, answers: list[Answer], by: str) -> None:
    """Print one table; a status other than 200 and 204 ends the run, for it would be measured as fast."""
    wrong = [answer for answer in answers if answer.status not in (200, 204)]
    if wrong:
        sys.exit(f"{len(wrong)} answers were no tiles, e.g. {wrong[0]}")
    groups: dict[str, list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[str(getattr(answer, by))].append(answer)
    table = Table(title=f"{title}: {len(answers)} tiles, {len(answers) / seconds:,.0f} a second")
    for heading in (by, "tiles", "p50 ms", "p99 ms", "mean kB", "largest kB"):
        table.add_column(heading, justify="left" if heading == by else "right")
    for name in sorted(groups, key=lambda name: (len(name), name)):
        times = [answer.seconds * 1000 for answer in groups[name]]
        sizes = [answer.size / 1000 for answer in groups[name]]
        cuts = quantiles(times, n=100) if len(times) > 1 else times * 99
        mean = sum(sizes) / len(sizes)
        figures = (f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", f"{mean:.1f}", f"{max(sizes):.1f}")
        table.add_row(name, str(len(times)), *figures)
    Console().print(table)


def worker(port: int) -> subprocess.Popen[bytes]:
    """One worker of the application on the database that the environment names."""
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app"]
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return subprocess.Popen([*command, *options], env=os.environ | {"DIABAN_LOG_LEVEL": "WARNING"})


async def ready(port: int) -> None:
    """Wait until the worker serves."""
    for _ in range(1200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            if b" 200 " in (await reader.readline()):
                return
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.1)
    sys.exit("the worker did not become ready within 120 s")


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--layers", default=",".join(LAYERS))
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if "DIABAN_DATABASE_URL" not in os.environ:
        sys.exit("No database: start the province with ./diaban up, or set DIABAN_DATABASE_URL.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = worker(port)
    try:
        await ready(port)
        asked = session(options.layers.split(","))
        once = list(dict.fromkeys(asked))
        seconds, answers = await run(port, once, options.connections)
        show("uncached, by layer", seconds, answers, "layer")
        show("uncached, by zoom", seconds, answers, "zoom")
        seconds, answers = await run(port, asked * options.rounds, options.connections)
        show("cached, by layer", seconds, answers, "layer")
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    asyncio.run(main())
