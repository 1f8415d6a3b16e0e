"""Which staged unit goes on with which identity. Pure.

A new identity begins with every union and division; a change of name, kind or border is a new version of the
same unit. The code decides nothing by itself: every code of the 2025 reform was taken over from an older
unit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.units.names import bare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from geo.vintages.types import Coverage, Known, Link, UnitRow

    ShareTable = dict[tuple[int, int], tuple[float, float]]

# Without a table the same code is the same unit only where most of the ground stayed.
MOST_GROUND = 0.5
IN_PLACE = ("unchanged", "rename", "promotion", "boundary_shift")


@dataclass(frozen=True, slots=True)
class Keeping:
    """From a staged unit to the unit before whose identity it keeps; and the staged units in doubt.

    ``reused``: with a code that another one bore. ``torn``: that two would go on as.
    """

    identity_of: Mapping[int, int]
    reused: tuple[int, ...]
    torn: tuple[int, ...]


def going_on(before: Known, staged: Coverage, links: Sequence[Link], shares: ShareTable) -> Keeping:
    """Which staged units keep an identity. ``links`` are the whole table of succession."""
    reused: list[int] = []
    torn: list[int] = []
    old_at, new_at = before.units.at(), staged.at()
    after, origins = Counter(link.old for link in links), Counter(link.new for link in links)
    wanted: dict[int, list[int]] = defaultdict(list)
    for link in links:
        if link.old not in old_at or link.new not in new_at:
            continue
        alone = after[link.old] == 1 and origins[link.new] == 1 and link.old == link.new
        if link.kind in IN_PLACE or (link.kind is None and alone):
            wanted[new_at[link.new]].append(old_at[link.old])
    for new, row in enumerate(staged.rows):
        at = old_at.get(row.code)
        if at is None or row.code in origins or row.code in after:
            continue
        if _same_unit(before.units.rows[at], row, shares.get((at, new), (0.0, 0.0))):
            wanted[new].append(at)
        else:
            reused.append(new)
    heirs = defaultdict(list)
    for new, olds in wanted.items():
        heirs[olds[0]].append(new)
        if len(olds) > 1:
            torn.append(new)
    torn += [new for news in heirs.values() if len(news) > 1 for new in news]
    return Keeping({new: olds[0] for new, olds in wanted.items()}, tuple(reused), tuple(torn))


def _same_unit(old: UnitRow, new: UnitRow, share: tuple[float, float]) -> bool:
    least = min(share)
    return least >= 0.9 or (bare(old.name) == bare(new.name) and least >= MOST_GROUND)


def new_identity(row: UnitRow, day: date, given: set[str]) -> str:
    """An identity that nobody ever had; it is added to ``given``."""
    base = f"VN-{row.province_code}-{row.code}-{day:%Y%m%d}"
    number, wanted = 2, base
    while wanted in given:
        wanted, number = f"{base}-{number}", number + 1
    given.add(wanted)
    return wanted
