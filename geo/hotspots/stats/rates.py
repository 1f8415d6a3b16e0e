"""Rates by people, and empirical-Bayes shrinkage of rates with few people behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def rates(events: Floats, people: Floats) -> Floats:
    """Events per person; NaN where nobody lives."""
    found: Floats = np.divide(events, people, out=np.full(len(events), np.nan), where=people > 0)
    return found


def shrunk(events: Floats, people: Floats) -> Floats:
    """Global empirical-Bayes rates (Marshall 1991, Applied Statistics 40:2); NaN where nobody lives.

    The fewer people, the nearer to the mean of all. Where rates differ no more than chance makes them, all
    are
    the mean.
    """
    raw = rates(events, people)
    lived = people > 0
    x, n = events[lived], people[lived]
    found = np.full(len(events), np.nan)
    if not len(n) or n.sum() <= 0:
        return found
    mean = x.sum() / n.sum()
    between = float((n * (raw[lived] - mean) ** 2).sum() / n.sum() - mean / n.mean())
    if between <= 0:
        found[lived] = mean
    else:
        share = between / (between + mean / n)
        found[lived] = share * raw[lived] + (1 - share) * mean
    return found
