"""Emerging hot spots: which of 17 classes a cell's history belongs to.

The rules are Esri's ("How Emerging Hot Spot Analysis works"): Gi* of every cell and step over the whole cube,
a cell's neighbours being itself and those that touch it, in the step and in the one before; false discovery
rate
over all bins; Mann-Kendall on each cell's scores. A known slip elsewhere is to count significant bins without
their sign, by which a former cold spot hides a new hot one: here hot and cold are counted apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geo.hotspots.stats.gistar import ENOUGH, two_sided
from geo.hotspots.stats.trend import mann_kendall

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

KINDS = (
    "new",
    "consecutive",
    "intensifying",
    "persistent",
    "diminishing",
    "sporadic",
    "oscillating",
    "historical",
)
# 0: no pattern; 1 to 8 hot and -1 to -8 cold, in the order of KINDS; -99: too few reports around the cell.
NONE, FEW = 0, -99
MOSTLY = 0.9
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Emerging:
    """By cell: the class, the trend's score, and how many steps were hot and cold. ``z``: (n, steps)."""

    kind: NDArray[np.int8]
    trend: Floats
    hot: NDArray[np.int64]
    cold: NDArray[np.int64]
    z: Floats


def name_of(kind: int) -> str:
    """The class in words: ``new_hot``, ``historical_cold``, ``none``, ``few``."""
    if kind in (NONE, FEW):
        return "none" if kind == NONE else "few"
    return f"{KINDS[abs(kind) - 1]}_{'hot' if kind > 0 else 'cold'}"


def emerging(cube: Floats, weights: csr_array, alpha: float = ALPHA) -> Emerging:
    """Class of each cell. ``cube``: counts (n, steps), oldest first; ``weights``: binary (n, n) with self."""
    z = cube_scores(cube, weights)
    limit = least_score(z, alpha)
    hot, cold = z >= limit, z <= -limit
    trend = mann_kendall(z)
    moves = two_sided(trend) <= alpha
    rising, falling = moves & (trend > 0), moves & (trend < 0)
    kind = _one_side(hot, cold, rising, falling)
    # A cold spot that grows colder has falling scores.
    kind = np.where(kind == NONE, -_one_side(cold, hot, falling, rising), kind).astype(np.int8)
    whole = cube.sum(axis=1)
    expected = weights.sum(axis=1) * whole.mean()
    kind[np.maximum(weights @ whole, expected) < ENOUGH] = FEW
    return Emerging(kind, trend, hot.sum(axis=1), cold.sum(axis=1), z)


def cube_scores(cube: Floats, weights: csr_array) -> Floats:
    """Gi* of every bin (n, steps): neighbours are those of ``weights`` in the step and in the one before."""
    n, steps = cube.shape
    total = n * steps
    mean, deviation = cube.mean(), cube.std()
    if deviation <= 0:
        return np.zeros_like(cube, dtype=np.float64)
    around: Floats = weights @ cube
    around[:, 1:] += around[:, :-1].copy()
    # The first step has no step before it, all others have as many neighbours as each other.
    for depth, part in ((1.0, slice(0, 1)), (2.0, slice(1, None))):
        size = depth * weights.sum(axis=1)[:, np.newaxis]
        # Binary weights: their squares sum to their number.
        spread = np.sqrt((total * size - size**2) / max(total - 1, 1))
        around[:, part] -= size * mean
        around[:, part] /= spread * deviation
    return around


def least_score(z: Floats, alpha: float) -> float:
    """The least distance of z from 0 that counts at false discovery rate ``alpha``; infinite: none does.

    Only bins with p up to ``alpha`` can count, so only for these p is computed: one in twenty.
    """
    from scipy.special import ndtri  # where it is used: the application starts without it

    distance = np.abs(z).ravel()
    far = distance[distance >= ndtri(1 - alpha / 2) * (1 - 1e-9)]
    p = two_sided(far)
    counted = far[p <= cutoff(p, alpha, z.size)]
    return float(counted.min()) if len(counted) else math.inf


def cutoff(p: Floats, alpha: float, tests: int) -> float:
    """The largest p that counts at false discovery rate ``alpha`` (Benjamini, Hochberg); -1: none does.

    ``tests``: how many there were; ``p``: at least all those up to ``alpha``, for no other can count.
    """
    small = np.sort(p[p <= alpha])
    passes = np.flatnonzero(small <= alpha * np.arange(1, len(small) + 1) / tests)
    return float(small[passes[-1]]) if len(passes) else -1.0


def _one_side(there: Flags, opposite: Flags, growing: Flags, shrinking: Flags) -> NDArray[np.int8]:
    """The class for one sign. ``there``, ``opposite``: (n, steps), a spot of this sign or the other."""
    steps = there.shape[1]
    times = there.sum(axis=1)
    last = there[:, -1]
    # The unbroken run that ends with the last step.
    run = np.where(there.all(axis=1), steps, np.argmin(there[:, ::-1], axis=1))
    mostly = times >= MOSTLY * steps
    kind = np.zeros(len(there), dtype=np.int8)
    rules = (
        ("new", last & (times == 1)),
        ("consecutive", last & (run >= 2) & (times == run) & ~mostly),
        ("intensifying", mostly & last & growing),
        ("diminishing", mostly & last & shrinking),
        ("persistent", mostly & last),
        ("historical", mostly & ~last),
        ("oscillating", last & ~mostly & opposite.any(axis=1)),
        ("sporadic", (times > 0) & ~mostly & ~opposite.any(axis=1)),
    )
    for name, holds in rules:
        kind = np.where((kind == NONE) & holds, KINDS.index(name) + 1, kind).astype(np.int8)
    return kind
