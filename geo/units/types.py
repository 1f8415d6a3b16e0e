"""Value types of administrative units. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date

    from geo.types import Bbox

Confidence = Literal["inside", "near_boundary", "overlap", "gap_snapped", "outside"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One version of a unit: valid in ``[valid_from, valid_to)``, open where ``valid_to`` is None.

    ``feature_id`` names the version, ``unit_id`` the unit through all its versions; ``code`` (five digits) is
    an attribute: every code of the 2025 reform was reused from an older unit.
    """

    feature_id: int
    unit_id: str
    code: str
    name: str
    kind: str
    level: int
    province_code: str
    province_name: str | None
    district_name: str | None
    area_km2: float | None
    population: int | None
    valid_from: date
    valid_to: date | None
    bbox: Bbox


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit that covers a place or lies near it.

    ``distance_m`` to the unit: 0 where it covers the place, its border included. ``border_m`` to the unit's
    border. ``area_m2`` is geodesic.
    """

    unit: Unit
    distance_m: float
    border_m: float
    area_m2: float

    @property
    def covers(self) -> bool:
        """Whether the place is inside or on the border."""
        return self.distance_m == 0


@dataclass(frozen=True, slots=True)
class Placement:
    """Which unit answers for a place, among which, and how sure that is.

    ``candidates`` are in the order of preference; ``chosen`` is the first of them or None (``outside``).
    """

    chosen: Candidate | None
    candidates: tuple[Candidate, ...]
    confidence: Confidence
    threshold_m: float
