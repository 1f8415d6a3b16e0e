"""All counts that a caller may see, as columns in memory: a filter over a million takes milliseconds.

Pure: how they come from the database stands in :mod:`geo.hotspots.load`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from geo.hotspots.cells import RESOLUTION, parents, resolution_of
from geo.hotspots.filters import EPOCH, Filter, day_of, number_of

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

# Two counts in one double: so far apart stand contacts (below) and incidents (above).
_APART = 2**26
_HALF = _APART // 2


@dataclass(frozen=True, slots=True)
class ByCell:
    """Counts by cell of one resolution, cells ascending."""

    cells: Ints
    incidents: Ints
    contacts: Ints


@dataclass(frozen=True, eq=False)
class Facts:
    """Lines sorted by day; small whole numbers stand for categories, channels and cells.

    ``cell`` indexes ``cells`` (distinct cells of resolution 9; 0 is "no cell").
    """

    categories: tuple[str, ...]
    channels: tuple[str, ...]
    cells: Ints
    cell: NDArray[np.int32]
    category: NDArray[np.int16]
    channel: NDArray[np.int16]
    ward: NDArray[np.int32]
    day: NDArray[np.int32]
    hour: NDArray[np.int8]
    incidents: NDArray[np.int32]
    contacts: NDArray[np.int32]
    _coarser: dict[int, tuple[Ints, Ints]] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, rows: NDArray[np.void], categories: tuple[str, ...], channels: tuple[str, ...]) -> Facts:
        """From rows as :data:`geo.hotspots.load.ROW` has them; codes: places in the tuples, from 1."""
        rows = rows[np.argsort(rows["day"], kind="stable")]
        cells, index = np.unique(rows["cell"].astype(np.int64), return_inverse=True)
        return cls(
            categories,
            channels,
            cells,
            index.astype(np.int32),
            rows["category"].astype(np.int16),
            rows["channel"].astype(np.int16),
            rows["ward"].astype(np.int32),
            rows["day"].astype(np.int32),
            rows["hour"].astype(np.int8),
            rows["incidents"].astype(np.int32),
            rows["contacts"].astype(np.int32),
        )

    def with_rows(self, rows: NDArray[np.void]) -> Facts:
        """The same and ``rows`` more: one report more must not cost the sorting of a million."""
        rows = rows[np.argsort(rows["day"], kind="stable")]
        at = np.searchsorted(self.day, rows["day"].astype(np.int32), side="right")
        new = np.setdiff1d(rows["cell"].astype(np.int64), self.cells)
        cells = np.concatenate([self.cells, new])
        order = np.argsort(cells)
        cell = order[np.searchsorted(cells, rows["cell"].astype(np.int64), sorter=order)]
        return Facts(
            self.categories,
            self.channels,
            cells,
            np.insert(self.cell, at, cell),
            np.insert(self.category, at, rows["category"]),
            np.insert(self.channel, at, rows["channel"]),
            np.insert(self.ward, at, rows["ward"]),
            np.insert(self.day, at, rows["day"]),
            np.insert(self.hour, at, rows["hour"]),
            np.insert(self.incidents, at, rows["incidents"]),
            np.insert(self.contacts, at, rows["contacts"]),
        )

    @cached_property
    def last_day(self) -> date | None:
        """The newest day with a report; None without any."""
        there = np.flatnonzero(self.contacts > 0)
        return day_of(int(self.day[there[-1]])) if len(there) else None

    def chosen(self, wanted: Filter) -> slice | Ints:
        """Which lines a filter takes: a slice where only days were asked, else their numbers."""
        low, high = np.searchsorted(self.day, [number_of(wanted.start), number_of(wanted.end)]).tolist()
        keep: NDArray[np.bool_] | None = None
        for column, known, asked in (
            (self.category, self.categories, wanted.categories),
            (self.channel, self.channels, wanted.channels),
        ):
            if asked:
                taken = np.array([False, *(name in asked for name in known)])
                keep = _both(keep, taken[column[low:high]])
        if wanted.wards:
            codes = np.array([int(code) for code in wanted.wards], dtype=np.int32)
            keep = _both(keep, np.isin(self.ward[low:high], codes))
        if wanted.cell is not None:
            resolution = resolution_of(wanted.cell)
            coarse, of = self.coarser(resolution)
            keep = _both(keep, coarse[of[self.cell[low:high]]] == wanted.cell)
        return slice(low, high) if keep is None else np.flatnonzero(keep) + low

    def by_cell(self, wanted: Filter, resolution: int) -> ByCell:
        """Counts by cell; lines without a cell are left out, cells without a report as well."""
        chosen = self.chosen(wanted)
        cells, of = self.coarser(resolution)
        fine = np.bincount(self.cell[chosen], self._pairs[chosen], minlength=len(self.cells))
        both = np.rint(np.bincount(of, fine, minlength=len(cells))).astype(np.int64)
        contacts = (both + _HALF) % _APART - _HALF
        incidents = (both - contacts) // _APART
        there = np.flatnonzero(((contacts > 0) | (incidents > 0)) & (cells != 0))
        return ByCell(cells[there], incidents[there], contacts[there])

    @cached_property
    def _pairs(self) -> NDArray[np.float64]:
        """Incidents and contacts of each line in one number: they are summed in one walk over the lines.

        Exact: fewer than 2^25 contacts, 33 million, and 2^27 incidents fit a double together.
        """
        return self.incidents.astype(np.float64) * _APART + self.contacts

    def by_step(self, wanted: Filter, resolution: int, cells: Ints, steps: int, days: int) -> Ints:
        """Incidents as array (cells, steps): steps of ``days`` days that end with the filter's end."""
        start = wanted.end - timedelta(days=steps * days)
        chosen = self.chosen(Filter(start, wanted.end, wanted.categories, wanted.channels, wanted.wards))
        known, of = self.coarser(resolution)
        row = np.full(len(known), -1, dtype=np.int64)
        if len(cells):
            at = np.searchsorted(cells, known).clip(max=len(cells) - 1)
            row = np.where(cells[at] == known, at, -1)
        line = row[of[self.cell[chosen]]]
        step = (self.day[chosen] - number_of(start)) // days
        inside = line >= 0
        flat = np.bincount(
            line[inside] * steps + step[inside], self.incidents[chosen][inside], minlength=len(cells) * steps
        )
        return np.rint(flat).astype(np.int64).reshape(len(cells), steps)

    def by_hour(self, wanted: Filter) -> tuple[Ints, Ints]:
        """Incidents and contacts as arrays (7 weekdays from Monday, 24 hours)."""
        chosen = self.chosen(wanted)
        weekday = (self.day[chosen] + EPOCH.weekday()) % 7
        at = weekday * 24 + self.hour[chosen]
        incidents, contacts = (
            np.rint(np.bincount(at, column[chosen], minlength=168)).astype(np.int64).reshape(7, 24)
            for column in (self.incidents, self.contacts)
        )
        return incidents, contacts

    def by_day(self, wanted: Filter) -> Ints:
        """Incidents of each day of the filter."""
        chosen = self.chosen(wanted)
        first = number_of(wanted.start)
        size = (wanted.end - wanted.start).days
        found = np.bincount(self.day[chosen] - first, self.incidents[chosen], minlength=size)
        return np.rint(found).astype(np.int64)

    def coarser(self, resolution: int) -> tuple[Ints, Ints]:
        """Distinct cells of a resolution, ascending, and for each of ``cells`` its place among them."""
        if resolution not in self._coarser:
            up = self.cells if resolution == RESOLUTION else parents(self.cells, resolution)
            cells, index = np.unique(np.where(self.cells == 0, 0, up), return_inverse=True)
            self._coarser[resolution] = (cells, index)
        return self._coarser[resolution]


def _both(one: NDArray[np.bool_] | None, other: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return other if one is None else one & other
