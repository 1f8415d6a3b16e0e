"""Mann-Kendall trend of many series at once, with the correction for ties (Kendall 1975)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

# So many series at a time stay in the processor's own memory: comparing them is then all that costs.
_AT_A_TIME = 2048


def mann_kendall(series: Floats) -> Floats:
    """The standard normal score of each series' trend; ``series``: (n, steps). Rising: positive.

    z = (S - sign S) / sqrt(var S), with var S = (t(t-1)(2t+5) - sum over ties) / 18; 0 where all values are
    equal.
    """
    count, steps = series.shape
    s = np.empty(count, dtype=np.int64)
    ties = np.empty(count, dtype=np.int64)
    for low in range(0, count, _AT_A_TIME):
        part = slice(low, low + _AT_A_TIME)
        by_step = np.ascontiguousarray(series[part].T, dtype=np.float32)
        s[part], ties[part] = _kendall_s(by_step), _ties(by_step)
    variance = (steps * (steps - 1) * (2 * steps + 5) - ties) / 18.0
    deviation = np.sqrt(variance.clip(min=0))
    found: Floats = np.divide(s - np.sign(s), deviation, out=np.zeros(count), where=deviation > 1e-6)
    return found


def _kendall_s(by_step: NDArray[np.float32]) -> NDArray[np.int32]:
    """Of all pairs of steps, how many rise less how many fall. ``by_step``: (steps, n)."""
    steps, count = by_step.shape
    # One step against all later ones fits a byte, and bytes add up eight times as fast as words.
    kind = np.int8 if steps <= np.iinfo(np.int8).max else np.int32
    s = np.zeros(count, dtype=np.int32)
    for step in range(steps - 1):
        later, now = by_step[step + 1 :], by_step[step]
        s += np.add.reduce((later > now).view(np.int8), axis=0, dtype=kind)
        s -= np.add.reduce((later < now).view(np.int8), axis=0, dtype=kind)
    return s


def _ties(by_step: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each series the sum of t(t-1)(2t+5) over its groups of t equal values. ``by_step``: (steps, n)."""
    steps, count = by_step.shape
    ordered = np.ascontiguousarray(np.sort(by_step.T, axis=1).T)
    same = (ordered[1:] == ordered[:-1]).view(np.int8)
    t = np.arange(steps + 1, dtype=np.int64)
    # What the t-th of equal values adds to the sum.
    adds = np.diff(t * (t - 1) * (2 * t + 5), prepend=0)
    earlier = np.zeros(count, dtype=np.int16)
    total = np.zeros(count, dtype=np.int64)
    for repeated in same:
        earlier = (earlier + 1) * repeated
        total += adds[earlier + 1]
    return total
