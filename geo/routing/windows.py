"""When a rule holds, and whether two rules ever hold together. Pure."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING

from geo.calendar import ICT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from geo.routing.types import Rule

    Span = tuple[time, time | None]


def holds_at(rule: Rule, moment: datetime) -> bool:
    """Whether weekday, hour and validity of ``rule`` take in a moment, on the Vietnamese calendar."""
    local = moment.astimezone(ICT)
    if rule.weekdays is not None and local.isoweekday() not in rule.weekdays:
        return False
    if not _in_force(rule, local.date()):
        return False
    clock = local.time()
    return any(start <= clock and (end is None or clock < end) for start, end in spans(rule.hours))


def ever_together(one: Rule, other: Rule) -> bool:
    """Whether some case could match both rules.

    Layers and road classes never part two rules: a place may lie near a national and a provincial road at
    once.
    """
    return (
        one.outside == other.outside
        and _meet(one.categories, other.categories)
        and _meet(one.units, other.units)
        and _meet(one.weekdays, other.weekdays)
        and _spans_meet(spans(one.hours), spans(other.hours))
        and (one.valid_from or date.min) < (other.valid_to or date.max)
        and (other.valid_from or date.min) < (one.valid_to or date.max)
    )


def spans(hours: tuple[time, time] | None) -> tuple[Span, ...]:
    """Half-open stretches of one day; None stands for midnight at its end."""
    if hours is None:
        return ((time(), None),)
    start, end = hours
    if start < end:
        return ((start, end),)
    return ((start, None),) if end == time() else ((time(), end), (start, None))


def _in_force(rule: Rule, day: date) -> bool:
    begun = rule.valid_from is None or rule.valid_from <= day
    return begun and (rule.valid_to is None or day < rule.valid_to)


def _meet(one: Iterable[object] | None, other: Iterable[object] | None) -> bool:
    return one is None or other is None or not set(one).isdisjoint(other)


def _spans_meet(one: tuple[Span, ...], other: tuple[Span, ...]) -> bool:
    return any(
        (b_end is None or a_start < b_end) and (a_end is None or b_start < a_end)
        for a_start, a_end in one
        for b_start, b_end in other
    )
