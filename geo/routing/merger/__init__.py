"""A merger of units: open cases are planned by their point, applied in batches, and can be taken back.

Callers use :func:`plan_case` (pure), :func:`plan`, :func:`apply`, :func:`revert` and :func:`day_of_vintage`.
"""

from geo.routing.merger.plan import Outcome, Planned, plan_case
from geo.routing.merger.run import apply, day_of_vintage, plan, revert, unfinished

__all__ = ["Outcome", "Planned", "apply", "day_of_vintage", "plan", "plan_case", "revert", "unfinished"]
