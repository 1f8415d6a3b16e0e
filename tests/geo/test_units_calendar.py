"""Days on the Vietnamese calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from geo.calendar import date_of, parse_day, parse_instant, start_of, today_ict
from geo.errors import InvalidInput


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-06-30T16:59:59Z", date(2025, 6, 30)),
        ("2025-06-30T17:00:00Z", date(2025, 7, 1)),
        ("2025-06-30t17:00:00z", date(2025, 7, 1)),
        ("2025-06-30T23:59:59.999+07:00", date(2025, 6, 30)),
        ("2025-07-01T00:00:00 07:00", date(2025, 7, 1)),  # a plus that a query string made a blank
        ("2025-06-30T23:59", date(2025, 6, 30)),
        ("2025-07-01", date(2025, 7, 1)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_the_day_of_a_moment(text: str, day: date) -> None:
    assert parse_day("at", text) == day


@pytest.mark.parametrize(
    "text",
    [
        "", "today", "2025", "2025-7-1", "20250701", "2025-W27-2", "2025-02-29", "2025-13-01", "0001-01-01",
        "9999-12-31", "2025-07-01T25:00Z", "2025-07-01T00:00:00+99:99", "infinity", "now()", "١٩٩٩-٠١-٠١",
        "2025-07-01'; DROP TABLE core.reports; --", "2025-07-01\x00", " 2025-07-01", "-2025-07-01", "NaN",
    ],
)  # fmt: skip
def test_what_is_no_moment_says_what_is(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_day("at", text)
    assert "YYYY-MM-DD" in caught.value.allowed_vi


def test_instants() -> None:
    assert start_of(date(2025, 7, 1)) == datetime(2025, 6, 30, 17, tzinfo=UTC)
    assert parse_instant("from", "2025-07-01") == datetime(2025, 6, 30, 17, tzinfo=UTC)
    assert parse_day("at", None) == today_ict()
    with pytest.raises(ValueError, match="time zone"):
        date_of(datetime(2025, 7, 1))
