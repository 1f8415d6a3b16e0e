"""``datetime`` of OGC API Features (17-069r4, requirements 24 to 26) on the calendar of valid time.

Units and layers change on days of the Asia/Ho_Chi_Minh calendar: an instant is the day on which it falls
there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from geo.calendar import DAY, date_of, parse_date
from geo.errors import InvalidInput

INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+ -][0-9]{2}:[0-9]{2})"
)
ALLOWED = (
    "ngày (2025-07-01), thời điểm (2025-07-01T00:00:00+07:00) hoặc khoảng a/b, .. là không giới hạn",
    "a day (2025-07-01), an instant (2025-07-01T00:00:00+07:00) or an interval a/b, .. being open",
)


@dataclass(frozen=True, slots=True)
class Days:
    """From ``first`` to ``last``, both days included; None is open."""

    first: date | None
    last: date | None


def parse_datetime(text: str) -> Days:
    """Days meant by ``datetime``; ``InvalidInput`` for another form or an interval that runs backwards."""
    parts = text.split("/")
    if len(parts) == 1:
        day = _day(parts[0], text)
        return Days(day, day)
    if len(parts) != 2:
        raise InvalidInput("datetime", text, *ALLOWED)
    first, last = (None if part in ("", "..") else _day(part, text) for part in parts)
    if first is not None and last is not None and first > last:
        raise InvalidInput("datetime", text, "khoảng bắt đầu ≤ kết thúc", "an interval with start ≤ end")
    return Days(first, last)


def parse_instant(parameter: str, text: str) -> datetime:
    """One RFC 3339 date-time; ``InvalidInput`` otherwise. A ``+`` may have come as a space (URL decoding)."""
    if INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper().replace(" ", "+"))
        except ValueError:
            pass
    raise InvalidInput(parameter, text, *ALLOWED)


def _day(part: str, whole: str) -> date:
    try:
        if DAY.fullmatch(part):
            return parse_date("datetime", part)
        return date_of(parse_instant("datetime", part))
    except (InvalidInput, OverflowError):
        raise InvalidInput("datetime", whole, *ALLOWED) from None
