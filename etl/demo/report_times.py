# ruff: noqa: E501 (tables are read in rows)
"""When reports come: seasons, weekdays and hours by category, growth over the two years."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

START, END = date(2024, 11, 1), date(2026, 10, 31)  # both days included
DAYS = (END - START).days + 1
TET = (date(2025, 1, 29), date(2026, 2, 17))
WEEKDAY = (1.18, 1.1, 1.05, 1.0, 1.0, 0.78, 0.62)

# Share of each category, how far it belongs to towns (1) rather than the country (0), and its hours.
CATEGORIES: dict[str, tuple[float, float, str]] = {
    "GT": (12, 0.5, "day"), "CS": (6.5, 0.7, "evening"), "CTN": (9, 0.75, "day"), "MT": (14, 0.65, "day"),
    "TO": (6.5, 0.7, "night"), "TTDT": (8, 0.95, "rush"), "TTXD": (3.5, 0.6, "office"), "DD": (2.8, 0.3, "office"),
    "CX": (3, 0.85, "day"), "ANTT": (4.5, 0.6, "night"), "ATGT": (7, 0.75, "rush"), "PCCC": (1.5, 0.5, "day"),
    "DVT": (5, 0.5, "day"), "ATTP": (1.8, 0.8, "day"), "YT": (2, 0.5, "office"), "GD": (1.8, 0.6, "rush"),
    "HC": (3.2, 0.5, "office"), "QC": (1.8, 0.9, "office"), "DL": (1, 0.6, "day"), "NN": (3, 0.05, "office"),
    "VN": (1.6, 0.6, "rush"), "TT": (1.6, 0.2, "day"), "KHAC": (2.4, 0.5, "day"),
}  # fmt: skip
# Factor by month for the categories that have a season.
SEASONS: dict[str, dict[int, float]] = {
    "CTN": {5: 1.3, 6: 1.5, 7: 1.4, 8: 1.6, 9: 2.9, 10: 3.6, 11: 2.6},  # the flood: September to November
    "TT": {6: 1.5, 7: 2.0, 8: 2.2, 9: 3.2, 10: 3.8, 11: 2.4},
    "PCCC": {1: 1.4, 2: 2.2, 3: 2.6, 4: 2.2, 5: 1.2},
    "CX": {5: 1.5, 6: 1.8, 7: 1.8, 8: 1.6, 9: 1.3},
    "YT": {6: 1.5, 7: 1.9, 8: 2.0, 9: 1.8, 10: 1.6},
    "GD": {8: 1.6, 9: 2.6, 10: 1.5, 6: 0.3, 7: 0.3},
    "NN": {1: 1.5, 2: 1.6, 3: 1.3, 6: 1.3, 7: 1.5, 8: 1.3},
    "GT": {9: 1.3, 10: 1.5, 11: 1.3},
    "DL": {1: 1.6, 2: 2.2, 4: 1.6, 6: 1.4, 7: 1.5, 12: 1.3},
}
# (days after Tết, factor) while the effect lasts: rubbish after the holiday, noise around it.
AROUND_TET: dict[str, tuple[int, int, float]] = {
    "MT": (0, 16, 3.0),
    "TO": (-8, 6, 2.2),
    "ATGT": (-10, 2, 1.7),
    "HC": (-6, 6, 0.2),
}

# Peaks as (hour, spread, weight) over a low floor.
HOURS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "day": ((9, 2, 1.0), (15.5, 2.2, 0.9), (20, 1.3, 0.5)),
    "office": ((9, 1.3, 1.0), (14.8, 1.2, 0.9)),
    "rush": ((7, 0.8, 1.0), (11, 0.9, 0.5), (17, 1.1, 1.0)),
    "evening": ((19.5, 1.3, 1.0), (21.5, 1, 0.5), (9, 2, 0.25)),
    "night": ((21.8, 1.2, 1.0), (23.3, 0.9, 0.7), (0.8, 0.9, 0.4), (9, 2, 0.15)),
}


def calendar() -> list[date]:
    """The days of the two years."""
    return [START + timedelta(days=i) for i in range(DAYS)]


def day_weights(category: str) -> NDArray[np.float64]:
    """How likely each day is for a category; sums to 1."""
    days = calendar()
    season = SEASONS.get(category, {})
    low, high, factor = AROUND_TET.get(category, (0, -1, 1.0))
    weight = [
        WEEKDAY[day.weekday()] * season.get(day.month, 1.0)
        * (factor if any(low <= (day - tet).days <= high for tet in TET) else 1.0)
        * (0.55 + 0.9 * i / DAYS)
        for i, day in enumerate(days)
    ]  # fmt: skip
    return np.array(weight) / sum(weight)


def seconds(
    categories: NDArray[np.object_], rng: np.random.Generator, first_day: int = 0
) -> NDArray[np.int64]:
    """When each report came, in seconds after midnight (Vietnam) of the first day."""
    found = np.empty(len(categories), dtype=np.int64)
    for category in np.unique(categories):
        here = np.flatnonzero(categories == category)
        weight = day_weights(str(category))
        weight[:first_day] = 0
        day = rng.choice(DAYS, size=len(here), p=weight / weight.sum())
        found[here] = day * 86_400 + _times_of_day(CATEGORIES[str(category)][2], len(here), rng)
    return found


def _times_of_day(profile: str, count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    hour = np.arange(24) + 0.5
    weight = np.full(24, 0.03)
    for peak, spread, height in HOURS[profile]:
        away = np.minimum(np.abs(hour - peak), 24 - np.abs(hour - peak))
        weight += height * np.exp(-0.5 * (away / spread) ** 2)
    hours = rng.choice(24, size=count, p=weight / weight.sum())
    return hours * 3600 + rng.integers(0, 3600, count)
