"""What the reporter says of the ward, where the position leaves it open. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from geo.routing.types import Stated
from geo.units import GAP_SNAP_M

if TYPE_CHECKING:
    from geo.units import Placement

# Where a position does not say by itself which unit it is in.
OPEN = frozenset({"near_boundary", "overlap", "gap_snapped"})


def tipped(placement: Placement, said: str | None) -> tuple[Placement, Stated | None]:
    """The placement with the candidate of that identity or code in front, and what became of the word.

    It is followed only where the position leaves the side open, and only for a unit within that doubt: a word
    never moves a report to a ward elsewhere.
    """
    if said is None:
        return placement, None
    named = next((c for c in placement.candidates if said in (c.unit.unit_id, c.unit.code)), None)
    if named is None:
        return placement, Stated(said, None, followed=False)
    doubt_m = max(placement.threshold_m, GAP_SNAP_M)
    if placement.confidence not in OPEN or named.distance_m > doubt_m:
        return placement, Stated(said, named.unit, followed=False)
    ordered = (named, *(each for each in placement.candidates if each is not named))
    return replace(placement, chosen=named, candidates=ordered), Stated(said, named.unit, followed=True)
