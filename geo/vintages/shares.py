"""How much of each old unit went to each new one, by area. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.geometry.area import area_m2

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from geo.vintages.types import Shapes

# Shares are asked to a percent; 11 m less detail makes them six times as fast.
DETAIL_DEG = 1e-4
BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Shares:
    """Pairs (old, new) that share ground; ``of_old``, ``of_new``: the common area's share of either."""

    old: NDArray[np.int64]
    new: NDArray[np.int64]
    of_old: NDArray[np.float64]
    of_new: NDArray[np.float64]

    def table(self) -> dict[tuple[int, int], tuple[float, float]]:
        """By pair."""
        rows = zip(
            self.old.tolist(), self.new.tolist(), self.of_old.tolist(), self.of_new.tolist(), strict=True
        )
        return {(i, j): (a, b) for i, j, a, b in rows}

    def covered(self, count: int) -> NDArray[np.float64]:
        """Of each of ``count`` old units the share that new units cover, at most 1."""
        return np.minimum(np.bincount(self.old, self.of_old, count), 1.0)


def shares(old: Shapes, new: Shapes, done: Callable[[float], None] = lambda _share: None) -> Shares:
    """The matrix of common areas of two coverages (WGS 84 degrees)."""
    if not len(old) or not len(new):
        none = np.zeros(0)
        return Shares(none.astype(np.int64), none.astype(np.int64), none, none)
    plain_old, plain_new = _simplified(old), _simplified(new)
    tree = shapely.STRtree(plain_new)
    first, second = tree.query(plain_old, predicate="intersects")
    common = np.zeros(len(first))
    for start in range(0, len(first), BLOCK):
        part = slice(start, start + BLOCK)
        cut = shapely.intersection(plain_old[first[part]], plain_new[second[part]])
        common[part] = area_m2(cut)
        done(min(1.0, (start + BLOCK) / len(first)))
    kept = common > 0
    first, second, common = first[kept], second[kept], common[kept]
    of_old = np.minimum(common / area_m2(plain_old)[first], 1.0)
    of_new = np.minimum(common / area_m2(plain_new)[second], 1.0)
    return Shares(first, second, of_old, of_new)


def _simplified(shapes: Shapes) -> Shapes:
    plain = shapely.simplify(shapes, DETAIL_DEG, preserve_topology=False)
    bad = ~shapely.is_valid(plain) | shapely.is_empty(plain)
    plain[bad] = shapes[bad]
    return plain
