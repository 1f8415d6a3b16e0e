"""Routing: which body answers for a case, by rules that are data, with a reason that is kept.

Callers use :func:`route` (pure), :func:`decide` (asks the database and routes), :mod:`geo.routing.rules`
(reading and saving rule sets), :mod:`geo.routing.hands` (staff pass a case on), :mod:`geo.routing.replay`,
:mod:`geo.routing.statistics`, :mod:`geo.routing.merger` and, in memory, :class:`geo.routing.memory.Ground`.
"""

from geo.routing.facts import Question, decide
from geo.routing.place import checked_place
from geo.routing.record import record, shown
from geo.routing.route import route
from geo.routing.types import Body, Decision, Near, Rule, RuleSet

__all__ = [
    "Body",
    "Decision",
    "Near",
    "Question",
    "Rule",
    "RuleSet",
    "checked_place",
    "decide",
    "record",
    "route",
    "shown",
]
