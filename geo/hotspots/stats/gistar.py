"""Getis-Ord Gi* (Ord and Getis 1995, Geographical Analysis 27:4, eq. 14), its p-values and what they mean.

Not taken from esda: its default row-standardises the weights and then takes their sum for their number, which
makes z too small by the root of the neighbours' number. The closed form does not depend on standardisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    Floats = NDArray[np.float64]

# Fewer reports than this, found or to be expected around a cell, say nothing either way.
ENOUGH = 5
LEVELS = (0.01, 0.05, 0.10)
FEW = -9
_DRAWN_AT_ONCE = 200_000


def gi_star(values: Floats, weights: csr_array) -> Floats:
    """Score z of each cell. ``values``: (n,) or (n, steps), each step for itself; ``weights``: with self.

    z is 0 where all values are equal: there is nothing to compare.
    """
    n = values.shape[0]
    size = weights.sum(axis=1)
    squares = weights.power(2).sum(axis=1)
    spread = np.sqrt(np.maximum(n * squares - size**2, 0.0) / max(n - 1, 1))
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    below = np.multiply.outer(spread, deviation) if values.ndim == 2 else spread * deviation
    above = weights @ values - (np.multiply.outer(size, mean) if values.ndim == 2 else size * mean)
    found: Floats = np.divide(above, below, out=np.zeros_like(above, dtype=np.float64), where=below > 1e-12)
    return found


def two_sided(z: Floats) -> Floats:
    """The two-sided p of a standard normal score."""
    from scipy.special import erfc  # where it is used: the application starts without it

    return np.asarray(erfc(np.abs(z) / np.sqrt(2.0)))


def permutation_p(values: Floats, weights: csr_array, times: int, seed: int) -> Floats:
    """Two-sided p of each cell by conditional permutation: its own value stays, its neighbours are drawn.

    Drawn without putting back from all other cells (Anselin 1995). p = (1 + as extreme) / (1 + times), where
    extreme is the distance of the neighbours' sum from its mean under the null. Binary weights.
    """
    rng = np.random.default_rng(seed)
    n = len(values)
    own = weights.diagonal()
    count = np.rint(weights.sum(axis=1) - own).astype(np.int64)
    found = weights @ values - own * values
    most = int(count.max(initial=0))
    # The mean over all others is known, so both tails are measured from it.
    expected = count * (values.sum() - values) / max(n - 1, 1)
    away = np.abs(found - expected)
    extreme = np.zeros(n, dtype=np.int64)
    cells = np.arange(n)
    left, together = times, max(1, _DRAWN_AT_ONCE // max(n, 1))
    while left > 0:
        turns = min(left, together)
        left -= turns
        # One draw without putting back serves all cells: the i-th skips itself by moving on one place.
        drawn = rng.permuted(np.broadcast_to(cells, (turns, n)), axis=1)
        shift = rng.integers(0, n, size=(turns, n))
        total = np.zeros((turns, n))
        taken = np.zeros((turns, n), dtype=np.int64)
        for step in range(most + 1):
            other = np.take_along_axis(drawn, (shift + step) % n, axis=1)
            use = (other != cells) & (taken < count)
            total += np.where(use, values[other], 0.0)
            taken += use
        extreme += (np.abs(total - expected) >= away - 1e-9).sum(axis=0)
    return (1 + extreme) / (1 + times)


def benjamini_hochberg(p: Floats) -> Floats:
    """The least false discovery rate at which each p counts (Benjamini and Hochberg 1995); same shape."""
    flat = p.ravel()
    order = np.argsort(flat, kind="stable")
    ranked = flat[order] * len(flat) / np.arange(1, len(flat) + 1)
    adjusted = np.empty_like(flat)
    adjusted[order] = np.minimum.accumulate(ranked[::-1])[::-1].clip(max=1.0)
    return adjusted.reshape(p.shape)


@dataclass(frozen=True, slots=True)
class Significance:
    """By cell: ``z``, ``p``, ``q`` (false discovery), and ``level``.

    ``level``: ±3, ±2, ±1 for a hot or cold spot at q ≤ 0.01, 0.05, 0.10; 0 for neither; -9 for too few
    reports.
    """

    z: Floats
    p: Floats
    q: Floats
    level: NDArray[np.int8]


def significance(values: Floats, weights: csr_array) -> Significance:
    """Gi* with false discovery rate. Cells with too little around them are tested by nobody and say "few"."""
    z = gi_star(values, weights)
    p = two_sided(z)
    around = weights @ values
    expected = weights.sum(axis=1) * values.mean()
    few = np.maximum(around, expected) < ENOUGH
    q = np.ones_like(p)
    q[~few] = benjamini_hochberg(p[~few])
    level = np.zeros(len(values), dtype=np.int8)
    for strength, limit in zip((3, 2, 1), LEVELS, strict=True):
        level = np.where((level == 0) & (q <= limit), strength * np.sign(z), level).astype(np.int8)
    level[few] = FEW
    return Significance(z, p, q, level)
