"""Hotspots over a million reports: filters, density, significance, histories, the scan, beside plain PostGIS.

Makes its own reports in the running Diaban's database, in one transaction that is taken back at the end.
Gates (exit code 1): a filter to drawn cells 100 ms, density of the province at 100 m 150 ms, Gi* with false
discovery rate over 50,000 cells 100 ms, histories of 50,000 cells over 52 weeks 1 s, the scan 30 s, and the
same cells from plain PostGIS (a join with ST_HexagonGrid) at least ten times as slow. Gates are on the clock;
the processor's own time beside it says what a machine without other work would show.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import statistics
import sys
import time
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import h3
import numpy as np
import psycopg
from rich.console import Console
from rich.table import Table

from geo.hotspots.alarms import scanned
from geo.hotspots.answer import Shown, feature_collection
from geo.hotspots.facts import Facts
from geo.hotspots.filters import Filter
from geo.hotspots.ground import ground_on
from geo.hotspots.keeper import _CODES
from geo.hotspots.load import read
from geo.hotspots.mvt import resolution_at, tile_of
from geo.hotspots.stats.emerging import emerging
from geo.hotspots.stats.gistar import significance
from geo.hotspots.surface import surface
from geo.settings import Settings
from geo.types import TileId

if TYPE_CHECKING:
    from collections.abc import Callable

END = date(2026, 11, 1)
DAYS = 730
MIDDLE = 105.63, 10.46


class Took(NamedTuple):
    """Seconds by the clock, and of the processor in this process."""

    clock_s: float
    cpu_s: float


# Towns and the land between, as points of the province: the wards' own outlines bound them.
MAKE = """
INSERT INTO core.reports
       (geom, visibility, unit, code, category, status, channel, received_at, ward_code, incident_code, h3_9)
SELECT ST_SetSRID(ST_MakePoint(lon, lat), 4326), 0, NULL, code, category, 'closed', channel, received_at,
       NULL, incident, h3_9
  FROM bench
"""
PLAIN = """
SELECT grid.i, grid.j, count(*)
  FROM ST_HexagonGrid(500, (SELECT ST_SetSRID(ST_Extent(geom_3857), 3857) FROM core.reports)) AS grid
  JOIN core.reports AS report ON report.geom_3857 && grid.geom AND ST_Intersects(report.geom_3857, grid.geom)
 WHERE report.received_at >= %(start)s AND report.received_at < %(end)s
   AND report.category = ANY (%(categories)s)
 GROUP BY grid.i, grid.j
