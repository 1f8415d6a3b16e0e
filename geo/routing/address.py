"""From an address in words to a unit, when there is no point: only where nothing has to be guessed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from geo.units import Unit


@dataclass(frozen=True, slots=True)
class Addressed:
    """``one``: the only identity in ``units``; ``ask``: the reporter chooses among them; else ``none``."""

    answer: Literal["one", "ask", "none"]
    units: tuple[str, ...] = ()


def settled(
    found: Sequence[Unit], province_code: str | None, successors: Mapping[str, Sequence[str]]
) -> Addressed:
    """What units of a name (of whatever day the address is from) mean for the units of today.

    A name is one unit's only within its province: 246 names of wards stand in several. ``successors`` of a
    unit that was split are several, and no centroid decides among them.
    """
    named = [each for each in found if province_code is None or each.province_code == province_code]
    if len(named) > 1:
        return Addressed("ask", tuple(each.unit_id for each in named))
    if not named:
        return Addressed("none")
    after = tuple(successors.get(named[0].unit_id, ())) or (named[0].unit_id,)
    return Addressed("one" if len(after) == 1 else "ask", after)
