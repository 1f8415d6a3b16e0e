"""What the public may know of a month: areas that each hold at least k incidents, none cut finer. Pure.

The month's incidents are parted once, into atoms: by group of categories, then down H3's hierarchy. Every
public
answer is a sum of whole atoms (or of equal shares of one), so no difference of answers, whatever their times,
groups or boxes, can say more than an atom does: k incidents somewhere in its area and month. k-anonymity
after
Sweeney (2002); parts below k stay with their neighbours, as in hierarchical cell suppression.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from geo.hotspots.cells import children, parents
from geo.hotspots.groups import MIXED

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from numpy.typing import NDArray

K = 5
# The finest cells that the public sees, about 0.8 km².
FINEST = 8
COARSEST = 5


@dataclass(frozen=True, slots=True)
class Atom:
    """An area (cells of one resolution; none: the whole ground) with its counts in one month and group."""

    group: str
    resolution: int
    cells: tuple[int, ...]
    incidents: int
    contacts: int


@dataclass(frozen=True, slots=True)
class Lines:
    """A month's public counts, a line each: ``groups[i]`` in ``cells[i]`` (of resolution 8)."""

    groups: tuple[str, ...]
    cells: tuple[int, ...]
    incidents: tuple[int, ...]
    contacts: tuple[int, ...]

    def sums(self, at: Iterable[int]) -> tuple[int, int]:
        """Incidents and contacts of some of the lines."""
        chosen = list(at)
        return sum(self.incidents[i] for i in chosen), sum(self.contacts[i] for i in chosen)


def atoms(lines: Lines, ground: Iterable[int], k: int = K) -> list[Atom] | None:
    """The month's atoms; None where it has fewer than ``k`` incidents in all and nothing may be told.

    ``ground``: cells of resolution 5 that cover the province, told or not.
    """
    whole = range(len(lines.cells))
    total = lines.sums(whole)[0]
    if total < k:
        return [] if total == 0 else None
    by_group: dict[str, list[int]] = {}
    for i in whole:
        by_group.setdefault(lines.groups[i], []).append(i)
    apart, together = _parted(lines, by_group, k)
    found: list[Atom] = []
    for group in sorted(apart):
        found += _within(lines, group, by_group[group], ground, k)
    rest = [i for group in sorted(together) for i in by_group[group]]
    if lines.sums(rest)[0]:
        found += _within(lines, MIXED, rest, ground, k)
    return found


def _within(lines: Lines, group: str, at: list[int], ground: Iterable[int], k: int) -> list[Atom]:
    """Part the lines of one group by area, from the province down."""
    roots = sorted({*ground, *(_up(lines.cells[i], COARSEST) for i in at)})
    return _split(lines, group, at, area=(), level=COARSEST, parts=roots, k=k)


def _split(
    lines: Lines, group: str, at: list[int], *, area: tuple[int, ...], level: int, parts: list[int], k: int
) -> list[Atom]:
    """Part an area into ``parts`` (cells of ``level``) where each part that leaves holds at least k."""
    by_part: dict[int, list[int]] = {}
    for i in at:
        by_part.setdefault(_up(lines.cells[i], level), []).append(i)
    apart, together = _parted(lines, by_part, k)
    if not apart:
        return [Atom(group, level - 1 if area else 0, area, *lines.sums(at))]
    found: list[Atom] = []
    for cell in sorted(apart):
        if level == FINEST:
            found.append(Atom(group, level, (cell,), *lines.sums(by_part[cell])))
        else:
            inner = list(children(cell, level + 1))
            found += _split(lines, group, by_part[cell], area=(cell,), level=level + 1, parts=inner, k=k)
    rest = [i for cell in sorted(together) for i in by_part[cell]]
    if lines.sums(rest)[0]:
        # The rest is named with its empty cells: a list of the others only would tell where somebody was.
        remaining = tuple(cell for cell in parts if cell not in apart)
        found.append(Atom(group, level, remaining, *lines.sums(rest)))
    return found


