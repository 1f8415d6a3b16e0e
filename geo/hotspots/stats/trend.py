"""Mann-Kendall trend of many series at once, with the correction for ties (Kendall 1975)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def mann_kendall(series: Floats) -> Floats:
    """The standard normal score of each series' trend; ``series``: (n, steps). Rising: positive.

    z = (S - sign S) / sqrt(var S), with var S = (t(t-1)(2t+5) - sum over ties) / 18; 0 where all values are
    equal.
    """
    steps = series.shape[1]
    by_step = np.ascontiguousarray(series.T, dtype=np.float32)
    s = np.zeros(series.shape[0], dtype=np.int32)
    for step in range(steps - 1):
        later, now = by_step[step + 1 :], by_step[step]
        s += np.count_nonzero(later > now, axis=0)
        s -= np.count_nonzero(later < now, axis=0)
    variance = (steps * (steps - 1) * (2 * steps + 5) - _ties(by_step)) / 18.0
    deviation = np.sqrt(variance.clip(min=0))
    found: Floats = np.divide(s - np.sign(s), deviation, out=np.zeros(len(s)), where=deviation > 1e-6)
    return found


def _ties(by_step: NDArray[np.float32]) -> Floats:
    """For each series the sum of t(t-1)(2t+5) over its groups of t equal values."""
    ordered = np.sort(by_step, axis=0)
    run = np.ones(ordered.shape[1])
    total = np.zeros(ordered.shape[1])
    for step in range(1, len(ordered)):
        same = ordered[step] == ordered[step - 1]
        total += np.where(same, 0.0, run * (run - 1) * (2 * run + 5))
        run = np.where(same, run + 1, 1.0)
    return total + run * (run - 1) * (2 * run + 5)