"""


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=1_000_000)
    parser.add_argument("--no-plain", action="store_true", help="leave plain PostGIS out")
    options = parser.parse_args()
    return asyncio.run(_measure(options.reports, plain=not options.no_plain))


async def _measure(count: int, *, plain: bool) -> int:
    table = Table("question", "clock", "processor", "gate")
    missed: list[str] = []

    def add(label: str, took: Took, gate_s: float | None = None) -> None:
        table.add_row(label, _shown(took.clock_s), _shown(took.cpu_s), _shown(gate_s) if gate_s else "")
        if gate_s is not None and took.clock_s > gate_s:
            missed.append(label)

    async with await psycopg.AsyncConnection.connect(Settings().admin_dsn) as database:
        await database.execute("SET statement_timeout = 0")
        await database.execute("DELETE FROM core.reports")
        await database.execute("DELETE FROM hot.fact")
        outline = (await ground_on(database, END, 5)).outline
        add(f"{count:,} reports put in and counted", await _put(database, count, outline.bounds))
        await database.execute("ANALYZE core.reports")
        codes = await _codes(database)
        # The snapshot of an open transaction does not hold its own number: its lines are taken as folded.
        await database.execute("UPDATE hot.fact SET xid = '0'")
        begun = _now()
        reading = await read(database, {k: list(v) for k, v in codes.items()})
        facts = Facts.of(reading.rows, codes["categories"], codes["channels"])
        add(f"all {len(reading.rows):,} lines read into memory", _since(begun))
        ground = await ground_on(database, END, 8)
        filters = _filters()
        add("any filter to drawn cells (GeoJSON, worst of 11)", _worst(facts, filters, _drawn), 0.1)
        for zoom in (8, 10, 11, 13):
            tile = _tile_at(zoom)
            drawn = _worst(facts, filters, partial(_tiled, tile=tile))
            add(f"any filter to a drawn tile of zoom {zoom} (worst of 11)", drawn, 0.1)
        _statistics(facts, ground, add)
        if plain:
            ours = _best(lambda: facts.by_cell(filters[3], 8))
            theirs = await _plain(database, filters[3])
            add("cells of one filter in memory", ours)
            times = theirs / ours.clock_s
            table.add_row("the same by ST_HexagonGrid join", _shown(theirs), "", f"{times:,.0f} times")
            if times < 10:
                missed.append("plain PostGIS")
        await database.rollback()
    Console().print(table)
    if missed:
        Console().print(f"missed: {', '.join(missed)}")
    return 1 if missed else 0


def _statistics(facts: Facts, ground: Any, add: Callable[..., None]) -> None:  # noqa: ANN401
    year = Filter(END - timedelta(days=365), END)
    cells = facts.by_cell(year, 9)
    plane = ground.plane
    asked: dict[str, Any] = {"edge_m": 201.0, "days": 365, "bandwidth_m": 800.0, "parameters": {}}
    values = cells.incidents.astype(np.float64)
    surface(plane, cells.cells, values, **asked)
    rows, columns = plane.grid.inside.shape
    add(
        f"density of the province at 100 m ({rows} × {columns})",
        _best(lambda: surface(plane, cells.cells, values, **asked)),
        0.15,
    )
    from geo.hotspots.ground import weights_of

    middle = h3.latlng_to_cell(MIDDLE[1], MIDDLE[0], 8)
    many = np.array(sorted(h3.str_to_int(cell) for cell in h3.grid_disk(middle, 129)), dtype=np.int64)
    weights = weights_of(many)
    rng = np.random.default_rng(1)
    flat = rng.negative_binomial(1, 0.3, len(many)).astype(np.float64)
    add(
        f"Gi* with false discovery rate, {len(many):,} cells", _best(lambda: significance(flat, weights)), 0.1
    )
    cube = rng.negative_binomial(1, 0.7, (len(many), 52)).astype(np.float64)
    add(f"emerging classes, {len(many):,} cells × 52 weeks", _best(lambda: emerging(cube, weights)), 1.0)
    begun = _now()
    scanned(facts, END - timedelta(days=1))
    add("the daily scan, 999 shufflings", _since(begun), 30.0)


async def _put(database: psycopg.AsyncConnection[Any], count: int, bounds: tuple[float, ...]) -> Took:
    west, south, east, north = bounds
    rng = np.random.default_rng(7)
    towns = rng.uniform([west, south], [east, north], (60, 2))
    of_town = towns[rng.integers(0, 60, count)] + rng.normal(0, 0.012, (count, 2))
    place = np.where(
        rng.random((count, 1)) < 0.7, of_town, rng.uniform([west, south], [east, north], (count, 2))
    )
    categories, channels = (
        ["GT", "MT", "CTN", "CS", "TO", "TTDT", "ATGT", "DVT"],
        ["app", "web", "zalo", "phone"],
    )
    day = rng.integers(0, DAYS * 86_400, count)
    await database.execute(
        "CREATE TEMP TABLE bench (lon float8, lat float8, code text, category text, channel text,"
        " received_at timestamptz, incident text, h3_9 text) ON COMMIT DROP"
    )
    start = END - timedelta(days=DAYS)
    async with database.cursor().copy("COPY bench FROM STDIN") as copy:
        for i, (lon, lat) in enumerate(place.tolist()):
            at = f"{start + timedelta(days=int(day[i]) // 86_400)} {_clock(int(day[i]) % 86_400)}+07"
            code = f"BN-{i:08d}"
            incident = code if i % 12 else f"BN-{max(i - 5, 0):08d}"
            row = (
                lon,
                lat,
                code,
                categories[i % 8],
                channels[i % 4],
                at,
                incident,
                h3.latlng_to_cell(lat, lon, 9),
            )
            await copy.write_row(row)
    begun = _now()
    await database.execute(MAKE)
    return _since(begun)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


async def _codes(database: psycopg.AsyncConnection[Any]) -> dict[str, tuple[str, ...]]:
    rows = await (await database.execute(_CODES)).fetchall()
    return {
        "categories": tuple(sorted({row[0] for row in rows})),
        "channels": tuple(sorted({row[1] for row in rows})),
    }


def _filters() -> list[Filter]:
    """Eleven questions of different length and selectivity."""
    spans = [7, 30, 90, 365, 730]
    plain = [Filter(END - timedelta(days=days), END) for days in spans]
    chosen = [Filter(f.start, f.end, ("GT", "MT")) for f in plain[1:]]
    narrow = [
        Filter(plain[4].start, END, (), ("zalo",)),
        Filter(plain[4].start, END, ("GT",), ("app", "web")),
    ]
    return [plain[0], *chosen, *plain[1:], *narrow]


def _drawn(facts: Facts, wanted: Filter) -> str:
    return feature_collection(_counted(facts, wanted, 8), {})


def _tiled(facts: Facts, wanted: Filter, tile: TileId) -> bytes:
    return tile_of(_counted(facts, wanted, resolution_at(tile.z, 9)), tile)


def _counted(facts: Facts, wanted: Filter, resolution: int) -> Shown:
    found = facts.by_cell(wanted, resolution)
    days = (wanted.end - wanted.start).days
    return Shown(found.cells, found.incidents.astype(float), found.contacts.astype(float), days)


def _tile_at(zoom: int) -> TileId:
    """The tile of a zoom in the middle of the province."""
    lon, lat = MIDDLE
    north = 0.5 - math.asinh(math.tan(math.radians(lat))) / (2 * math.pi)
    return TileId(zoom, int((lon / 360 + 0.5) * 2**zoom), int(north * 2**zoom))


def _worst(facts: Facts, filters: list[Filter], draw: Callable[..., object]) -> Took:
    return max((_best(partial(draw, facts, wanted)) for wanted in filters), key=lambda took: took.clock_s)


async def _plain(database: psycopg.AsyncConnection[Any], wanted: Filter) -> float:
    values = {"start": wanted.start, "end": wanted.end, "categories": list(wanted.categories)}
    begun = time.perf_counter()
    await (await database.execute(PLAIN, values)).fetchall()
    return time.perf_counter() - begun


def _best(work: Callable[[], object], times: int = 5) -> Took:
    """The medians of some runs after a first one."""
    work()
    found = []
    for _ in range(times):
        begun = _now()
        work()
        found.append(_since(begun))
    clocks, cpus = zip(*found, strict=True)
    return Took(statistics.median(clocks), statistics.median(cpus))


def _now() -> Took:
    return Took(time.perf_counter(), time.process_time())


def _since(begun: Took) -> Took:
    now = _now()
    return Took(now.clock_s - begun.clock_s, now.cpu_s - begun.cpu_s)


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


if __name__ == "__main__":
    sys.exit(main())
