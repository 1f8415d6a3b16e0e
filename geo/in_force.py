"""Validity in time: the half-open test that every door uses, and the day it is asked for."""

from __future__ import annotations

import re
from datetime import date

from psycopg import sql

from geo.calendar import ICT as HO_CHI_MINH
from geo.errors import InvalidInput

__all__ = ["DAY", "HO_CHI_MINH", "in_force", "parse_day"]

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_day(parameter: str, text: str) -> date:
    """A day of any year out of a request; ``InvalidInput`` for anything but ``YYYY-MM-DD``."""
    try:
        if not DAY.fullmatch(text):  # fromisoformat also reads 20260101 and 2026-W01-1
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            parameter, text, "một ngày YYYY-MM-DD, ví dụ 2026-07-01", "a day YYYY-MM-DD, e.g. 2026-07-01"
        ) from None


def in_force(parameter: str) -> sql.Composed:
    """The test that a row with ``valid_from``/``valid_to`` (half-open, null is open) holds on a day."""
    day = sql.Placeholder(parameter)
    return sql.SQL(
        "(valid_from IS NULL OR valid_from <= {day}) AND (valid_to IS NULL OR valid_to > {day})"
    ).format(day=day)
