"""The disc of a position's accuracy, and the order of units by their share of it. Pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from geo.units import choose

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from geo.types import LonLat
    from geo.units import Candidate, Placement

# Below this nobody can tell the side of a border, whatever the device claims: shares would be make-believe.
SHARE_FROM_M = 15.0
# Above this a position says no more than the province; neighbours are not looked for that far either.
DISC_MAX_M = 2_000.0
CORNERS = 32
METRES_PER_DEGREE = 111_195.0


def has_disc(accuracy_m: float | None) -> bool:
    """Whether a position is so uncertain that the shares of its disc count."""
    return accuracy_m is not None and accuracy_m > SHARE_FROM_M


def disc_wkt(place: LonLat, accuracy_m: float) -> str:
    """The disc as a polygon of 32 corners, in degrees.

    One text for PostGIS and for memory, so that both measure the same disc.
    """
    radius_deg = min(accuracy_m, DISC_MAX_M) / METRES_PER_DEGREE
    shrink = math.cos(math.radians(place.lat))
    corners = [
        (
            place.lon + radius_deg / shrink * math.cos(2 * math.pi * corner / CORNERS),
            place.lat + radius_deg * math.sin(2 * math.pi * corner / CORNERS),
        )
        for corner in range(CORNERS)
    ]
    ring = ", ".join(f"{lon!r} {lat!r}" for lon, lat in [*corners, corners[0]])
    return f"POLYGON(({ring}))"


def placed(
    candidates: Iterable[Candidate], accuracy_m: float | None, shares: Mapping[int, float]
) -> Placement:
    """The unit that answers for a place: :func:`geo.units.choose`, and by shares near a border.

    Shares are compared in whole percents: the last bits of a float are not a reason.
    """
    placement = choose(candidates, accuracy_m)
    if placement.confidence != "near_boundary" or not has_disc(accuracy_m):
        return placement
    ordered = tuple(
        sorted(placement.candidates, key=lambda each: -round(shares.get(each.unit.feature_id, 0.0), 2))
    )
    return replace(placement, chosen=ordered[0], candidates=ordered)
