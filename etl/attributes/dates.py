"""Dates and moments as people write them: day first, in words, a spreadsheet's number; or a month, a year."""

from __future__ import annotations

import math
import re
import unicodedata
from calendar import monthrange
from datetime import date, datetime, time, timedelta

from etl.attributes.wrong import Wrong
from geo.calendar import ICT

_DAY_FIRST = re.compile(r"(\d{1,2})\s*+[/.-]\s*+(\d{1,2})\s*+[/.-]\s*+(\d{4}|\d{2})", re.ASCII)
_IN_WORDS = re.compile(r"(?:ngày\s*+)?(\d{1,2})\s*+tháng\s*+(\d{1,2})\s*+năm\s*+(\d{4})", re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
# Excel's day 0; serial days of 1990–2099 are taken for dates where a column of dates holds numbers.
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(32_874, 73_051)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d{1,17})?", re.ASCII)
# 03/2024, T3-2024, tháng 3 năm 2024; quý II/2024; năm 2024.
_MONTH = re.compile(r"(?:tháng|t)?\.?\s*+(\d{1,2})\s*+(?:[/.-]|năm)\s*+((?:19|20)\d\d)", re.IGNORECASE)
_QUARTER = re.compile(
    r"(?:quý|q)\.?\s*+(IV|I{1,3}|[1-4])\s*+(?:[/.-]|năm)?\s*+((?:19|20)\d\d)", re.IGNORECASE
)
_YEAR = re.compile(r"(?:năm\s*+)?((?:19|20)\d\d)(?:\.0)?", re.IGNORECASE)
_QUARTERS = {"I": 1, "II": 2, "III": 3, "IV": 4}
# 15/03/2024 08:30, 08h30 15/03/2024
_TIME = r"(\d{1,2})\s*+[:hg]\s*+(\d{2})(?::(\d{2})(?:\.\d++)?)?"
_HALF = re.compile(r"(?<=\d) ?(AM|PM|SA|CH)(?![^\W\d])", re.IGNORECASE)
_DAY_THEN_TIME = re.compile(rf"^([^:]{{6,30}}?)[\s,]++{_TIME}", re.IGNORECASE)
_TIME_THEN_DAY = re.compile(rf"^{_TIME}[\s,]++(?:ngày\s*+)?(.{{6,30}})", re.IGNORECASE)
_A_DATE = ("ngày như 21/11/2026", "a date such as 21/11/2026 or 2026-11-21")
_NO_INSTANT = (
    ("không phải thời điểm", "is no instant"),
    ("ngày giờ như 21/11/2026 08:30", "an instant such as 21/11/2026 08:30 or 2026-11-21T08:30"),
)


def to_date(value: object) -> date:
    """``2026-11-21``; day first as Vietnam writes, ``21/11/2026``; in words; a spreadsheet's serial day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if (counted := serial(value)) is not None:
        return counted.date()
    text = _text(value)
    found = _DAY_FIRST.fullmatch(text) or _IN_WORDS.fullmatch(text)
    try:
        if found:
            year = int(found[3])
            return date(year if year > 99 else 2000 + year, int(found[2]), int(found[1]))
        if text.isdigit() and len(text) == 8:
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
        if _ISO.match(text):
            return date.fromisoformat(text[:10])
    except ValueError:
        pass
    if period(value) is not None:
        raise Wrong(("chỉ có tháng hoặc năm, thiếu ngày", "names a month or a year and no day"), _A_DATE)
    raise Wrong(("không phải ngày", "is no date"), _A_DATE)


def serial(value: object) -> datetime | None:
    """A spreadsheet's number of a day, with the time of day behind its point; None for what is none."""
    if isinstance(value, str) and not _SERIAL.fullmatch(value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    days = float(str(value).strip().replace(",", "."))
    if not math.isfinite(days) or int(days) not in _EXCEL_DAYS:
        return None
    return datetime.combine(_EXCEL_EPOCH, time()) + timedelta(seconds=round(days * 86_400))


def period(value: object) -> tuple[date, date] | None:
    """The first and the last day of a month, a quarter or a year; None for what is none of them."""
    text = _text(value)
    if (found := _MONTH.fullmatch(text)) and 1 <= int(found[1]) <= 12:
        return _months(int(found[2]), int(found[1]), 1)
    if found := _QUARTER.fullmatch(text):
        quarter = _QUARTERS.get(found[1].upper()) or int(found[1])
        return _months(int(found[2]), 3 * quarter - 2, 3)
    if found := _YEAR.fullmatch(text):
        return _months(int(found[1]), 1, 12)
    return None


def _months(year: int, month: int, count: int) -> tuple[date, date]:
    last = month + count - 1
    return date(year, month, 1), date(year, last, monthrange(year, last)[1])


def to_day(value: object, *, last: bool) -> date:
    """A date; of a month, a quarter or a year its first day, or its ``last`` for what ends then.

    Not for dates with an effect in law (in force from, to): those must name their day (``to_date``).
    """
    found = period(value)
    return to_date(value) if found is None else found[last]


def to_timestamp(value: object) -> datetime:
    """An instant, day first or by ISO 8601; without a zone it is Vietnam's time."""
    moment = value if isinstance(value, datetime) else serial(value) or _half(_text(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=ICT)


def _half(text: str) -> datetime:
    """An instant whose clock goes to twelve (AM, PM; in Vietnamese SA, CH), or to twenty-four."""
    if (found := _HALF.search(text)) is None:
        return _moment(text)
    moment = _moment(text[: found.start()] + text[found.end() :])
    if not 1 <= moment.hour <= 12:
        raise Wrong(*_NO_INSTANT)
    return moment.replace(hour=moment.hour % 12 + 12 * (found[1].upper() in ("PM", "CH")))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        if found := _DAY_THEN_TIME.fullmatch(text):
            return datetime.combine(to_date(found[1]), _clock(found[2], found[3], found[4]))
        if found := _TIME_THEN_DAY.fullmatch(text):
            return datetime.combine(to_date(found[4]), _clock(found[1], found[2], found[3]))
        return datetime.combine(to_date(text), time())
    except (ValueError, Wrong):
        raise Wrong(*_NO_INSTANT) from None


def _clock(hour: str, minute: str, second: str | None) -> time:
    return time(int(hour), int(minute), int(second or 0))


def _text(value: object) -> str:
    return unicodedata.normalize("NFC", str(value)).strip()
