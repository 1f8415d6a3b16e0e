"""Administrative units in time: which ward covers a place on a day, what it was called, what became of it.

Callers use :func:`units_near`, :func:`units_by_code`, :func:`units_by_name`, :func:`units_elsewhen`,
:func:`units_by_address`, :func:`extent`, :func:`history`, :func:`heirs`, :func:`province` (questions to the
database), :func:`choose` (the decision, pure) and the value types of :mod:`geo.units.types`. Loading a
vintage: :mod:`geo.vintages`.
"""

from geo.units.address import Addressed
from geo.units.addressed import units_by_address
from geo.units.choose import GAP_SNAP_M, choose, in_order, search_radius_m
from geo.units.history import heirs, history
from geo.units.lookup import extent, units_by_code, units_near
from geo.units.named import units_by_name, units_elsewhen
from geo.units.province import province
from geo.units.types import Candidate, Confidence, Placement, Unit

__all__ = [
    "GAP_SNAP_M",
    "Addressed",
    "Candidate",
    "Confidence",
    "Placement",
    "Unit",
    "choose",
    "extent",
    "heirs",
    "history",
    "in_order",
    "province",
    "search_radius_m",
    "units_by_address",
    "units_by_code",
    "units_by_name",
    "units_elsewhen",
    "units_near",
]
