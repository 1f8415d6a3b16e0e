"""Validity in time: today on the province's calendar, and the half-open test that every door uses."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from psycopg import sql

from geo.errors import InvalidInput

HO_CHI_MINH = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def today() -> date:
    """The day it is on the Asia/Ho_Chi_Minh calendar."""
    return datetime.now(HO_CHI_MINH).date()


def parse_day(parameter: str, text: str | None) -> date:
    """A day out of a request, today where none is given; ``InvalidInput`` for anything but ``YYYY-MM-DD``."""
    if text is None:
        return today()
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
