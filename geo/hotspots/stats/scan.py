"""Prospective space-time permutation scan (Kulldorff and others 2005, PLoS Medicine 2:3).

What began just now? It needs no number of people: what is expected follows from how much each place
reports in general and how much each day brings, so neither a place that always reports much nor a busy day
is a cluster. Cylinders stand on discs of cells and reach from some day of the last week to today. The best of
all is compared with the best of data whose days were shuffled among the reports; its recurrence interval says
how often chance alone would do as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Two reports are no cluster, however rare.
CASES_MIN = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cylinder: zone (a column), days it has lasted, reports found and expected, its score and p.

    ``recurrence_days``: such a score comes by chance once in so many days of one scan a day.
    """

    zone: int
    days: int
    observed: int
    expected: float
    statistic: float
    p: float
    recurrence_days: float


def scan(
    cell: Ints, days_ago: Ints, zones: csr_array, *, days_max: int, times: int, seed: int, most: int = 5
) -> list[Cluster]:
    """Clusters that last until today, best first, none sharing a cell with a better one.

    ``cell``: place of each report among the rows of ``zones``; ``days_ago``: 0 today, up to the baseline's
    length; ``zones``: (cells, zones), binary. At most ``most`` clusters, whatever their p.
    """
    total = len(cell)
    recent = days_ago < days_max
    if total == 0 or not recent.any():
        return []
    window = days_ago[recent]
    expected = _expected(np.bincount(cell, minlength=zones.shape[0]), window, zones, days_max, total)
    found = _score(_observed(cell[recent], window, zones, days_max), expected, total)
    best = np.sort(_best(cell, window, zones, expected, times=times, seed=seed))
    observed = _observed(cell[recent], window, zones, days_max)
    clusters: list[Cluster] = []
    taken = np.zeros(zones.shape[0], dtype=bool)
    by_zone = zones.tocsc()
    for flat in np.argsort(-found, axis=None, kind="stable"):
        zone, lasting = np.unravel_index(flat, found.shape)
        if found[zone, lasting] <= 0 or len(clusters) == most:
            break
        inside = by_zone.indices[by_zone.indptr[zone] : by_zone.indptr[zone + 1]]
        if taken[inside].any():
            continue
        taken[inside] = True
        p = (1 + times - int(np.searchsorted(best, found[zone, lasting] - 1e-9))) / (1 + times)
        clusters.append(
            Cluster(
                int(zone),
                int(lasting) + 1,
                int(observed[zone, lasting]),
                float(expected[zone, lasting]),
                float(found[zone, lasting]),
                p,
                1 / p,
            )
        )
    return clusters


def _expected(by_cell: Ints, window: Ints, zones: csr_array, days_max: int, total: int) -> Floats:
    """(zones, days_max): reports of the zone × reports of the last days / all reports."""
    of_zone = zones.T @ by_cell.astype(np.float64)
    of_days = np.cumsum(np.bincount(window, minlength=days_max)[:days_max])
    expected: Floats = np.multiply.outer(of_zone, of_days) / total
    return expected


def _observed(cell: Ints, days_ago: Ints, zones: csr_array, days_max: int) -> Floats:
    """(zones, days_max): reports in the zone within the last 1, 2, … days."""
    start, end = zones.indptr[cell], zones.indptr[cell + 1]
    count = (end - start).astype(np.int64)
    # For each report the zones that hold its cell, one after the other.
    offset = np.repeat(start - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    flat = zones.indices[offset].astype(np.int64) * days_max + np.repeat(days_ago, count)
    by_day = np.bincount(flat, minlength=zones.shape[1] * days_max).reshape(-1, days_max)
    return np.cumsum(by_day, axis=1).astype(np.float64)


def _score(observed: Floats, expected: Floats, total: int) -> Floats:
    """The logarithm of the likelihood ratio where more was found than expected; 0 elsewhere."""
    found = np.zeros_like(observed)
    above = (observed > expected) & (observed >= CASES_MIN)
    c, mu = observed[above], expected[above]
    rest = total - c
    other = np.where(rest > 0, rest * np.log(np.maximum(rest, 1) / (total - mu)), 0.0)
    found[above] = c * np.log(c / mu) + other
    return found


def _best(cell: Ints, window: Ints, zones: csr_array, expected: Floats, *, times: int, seed: int) -> Floats:
    """The best score of each of ``times`` shufflings of days among the reports."""
    rng = np.random.default_rng(seed)
    days_max = expected.shape[1]
    best = np.empty(times)
    for turn in range(times):
        # Shuffling all days among all reports is drawing, without putting back, the reports of the last days.
        drawn = rng.choice(cell, size=len(window), replace=False)
        best[turn] = _score(_observed(drawn, window, zones, days_max), expected, len(cell)).max(initial=0.0)
    return best
