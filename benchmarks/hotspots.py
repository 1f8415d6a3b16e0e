"""Hotspots over a million reports: filters, density, significance, histories, the scan, beside plain PostGIS.

Makes its own reports in the running Diaban's database, in one transaction that is taken back at the end.
Gates (exit code 1): a filter to drawn cells 100 ms, density of the province at 100 m 150 ms, Gi* with false
discovery rate over 50,000 cells 100 ms, histories of 50,000 cells over 52 weeks 1 s, the scan 30 s, and the
same cells from plain PostGIS (a join with ST_HexagonGrid) at least ten times as slow.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

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
from geo.hotspots.stats.emerging import emerging
from geo.hotspots.stats.gistar import significance
from geo.hotspots.surface import surface
from geo.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

END = date(2026, 11, 1)
DAYS = 730
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
    table = Table("question", "figure", "gate")
    missed: list[str] = []

    def add(label: str, seconds: float, gate_s: float | None = None) -> None:
        table.add_row(label, _shown(seconds), _shown(gate_s) if gate_s else "")
        if gate_s is not None and seconds > gate_s:
            missed.append(label)

    async with await psycopg.AsyncConnection.connect(Settings().admin_dsn) as database:
        await database.execute("SET statement_timeout = 0")
        await database.execute("DELETE FROM core.reports")
        await database.execute("DELETE FROM hot.fact")
        outline = (await ground_on(database, END, 5)).outline
        add(f"{count:,} reports put in and counted", await _put(database, count, outline.bounds))
        await database.execute("ANALYZE core.reports")
        codes = await _codes(database)
        begun = time.perf_counter()
        # The snapshot of an open transaction does not hold its own number: its lines are taken as folded.
        await database.execute("UPDATE hot.fact SET xid = '0'")
        reading = await read(database, {k: list(v) for k, v in codes.items()})
        facts = Facts.of(reading.rows, codes["categories"], codes["channels"])
        add(f"all {len(reading.rows):,} lines read into memory", time.perf_counter() - begun)
        ground = await ground_on(database, END, 8)
        filters = _filters()
        worst = max(_best(lambda f=wanted: _drawn(facts, f)) for wanted in filters)
        add("any filter to drawn cells (GeoJSON, worst of 11)", worst, 0.1)
        _statistics(facts, ground, add)
        if plain:
            ours = _best(lambda: facts.by_cell(filters[3], 8))
            theirs = await _plain(database, filters[3])
            add("cells of one filter in memory", ours)
            table.add_row("the same by ST_HexagonGrid join", _shown(theirs), f"{theirs / ours:,.0f} times")
            if theirs < 10 * ours:
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

    middle = h3.latlng_to_cell(10.46, 105.63, 8)
    many = np.array(sorted(h3.str_to_int(cell) for cell in h3.grid_disk(middle, 129)), dtype=np.int64)
    weights = weights_of(many)
    rng = np.random.default_rng(1)
    flat = rng.negative_binomial(1, 0.3, len(many)).astype(np.float64)
    add(
        f"Gi* with false discovery rate, {len(many):,} cells", _best(lambda: significance(flat, weights)), 0.1
    )
    cube = rng.negative_binomial(1, 0.7, (len(many), 52)).astype(np.float64)
    add(f"emerging classes, {len(many):,} cells × 52 weeks", _best(lambda: emerging(cube, weights)), 1.0)
    begun = time.perf_counter()
    scanned(facts, END - timedelta(days=1))
    add("the daily scan, 999 shufflings", time.perf_counter() - begun, 30.0)


async def _put(database: psycopg.AsyncConnection[Any], count: int, bounds: tuple[float, ...]) -> float:
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
    begun = time.perf_counter()
    await database.execute(MAKE)
    return time.perf_counter() - begun


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
    found = facts.by_cell(wanted, 8)
    days = (wanted.end - wanted.start).days
    shown = Shown(found.cells, found.incidents.astype(float), found.contacts.astype(float), days)
    return feature_collection(shown, {})


async def _plain(database: psycopg.AsyncConnection[Any], wanted: Filter) -> float:
    values = {"start": wanted.start, "end": wanted.end, "categories": list(wanted.categories)}
    begun = time.perf_counter()
    await (await database.execute(PLAIN, values)).fetchall()
    return time.perf_counter() - begun


def _best(work: Callable[[], object], times: int = 5) -> float:
    """The median of some runs after a first one, seconds."""
    work()
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return statistics.median(found)


def _shown(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.2f} s"


if __name__ == "__main__":
    sys.exit(main())
