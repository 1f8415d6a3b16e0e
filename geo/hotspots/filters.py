"""Which reports a question is about, and how counts number days. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

EPOCH = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which reports count: received on days ``[start, end)``; empty tuples mean any.

    ``cell``: of any one resolution from 5 to 9, with all that lies in it.
    """

    start: date
    end: date
    categories: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    wards: tuple[str, ...] = ()
    cell: int | None = None


def number_of(day: date) -> int:
    """Days since 2000-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """The day of :func:`number_of`."""
    return EPOCH + timedelta(days=number)