def _parted[Key: Hashable](lines: Lines, parts: Mapping[Key, list[int]], k: int) -> tuple[set[Key], set[Key]]:
    """Parts that may be told apart, and those that are told together: the latter hold none or at least k."""
    sizes = {part: lines.sums(at)[0] for part, at in parts.items()}
    order = sorted(sizes, key=lambda part: (sizes[part], str(part)))
    together = {part for part in order if sizes[part] < k}
    apart = [part for part in order if part not in together]
    while apart and 0 < sum(sizes[part] for part in together) < k:
        together.add(apart.pop(0))
    return set(apart), together


def _up(cell: int, resolution: int) -> int:
    """The parent of one cell (see :func:`geo.hotspots.cells.parents`)."""
    unused = (1 << (3 * (15 - resolution))) - 1
    return (cell & ~(0xF << 52)) | (resolution << 52) | unused


def spread(
    found: Iterable[Atom], ground: NDArray[np.int64], resolution: int
) -> dict[int, tuple[float, float]]:
    """Incidents and contacts by cell: each atom shared out evenly over its cells of resolution 8.

    ``ground``: cells of resolution 8 of the province, ascending. What a share adds up to is known, where
    within the atom it belongs is not; the caller says so.
    """
    listed = list(found)
    whole = np.array([[0, np.iinfo(np.int64).max]])
    spans = [np.array([_span(cell) for cell in atom.cells]) if atom.cells else whole for atom in listed]
    if not spans:
        return {}
    # In the order of indexes all cells within a coarser one stand together: each span is a run of the ground.
    bounds = np.searchsorted(ground, np.concatenate(spans))
    owner = np.repeat(np.arange(len(listed)), [len(span) for span in spans])
    size = np.bincount(owner, bounds[:, 1] - bounds[:, 0], minlength=len(listed))
    counts = np.array([[atom.incidents, atom.contacts] for atom in listed], dtype=np.float64)
    share = np.divide(counts, size[:, None], out=np.zeros_like(counts), where=size[:, None] > 0)
    steps = np.zeros((len(ground) + 1, 2))
    np.add.at(steps, bounds[:, 0], share[owner])
    np.add.at(steps, bounds[:, 1], -share[owner])
    inside = np.cumsum(steps[:-1], axis=0)
    inside[np.abs(inside) < 1e-9] = 0.0
    coarse, index = np.unique(parents(ground, resolution), return_inverse=True)
    sums = [np.bincount(index, inside[:, column], minlength=len(coarse)).tolist() for column in (0, 1)]
    shown = {cell: (i, c) for cell, i, c in zip(coarse.tolist(), *sums, strict=True) if c > 0}
    for atom in (atom for atom, there in zip(listed, size.tolist(), strict=True) if not there):
        _beside(shown, atom, resolution)
    return dict(sorted(shown.items()))


def _beside(shown: dict[int, tuple[float, float]], atom: Atom, resolution: int) -> None:
    """Share out an atom that lies beside the ground: a report from outside the province."""
    fine = _fine(atom)
    for cell in (_up(one, resolution) for one in fine):
        incidents, contacts = shown.get(cell, (0.0, 0.0))
        shown[cell] = (incidents + atom.incidents / len(fine), contacts + atom.contacts / len(fine))


@lru_cache(maxsize=65_536)
def _span(cell: int) -> tuple[int, int]:
    """The first index of resolution 8 within a cell, and one past the last."""
    resolution = (cell >> 52) & 0xF
    digits = ((1 << (3 * (FINEST - resolution))) - 1) << (3 * (15 - FINEST))
    low = (cell & ~(0xF << 52) & ~digits) | (FINEST << 52)
    return low, (low | digits) + 1


def _fine(atom: Atom) -> tuple[int, ...]:
    if atom.resolution == FINEST:
        return atom.cells
    return tuple(fine for cell in atom.cells for fine in children(cell, FINEST))
