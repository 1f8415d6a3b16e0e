"""A storm on the tiles: throughput of 4 clients, of 150, and what 600 are told.

    ./diaban bench tiles_storm [--layers land_use,zoning] [--seconds 10]

One worker of its own on the running province's database. Every tile is asked for once only, so each is
rendered: 150 clients must get at least 90 % of the tiles a second that 4 get. Beyond the queue the answer is
503 with Retry-After, at once. Client, worker and database share the machine: read the ratio.
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
from statistics import quantiles
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from benchmarks.tile_session import ready, worker

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARE = 0.9
FEW, MANY, TOO_MANY = 4, 150, 600
# Where the demonstration province is: west, south, east, north.
PLACE = (105.35, 10.15, 106.1, 10.95)
ZOOM = 16


def tiles(seed: int) -> Iterator[tuple[int, int, int]]:
    """Every tile of the place once, in an order of its own."""
    from tiles.ground import Box, tiles_of

    found = [(tile.z, tile.x, tile.y) for tile in tiles_of(Box(*PLACE), ZOOM)]
    random.Random(seed).shuffle(found)
    return iter(found)


async def storm(
    port: int, layers: str, clients: int, seconds: float, left: Iterator[tuple[int, int, int]]
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
            z, x, y = tile
            head = f"GET /tiles/{layers}/{z}/{x}/{y}.mvt HTTP/1.1\r\nHost: x\r\nAccept-Encoding: zstd\r\n\r\n"
            writer.write(head.encode())
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
    parser.add_argument("--layers", default="land_use,zoning")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if "DIABAN_DATABASE_URL" not in os.environ:
        sys.exit("No database: start the province with ./diaban up, or set DIABAN_DATABASE_URL.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = worker(port)
    table = Table("clients", "tiles/s", "p50 ms", "p99 ms", "answers", title="every tile rendered")
    rates, wrong = {}, 0
    try:
        await ready(port)
        # The first renderings also open connections; 4 again at the end: the machine is not alone.
        left = tiles(1)
        await storm(port, options.layers, FEW, 2, left)
        for clients in (FEW, MANY, FEW, MANY, TOO_MANY):
            rate, statuses, times, bare = await storm(port, options.layers, clients, options.seconds, left)
            cuts = quantiles([each * 1000 for each in times], n=100) if len(times) > 1 else [0.0] * 99
            rates[clients] = max(rate, rates.get(clients, 0.0))
            wrong += bare + sum(n for status, n in statuses.items() if status not in (200, 204, 503))
            said = ", ".join(f"{n} × {status}" for status, n in sorted(statuses.items()))
            table.add_row(str(clients), f"{rate:,.0f}", f"{cuts[49]:.1f}", f"{cuts[98]:.1f}", said)
    finally:
        process.terminate()
        process.wait(20)
    Console().print(table)
    share = rates[MANY] / rates[FEW]
    print(f"{MANY} clients get {share:.0%} of what {FEW} get (wanted: {SHARE:.0%}); wrong answers: {wrong}")
    return 0 if share >= SHARE and not wrong else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
