"""Units in time: one place as of a day, a code and a name, on the database that runs (both eras loaded).

Gate (exit code 1): the median of one place as of a day is at most 1 ms in the database.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import sys
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from geo.settings import Settings

GATE_MS = 1.0
PLACES = """
SELECT ST_X(p), ST_Y(p) FROM (
  SELECT ST_PointOnSurface(geom) AS p FROM pub.admin_units WHERE daterange(valid_from, valid_to) @> %s::date
   ORDER BY md5(id::text) LIMIT %s) AS q
"""
NEAR = "SELECT feature_id FROM pub.units_near(%s, %s, %s, %s)"
NAMED = "SELECT unit_id FROM pub.admin_name WHERE bare = %s"
CODE = "SELECT id FROM pub.admin_units WHERE code = %s AND daterange(valid_from, valid_to) @> %s::date"


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--days", nargs="*", default=["2025-06-30", "2025-07-01"])
    options = parser.parse_args()
    table = Table("question", "units that day", "median ms", "p95 ms")
    worst = 0.0
    with psycopg.connect(Settings().role_dsn("diaban_public"), autocommit=True) as connection:
        for day in options.days:
            places = connection.execute(PLACES, [day, options.questions]).fetchall()
            moved = [
                (lon + random.uniform(-0.02, 0.02), lat + random.uniform(-0.02, 0.02)) for lon, lat in places
            ]
            for label, radius_m in (("place", 0), ("place and neighbours, 20 m", 20)):
                times = [_ms(connection, NEAR, [lon, lat, day, radius_m]) for lon, lat in moved]
                worst = max(worst, _add(table, f"{label}, {day}", len(places), times))
            codes = connection.execute("SELECT code FROM pub.admin_units LIMIT 200").fetchall()
            _add(table, f"code, {day}", len(codes), [_ms(connection, CODE, [code, day]) for (code,) in codes])
    Console().print(table)
    return 0 if worst <= GATE_MS else 1


def _ms(connection: psycopg.Connection[Any], query: str, values: list[Any]) -> float:
    """Execution time by the database's own clock."""
    plan = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, SUMMARY) {query}".encode(), values).fetchall()
    found = re.search(r"Execution Time: ([\d.]+)", "\n".join(line for (line,) in plan))
    return float(found[1]) if found else float("nan")


def _add(table: Table, label: str, count: int, times: list[float]) -> float:
    ordered = sorted(times)
    median = statistics.median(ordered) if ordered else 0.0
    table.add_row(
        label, str(count), f"{median:.3f}", f"{ordered[int(len(ordered) * 0.95)] if ordered else 0:.3f}"
    )
    return median


if __name__ == "__main__":
    sys.exit(main())
