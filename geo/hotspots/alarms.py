"""The daily scan: what began just now, kept as alarms with everything that is needed to check them."""

from __future__ import annotations

import asyncio
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.types.json import Jsonb

from geo.hotspots.cells import areas_km2, as_text, centre, places_in, rings_of
from geo.hotspots.filters import Filter
from geo.hotspots.stats.scan import Cluster, Discs, scan

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from psycopg import AsyncConnection

    from geo.hotspots.facts import Facts

    Connection = AsyncConnection[tuple[Any, ...]]

RESOLUTION = 8
# Discs of up to this many rings of cells: about 0.5 to 5 km around a cell.
RADII = 6
DAYS_MAX = 7
BASELINE_DAYS = 180
TIMES = 999
# An alarm that chance raises more often than once in this many days is none.
RECURRENCE_DAYS = 100.0
# What staff with the least clearance may see: an alarm is told to all of them.
CLEARANCE = 1

_STORE = """
INSERT INTO hot.alarm (day, clearance, category, rank, cells, resolution, lon, lat, radius_m, first_day,
                       observed, expected, statistic, p, recurrence_days, parameters)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
"""
_READ = """
SELECT id, day, category, cells, lon, lat, radius_m, first_day, observed, expected, p, recurrence_days,
       raised_at, seen_by, seen_at, parameters
  FROM hot.alarm WHERE id > %(after)s AND (%(since)s::date IS NULL OR day >= %(since)s)
 ORDER BY id DESC LIMIT %(limit)s
"""


def discs(cells: NDArray[np.int64], radii: int = RADII) -> Discs:
    """Discs of 0 to 5 rings around each cell, as far as they lie on ``cells`` (ascending)."""
    rings = [rings_of(cells, radius) for radius in range(radii)]
    near = np.concatenate([places_in(cells, ring) for ring in rings], axis=1)
    near[near < 0] = len(cells)
    return Discs(near, np.repeat(np.arange(radii), [ring.shape[1] for ring in rings]))


def scanned(facts: Facts, day: date, categories: tuple[str, ...] = (), times: int = TIMES) -> list[
    tuple[Cluster, tuple[int, ...]]
]:  # fmt: skip
    """Clusters that last until ``day``, with their cells; the same facts and day give the same."""
    end = day + timedelta(days=1)
    wanted = Filter(end - timedelta(days=BASELINE_DAYS), end, categories)
    counts = facts.by_cell(wanted, RESOLUTION)
    cube = facts.by_step(wanted, RESOLUTION, counts.cells, BASELINE_DAYS, 1).clip(min=0)
    cell, step = np.nonzero(cube)
    number = cube[cell, step]
    cell, days_ago = np.repeat(cell, number), np.repeat(BASELINE_DAYS - 1 - step, number)
    if not len(cell):
        return []
    around = discs(counts.cells)
    found = scan(cell, days_ago, around, days_max=DAYS_MAX, times=times, seed=day.toordinal())
    return [(one, tuple(counts.cells[around.cells(one.zone)].tolist())) for one in found]


async def raise_alarms(connection: Connection, facts: Facts, day: date) -> list[int]:
    """Scan up to ``day`` and keep what chance alone does once in 100 days or less; the new alarms' ids."""
    begun = time.perf_counter()
    found = await asyncio.to_thread(scanned, facts, day)
    seconds = time.perf_counter() - begun
    ids: list[int] = []
    async with connection.transaction():
        for rank, (one, cells) in enumerate(found, 1):
            if one.recurrence_days < RECURRENCE_DAYS:
                continue
            row = await (await connection.execute(_STORE, _values(one, cells, day, rank))).fetchone()
            ids += [row[0]] if row else []
        await connection.execute(
            "INSERT INTO hot.scanned (day, seconds, n) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [day, seconds, sum(one.observed for one, _ in found)],
        )
    return ids


def _values(one: Cluster, cells: tuple[int, ...], day: date, rank: int) -> list[Any]:
    places = np.array([centre(cell) for cell in cells])
    lon, lat = places.mean(axis=0).tolist()
    radius_m = float(np.sqrt(areas_km2(np.array(cells)).sum() / np.pi) * 1000)
    parameters = {
        "method": "space-time permutation scan",
        "resolution": RESOLUTION,
        "radii": RADII,
        "days_max": DAYS_MAX,
        "baseline_days": BASELINE_DAYS,
        "times": TIMES,
        "seed": day.toordinal(),
    }
    first_day = day - timedelta(days=one.days - 1)
    return [
        day, CLEARANCE, "", rank, list(cells), RESOLUTION, lon, lat, radius_m, first_day, one.observed,
        one.expected, one.statistic, one.p, one.recurrence_days, Jsonb(parameters),
    ]  # fmt: skip


async def read_alarms(
    connection: Connection, *, after: int = 0, since: date | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Alarms that the connection's claims show, newest first."""
    values = {"after": after, "since": since, "limit": limit}
    rows = await (await connection.execute(_READ, values)).fetchall()
    return [
        {
            "id": row[0],
            "day": row[1].isoformat(),
            "category": row[2] or None,
            "cells": [as_text(cell) for cell in row[3]],
            "lon": round(row[4], 6),
            "lat": round(row[5], 6),
            "radius_m": round(row[6]),
            "first_day": row[7].isoformat(),
            "observed": row[8],
            "expected": round(row[9], 2),
            "p": row[10],
            "recurrence_days": round(row[11]),
            "raised_at": row[12].isoformat(),
            "seen_by": row[13],
            "seen_at": row[14].isoformat() if row[14] else None,
            "parameters": row[15],
        }
        for row in rows
    ]
