"""A storm on the tiles: throughput of 4 clients, of 150, and what 600 are told.

    ./diaban bench tiles_storm [--layers zoning] [--seconds 10]

One worker of its own on the running province's database. Every tile is asked for once only (the same place
on another day is another tile, of layers with valid time), so each is rendered: 150 clients must get at least
90 % of the tiles a second that 4 get, by the medians of three turns. 600 with three layers each are more than
the queue holds: 503 with Retry-After, at once. Client, worker and database share the machine: read the ratio.
Exit code 1 where the ratio is lower, or where an answer is none of 200, 204, 503.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import sys
import time
from collections import Counter
from datetime import date, timedelta
from statistics import median, quantiles
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.tile_session import ready, worker
from tiles.ground import Box, tiles_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.types import TileId

SHARE = 0.9
FEW, MANY, TOO_MANY = 4, 150, 600
MORE = ",admin_units,crop_areas"
# The plots of the demonstration's town: west, south, east, north.
PLACE = (105.61, 10.44, 105.66, 10.48)
ZOOM = 15
FIRST_DAY, DAYS = date(2020, 1, 1), 2_000

type Asked = tuple[TileId, date]


def tiles(seed: int) -> Iterator[Asked]:
    """Every tile of the place on every day, once, in an order of its own."""
    days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
    found = [(tile, day) for tile in tiles_of(Box(*PLACE), ZOOM) for day in days]
    random.Random(seed).shuffle(found)
    return iter(found)


async def storm(
    port: int, layers: str, clients: int, seconds: float, left: Iterator[Asked]
) -> tuple[float, Counter[int], list[float], int]:
    """Tiles a second, answers by status, seconds of each tile, and refusals without Retry-After."""
    statuses: Counter[int] = Counter()
    times: list[float] = []
    bare = 0
    until = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal bare
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (begun := time.perf_counter()) < until and (tile := next(left, None)):
            place, day = tile
            path = f"/tiles/{layers}/{place.z}/{place.x}/{place.y}.mvt?datetime={day}"
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: zstd\r\n\r\n".encode())
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            await reader.readexactly(
                next((int(each[15:]) for each in lines if each.startswith("content-length:")), 0)
            )
            status = int(lines[0].split()[1])
            statuses[status] += 1
            if status == 503:
                bare += not any(each.startswith("retry-after:") for each in lines)
                await asyncio.sleep(0.5)
            else:
                times.append(time.perf_counter() - begun)
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(times) / (time.perf_counter() - begun), statuses, times, bare


async def main() -> int:
    """Measure and print; the exit code of the gate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--layers", default="zoning")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if "DIABAN_DATABASE_URL" not in os.environ:
        sys.exit("No database: start the province with ./diaban up, or set DIABAN_DATABASE_URL.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = worker(port)
    table = Table("clients", "tiles/s", "p50 ms", "p99 ms", "answers", title="every tile rendered")
    rates: dict[int, list[float]] = {FEW: [], MANY: [], TOO_MANY: []}
    wrong = 0
    try:
        await ready(port)
        # The first renderings also open connections. In turns: the machine may not be alone.
        left = tiles(1)
        await storm(port, options.layers, FEW, 2, left)
        for clients in (FEW, MANY) * 3 + (TOO_MANY,):
            layers = options.layers + (MORE if clients == TOO_MANY else "")
            rate, statuses, times, bare = await storm(port, layers, clients, options.seconds, left)
            cuts = quantiles([each * 1000 for each in times], n=100) if len(times) > 1 else [0.0] * 99
            rates[clients].append(rate)
            wrong += bare + sum(n for status, n in statuses.items() if status not in (200, 204, 503))
            said = ", ".join(f"{n} × {status}" for status, n in sorted(statuses.items()))
            table.add_row(str(clients), f"{rate:,.0f}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", said)
    finally:
        process.terminate()
        process.wait(60)
    Console().print(table)
    share = median(rates[MANY]) / median(rates[FEW])
    print(f"{MANY} clients get {share:.0%} of what {FEW} get (wanted: {SHARE:.0%}); wrong answers: {wrong}")
    return 0 if share >= SHARE and not wrong else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
