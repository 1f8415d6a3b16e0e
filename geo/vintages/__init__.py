"""Vintages: the units of a day, staged with a report, made real in one transaction, undone exactly.

Callers use :func:`stage` with :class:`Files`, :class:`Request` and :class:`Tolerances`; :func:`activate`,
:func:`supposed`, :func:`revert`, :func:`vintages`, :func:`vintage`; and :func:`geo.vintages.report.lines` to
print a report.
"""

from geo.vintages.life import Vintage, activate, revert, supposed, vintage, vintages
from geo.vintages.report import lines
from geo.vintages.stage import Files, Staged, stage
from geo.vintages.types import Request, Tolerances

__all__ = [
    "Files",
    "Request",
    "Staged",
    "Tolerances",
    "Vintage",
    "activate",
    "lines",
    "revert",
    "stage",
    "supposed",
    "vintage",
    "vintages",
]
