"""The choice among candidates: pure, total and stable, so that the same place always gets the same answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.units.types import Candidate, Confidence, Placement

if TYPE_CHECKING:
    from collections.abc import Iterable

# A telephone's position is seldom better; nearer to a border than this nobody can tell the side.
NEAR_BOUNDARY_M = 15.0
# Coverages of different sources leave slits of a few metres; a place in one belongs to the nearest unit.
GAP_SNAP_M = 20.0
# Two units that cover a place without it lying on a border: the source itself overlaps.
ON_BORDER_M = 0.01
# Neighbours farther away are not listed, however bad the accuracy: the list is for people.
SEARCH_MAX_M = 2_000.0


def search_radius_m(accuracy_m: float | None) -> float:
    """How far :func:`choose` wants to know of candidates, for a position of that accuracy."""
    return min(max(_threshold_m(accuracy_m), GAP_SNAP_M), SEARCH_MAX_M)


def choose(candidates: Iterable[Candidate], accuracy_m: float | None = None) -> Placement:
    """The unit that answers for a place.

    A covering unit comes before a near one; among equals the smaller area, then the unit's identity decides:
    never the order in which the database found them. Distances are compared in whole millimetres, areas in
    whole square metres: the last bits of a float are not a reason.
    """
    threshold_m = _threshold_m(accuracy_m)
    ordered = in_order(candidates)
    covering = tuple(candidate for candidate in ordered if candidate.covers)
    if covering:
        return Placement(covering[0], ordered, _sureness(covering, threshold_m), threshold_m)
    if ordered and ordered[0].distance_m <= GAP_SNAP_M:
        return Placement(ordered[0], ordered, "gap_snapped", threshold_m)
    return Placement(None, ordered, "outside", threshold_m)


def in_order(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Candidates with the preferred one first; total and stable."""
    return tuple(sorted(candidates, key=_preference))


def _threshold_m(accuracy_m: float | None) -> float:
    return max(accuracy_m or 0.0, NEAR_BOUNDARY_M)


def _preference(candidate: Candidate) -> tuple[float, float, str, int]:
    unit = candidate.unit
    return (round(candidate.distance_m, 3), round(candidate.area_m2), unit.unit_id, unit.feature_id)


def _sureness(covering: tuple[Candidate, ...], threshold_m: float) -> Confidence:
    if len(covering) > 1 and all(candidate.border_m > ON_BORDER_M for candidate in covering):
        return "overlap"
    return "near_boundary" if covering[0].border_m < threshold_m or len(covering) > 1 else "inside"
