"""A merger of units: open cases are planned by their point, applied in batches, and can be taken back.

Callers use :func:`plan_case` (pure), :func:`wanted_vintage`, :func:`plan`, :func:`apply`, :func:`unfinished`
and :func:`revert`.
"""

from geo.routing.merger.plan import Outcome, Planned, plan_case
from geo.routing.merger.planning import Line, plan
from geo.routing.merger.run import apply, revert, unfinished
from geo.routing.merger.vintage import Wanted, wanted_vintage

__all__ = [
    "Line",
    "Outcome",
    "Planned",
    "Wanted",
    "apply",
    "plan",
    "plan_case",
    "revert",
    "unfinished",
    "wanted_vintage",
]
