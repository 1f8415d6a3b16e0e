"""Citizens' reports: checked, routed to the ward that covers their place, stored, and followed by a code.

Callers use the names below. What a report is as a layer stands in ``layers/reports``.
"""

from geo.reports.check import TEXT_MAX, TEXT_MIN, new_report
from geo.reports.codes import normalise, prefix_of
from geo.reports.intake import Home, status_of, submit
from geo.reports.limits import Limiter
from geo.reports.photo import PhotoStore
from geo.reports.types import Event, Incident, NewReport, Receipt, Retry
from geo.reports.words import next_steps

__all__ = [
    "TEXT_MAX",
    "TEXT_MIN",
    "Event",
    "Home",
    "Incident",
    "Limiter",
    "NewReport",
    "PhotoStore",
    "Receipt",
    "Retry",
    "new_report",
    "next_steps",
    "normalise",
    "prefix_of",
    "status_of",
    "submit",
]
