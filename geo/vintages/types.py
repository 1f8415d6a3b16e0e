"""Value types of vintages: the units of one day as a file gives them, and what the database knows. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    Shapes = NDArray[np.object_]
    # How far a long work is: the share that is done (0 to 1) and what is being done.
    Progress = Callable[[float, str], None]

Scope = Literal["whole", "listed"]
SuccessionKind = Literal["rename", "whole", "part", "boundary_shift", "promotion"]
# Communes, wards, townships and special zones: the level of every unit that is loaded.
COMMUNE_LEVEL = 3


def silent(_share: float, _word: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True)
class UnitRow:
    """One unit as it stands in a file or in the database. ``code`` has five digits."""

    code: str
    name: str
    kind: str
    province_code: str
    province_name: str | None = None
    district_name: str | None = None
    population: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """Units of one day. ``shapes``: MultiPolygons, WGS 84 lon lat, one for each row."""

    rows: tuple[UnitRow, ...]
    shapes: Shapes

    def at(self) -> dict[str, int]:
        """The place of each code."""
        return {row.code: i for i, row in enumerate(self.rows)}


@dataclass(frozen=True, slots=True)
class Version:
    """What the database keeps of one version of a unit."""

    feature_id: int
    unit_id: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Known:
    """Units of the database, in the order of ``versions``."""

    versions: tuple[Version, ...]
    units: Coverage

    def __len__(self) -> int:
        return len(self.versions)


@dataclass(frozen=True, slots=True)
class Link:
    """One line of a table of succession. ``kind`` None: the table does not say, ``unchanged``: it says so."""

    old: str
    new: str
    kind: SuccessionKind | Literal["unchanged"] | None = None
    share_pop: float | None = None


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What official data may err before they are refused.

    The defaults let the published boundaries of 2025 pass (largest overlap 62 ha, largest hole 41 ha, in all
    some millionths of the ground each) and stop below the smallest ward of that day, 91 ha.
    """

    overlap_ha: float = 100.0  # one pair of units
    overlap_share: float = 1e-4  # of all the ground
    gap_ha: float = 50.0  # one hole
    gap_share: float = 1e-4
    uncovered_share: float = 0.005  # of the ground of the units before
    unit_share: float = 0.05  # of one unit: what is less is drawing, not law
    repair_share: float = 0.001  # of one unit's area, changed by mending its rings


@dataclass(frozen=True, slots=True)
class Request:
    """What an operator asks for. ``valid_to`` None: until a later vintage ends it."""

    valid_from: date
    legal_ref: str
    valid_to: date | None = None
    scope: Scope = "whole"
    correct: bool = False
    tolerances: Tolerances = field(default_factory=Tolerances)
