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

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

# Two reports are no cluster, however rare.
CASES_MIN = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cylinder: zone (see :class:`Discs`), days it has lasted, reports found and expected, its score and p.

    ``recurrence_days``: such a score comes by chance once in so many days of one scan a day.
    """

    zone: int
    days: int
    observed: int
    expected: float
    statistic: float
    p: float
    recurrence_days: float


@dataclass(frozen=True, slots=True)
class Discs:
    """Discs of cells: about each of n cells those within 0, 1, … rings, as far as they are on the ground.

    ``near``: (n, reach) the cells about each cell, ring after ring, n where there is none; ``ring``: (reach,)
    their rings, ascending from 0. Distance in rings is symmetric, so ``near`` says as well whose discs a cell
    lies in. A zone is a centre × ``radii`` + its outermost ring.
    """

    near: Ints
    ring: Ints

    @property
    def radii(self) -> int:
        """How many discs there are about each cell."""
        return int(self.ring[-1]) + 1

    def cells(self, zone: int) -> Ints:
        """The cells of a zone."""
        centre, radius = divmod(zone, self.radii)
        found = self.near[centre, self.ring <= radius]
        there: Ints = found[found < len(self.near)]
        return there

    def sums(self, by_cell: Ints) -> Ints:
        """(radii, n): of values by cell the sums over each disc."""
        padded = np.append(by_cell, 0)
        starts = np.searchsorted(self.ring, np.arange(self.radii))
        found: Ints = np.cumsum(np.add.reduceat(padded[self.near], starts, axis=1), axis=1).T
        return found


def scan(
    cell: Ints, days_ago: Ints, discs: Discs, *, days_max: int, times: int, seed: int, most: int = 5
) -> list[Cluster]:
    """Clusters that last until today, best first, none sharing a cell with a better one.

    ``cell``: each report's cell among those of ``discs``; ``days_ago``: 0 today, up to the baseline's length.
    At most ``most`` clusters, whatever their p.
    """
    total = len(cell)
    recent = days_ago < days_max
    if total == 0 or not recent.any():
        return []
    window = days_ago[recent]
    count = _Counter(discs, days_max)
    expected = _expected(np.bincount(cell, minlength=len(discs.near)), window, discs, days_max, total)
    observed = count(cell[recent], window)
    found = _score(observed, expected, total)
    best = np.sort(_best(cell, window, count, expected, times=times, seed=seed))
    clusters: list[Cluster] = []
    taken = np.zeros(len(discs.near), dtype=bool)
    for flat in np.argsort(-found, axis=None, kind="stable"):
        at = tuple(int(i) for i in np.unravel_index(flat, found.shape))
        if found[at] <= 0 or len(clusters) == most:
            break
        radius, lasting, centre = at
        zone = centre * discs.radii + radius
        inside = discs.cells(zone)
        if taken[inside].any():
            continue
        taken[inside] = True
        p = (1 + times - int(np.searchsorted(best, found[at] - 1e-9))) / (1 + times)
        figures = float(expected[at]), float(found[at])
        clusters.append(Cluster(zone, lasting + 1, int(observed[at]), *figures, p, 1 / p))
    return clusters


class _Counter:
    """Counts reports by zone and days that it lasts, (radii, days_max, n): of the data and of shufflings."""

    def __init__(self, discs: Discs, days_max: int) -> None:
        n = len(discs.near)
        self._shape = discs.radii, days_max, n
        places = discs.near + discs.ring * (days_max * n)
        # What lies in no cell is written behind all others, whatever its day, and left away.
        places[discs.near == n] = discs.radii * days_max * n
        # For each cell the places of the rings that it lies in, for reports of today; narrow: read fast.
        self._places = places.astype(np.int32)

    def __call__(self, cell: Ints, days_ago: Ints) -> Ints:
        radii, days_max, n = self._shape
        flat = self._places[cell] + (days_ago * n).astype(np.int32)[:, np.newaxis]
        whole = radii * days_max * n
        found = np.bincount(flat.ravel(), minlength=whole)[:whole].reshape(self._shape)
        # A disc is its rings together, a span of days is its days together.
        for radius in range(1, radii):
            found[radius] += found[radius - 1]
        for day in range(1, days_max):
            found[:, day] += found[:, day - 1]
        return found


def _expected(by_cell: Ints, window: Ints, discs: Discs, days_max: int, total: int) -> Floats:
    """(radii, days_max, n): reports of the zone × reports of the last days / all reports."""
    of_days = np.cumsum(np.bincount(window, minlength=days_max)[:days_max])
    expected: Floats = discs.sums(by_cell)[:, np.newaxis, :] * of_days[:, np.newaxis] / total
    return expected


def _score(observed: Ints | Floats, expected: Floats, total: int) -> Floats:
    """The logarithm of the likelihood ratio where more was found than expected; 0 elsewhere."""
    found = np.zeros(observed.shape)
    above = (observed > expected) & (observed >= CASES_MIN)
    found[above] = _ratio(observed[above], expected[above], total)
    return found


def _ratio(c: Ints | Floats, mu: Floats, total: int) -> Floats:
    rest = total - c
    other = np.where(rest > 0, rest * np.log(np.maximum(rest, 1) / (total - mu)), 0.0)
    return np.asarray(c * np.log(c / mu) + other)


def _best(cell: Ints, window: Ints, count: _Counter, expected: Floats, *, times: int, seed: int) -> Floats:
    """The best score of each of ``times`` shufflings of days among the reports."""
    rng = np.random.default_rng(seed)
    best = np.empty(times)
    flat = expected.ravel()
    least = np.maximum(np.floor(flat) + 1, CASES_MIN).astype(np.int64)
    for turn in range(times):
        # Shuffling all days among all reports is drawing, without putting back, the reports of the last days.
        observed = count(rng.choice(cell, size=len(window), replace=False), window).ravel()
        above = np.flatnonzero(observed >= least)
        best[turn] = _highest(observed[above], flat[above], len(cell))
    return best


def _highest(c: Ints, mu: Floats, total: int) -> float:
    """The highest score of counts above their expectation; logarithms only where a bound leaves it open.

    log x <= 4 (x^(1/4) - 1), and with d = c - mu the second term is at most -d + d² / 2 (total - c).
    """
    if not len(c):
        return 0.0
    d = c - mu
    bound = 4 * c * (np.sqrt(np.sqrt(c / mu)) - 1) - d + d * d / (2 * np.maximum(total - c, 1))
    found = float(_ratio(c[[bound.argmax()]], mu[[bound.argmax()]], total)[0])
    open_ones = bound >= found - 1e-6
    return float(_ratio(c[open_ones], mu[open_ones], total).max(initial=found))
