"""Days and instants on the Asia/Ho_Chi_Minh calendar, on which every rule of a province is written."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from geo.errors import InvalidInput

ICT = ZoneInfo("Asia/Ho_Chi_Minh")

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+ -]\d{2}:\d{2})?", re.ASCII
)
# Outside these years a date is a slip of the pen, and PostgreSQL's arithmetic on it may overflow.
YEARS = range(1900, 2200)


def today_ict() -> date:
    """The day it is in Vietnam."""
    return date_of(datetime.now(UTC))


def date_of(instant: datetime) -> date:
    """The day on which an instant falls in Vietnam; ``ValueError`` for an instant without a time zone.

    2025-06-30T16:59:59Z is still 30 June, 17:00:00Z is 1 July: the day on which the wards changed.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no day")
    return instant.astimezone(ICT).date()


def start_of(day: date) -> datetime:
    """The instant at which a day begins in Vietnam."""
    return datetime.combine(day, time(), ICT)


def parse_day(parameter: str, text: str | None) -> date:
    """The day of a request value: a date, or the Vietnamese day of an instant; today where there is none."""
    if text is None:
        return today_ict()
    moment = parse_moment(parameter, text)
    return moment if not isinstance(moment, datetime) else date_of(moment)


def parse_date(parameter: str, text: str) -> date:
    """A date as it is written, of any year; ``InvalidInput`` for anything but ``YYYY-MM-DD``."""
    try:
        if not DAY.fullmatch(text):  # fromisoformat also reads 20260101 and 2026-W01-1
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            parameter, text, "một ngày YYYY-MM-DD, ví dụ 2026-07-01", "a day YYYY-MM-DD, e.g. 2026-07-01"
        ) from None


def parse_instant(parameter: str, text: str) -> datetime:
    """The instant of a request value; a date stands for its beginning in Vietnam."""
    moment = parse_moment(parameter, text)
    return moment if isinstance(moment, datetime) else start_of(moment)


def parse_moment(parameter: str, text: str) -> date | datetime:
    """A date (``2026-07-01``) or an instant (RFC 3339; without offset it is Vietnamese time).

    Raises ``InvalidInput`` for anything else. A blank where the offset's plus should stand is read as that
    plus: in a query string ``+`` means a blank.
    """
    try:
        if DAY.fullmatch(text):
            moment: date | datetime = date.fromisoformat(text)
        elif _INSTANT.fullmatch(text):
            plain = text.upper().replace(" ", "+")
            parsed = datetime.fromisoformat(plain)
            moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=ICT)
        else:
            raise ValueError(text)
        if moment.year not in YEARS:
            raise ValueError(text)
    except ValueError:
        raise InvalidInput(
            parameter,
            text,
            "ngày YYYY-MM-DD hoặc thời điểm RFC 3339, ví dụ 2026-07-01 hoặc 2026-07-01T08:00:00+07:00",
            "a date YYYY-MM-DD or an instant of RFC 3339, e.g. 2026-07-01 or 2026-07-01T08:00:00+07:00",
        ) from None
    return moment
