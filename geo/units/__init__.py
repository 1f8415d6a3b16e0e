"""Administrative units in time: which ward covers a place on a day, and how sure that is.

Callers use :func:`units_near`, :func:`units_by_code`, :func:`units_by_name`, :func:`extent` (questions to the
database), :func:`choose` (the decision, pure) and the value types of :mod:`geo.units.types`.
"""

from geo.units.choose import choose, search_radius_m
from geo.units.lookup import extent, units_by_code, units_by_name, units_near
from geo.units.types import Candidate, Confidence, Placement, Unit

__all__ = [
    "Candidate",
    "Confidence",
    "Placement",
    "Unit",
    "choose",
    "extent",
    "search_radius_m",
    "units_by_code",
    "units_by_name",
    "units_near",
]
