"""Two periods compared, cell by cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.hotspots.stats.gistar import ENOUGH, benjamini_hochberg

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def compared(first: Floats, second: Floats, days_first: int, days_second: int) -> tuple[Floats, Floats]:
    """P and q that the second period's rate differs, by cell; both 1 where fewer than 5 reports came in all.

    Given their sum, the second of two Poisson counts is binomial (Przyborowski, Wilenski 1940,
    Biometrika 31); two-sided p by doubling the smaller tail. q: false discovery rate over the
    cells that were tested.
    """
    # Where it is used, for the application starts without it; scipy.stats takes half a second more to load.
    from scipy.special import bdtr, bdtrc

    total = first + second
    share = days_second / (days_first + days_second)
    enough = total >= ENOUGH
    p = np.ones(len(total))
    count, of = second[enough], total[enough].astype(np.int64)
    below = bdtr(count, of, share)
    above = bdtrc(count - 1, of, share)
    p[enough] = np.minimum(1.0, 2 * np.minimum(below, above))
    q = np.ones(len(total))
    q[enough] = benjamini_hochberg(p[enough])
    return p, q
