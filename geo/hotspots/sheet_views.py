"""What a sheet draws in each view of the screen: colours of cells, legend, and the table beside. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.hotspots.answer import STATES
from geo.hotspots.cells import as_text
from geo.hotspots.picture import LOWEST, RAMP, color_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from geo.hotspots.answer import Shown
    from geo.hotspots.surface import Surface
    from geo.hotspots.tables import CellTable

# The colours of the screen (web_map/src/map/ramp.ts) with their words.
STATE_WORDS = {
    "hot99": ("#b2182b", "Nóng, FDR 1 %"),
    "hot95": ("#ef8a62", "Nóng, FDR 5 %"),
    "hot90": ("#fddbc7", "Nóng, FDR 10 %"),
    "cold90": ("#d1e5f0", "Lạnh, FDR 10 %"),
    "cold95": ("#67a9cf", "Lạnh, FDR 5 %"),
    "cold99": ("#2166ac", "Lạnh, FDR 1 %"),
}
KIND_WORDS = {
    "new_hot": ("#67001f", "Nóng mới"),
    "consecutive_hot": ("#b2182b", "Nóng liên tiếp"),
    "intensifying_hot": ("#d6604d", "Nóng tăng dần"),
    "persistent_hot": ("#f4a582", "Nóng kéo dài"),
    "sporadic_hot": ("#e0c27a", "Nóng từng lúc"),
    "oscillating_hot": ("#bf812d", "Lúc nóng lúc lạnh, nay nóng"),
    "diminishing_hot": ("#fddbc7", "Nóng giảm dần"),
    "historical_hot": ("#9a9a9a", "Từng nóng"),
    "new_cold": ("#053061", "Lạnh mới"),
    "consecutive_cold": ("#2166ac", "Lạnh liên tiếp"),
    "intensifying_cold": ("#4393c3", "Lạnh tăng dần"),
    "persistent_cold": ("#92c5de", "Lạnh kéo dài"),
    "sporadic_cold": ("#80cdc1", "Lạnh từng lúc"),
    "oscillating_cold": ("#35978f", "Lúc nóng lúc lạnh, nay lạnh"),
    "diminishing_cold": ("#d1e5f0", "Lạnh giảm dần"),
    "historical_cold": ("#c4c4c4", "Từng lạnh"),
}
CHANGE_WORDS = {1: ("#b2182b", "Tăng rõ"), 0: ("#e9ecee", "Không khác rõ"), -1: ("#2166ac", "Giảm rõ")}
ROWS = 12


@dataclass(frozen=True, slots=True)
class Drawn:
    """Cells with their colours, or a surface; the legend's title and rows; the table beside the map."""

    fills: tuple[tuple[int, str], ...]
    legend: tuple[str, tuple[tuple[str, str], ...]]
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    surface: Surface | None = None


def density(shown: Shown, surface: Surface | None = None) -> Drawn:
    """Incidents per km² and 30 days by cell, or as the surface."""
    colors = [(cell, color_of(rate)) for cell, rate in _pairs(shown.cells, shown.rate)]
    fills = () if surface else tuple((cell, color) for cell, color in colors if color is not None)
    steps = [LOWEST * 10 ** (i / 2) for i in range(len(RAMP))]
    legend = tuple(
        (color, f"{value:.1f}".replace(".", ",") if value < 1 else f"{value:.0f}")
        for color, value in zip(RAMP, steps, strict=True)
    )
    return Drawn(fills, ("Sự việc trên km² trong 30 ngày", legend), *_most(shown), surface=surface)


def signal(shown: Shown) -> Drawn:
    """What differs from the whole province (Gi*), hot and cold."""
    assert shown.significance is not None  # noqa: S101 - asked for by who calls
    names = [STATES[level] for level in shown.significance.level.tolist()]
    fills = tuple(
        (cell, STATE_WORDS[name][0])
        for cell, name in zip(shown.cells.tolist(), names, strict=True)
        if name in STATE_WORDS
    )
    hot = shown.only(shown.significance.level > 0)
    return Drawn(fills, ("So với toàn tỉnh (Gi*, FDR)", tuple(STATE_WORDS.values())), *_most(hot))


def emerging(table: CellTable) -> Drawn:
    """The classes of histories; beside the map the hot cells with most in the last steps."""
    kinds = table.columns["kind"].tolist()
    fills = tuple(
        (cell, KIND_WORDS[kind][0])
        for cell, kind in zip(table.cells.tolist(), kinds, strict=True)
        if kind in KIND_WORDS
    )
    there = set(kinds)
    legend = tuple(words for kind, words in KIND_WORDS.items() if kind in there)
    hot = np.array([kind.endswith("_hot") for kind in kinds], dtype=bool)
    recent = np.where(hot, table.columns["recent"], 0)
    rows = tuple(
        (as_text(int(table.cells[i])), KIND_WORDS[kinds[i]][1], number(float(recent[i])))
        for i in _first(recent, table.cells)
    )
    head = ("Ô H3", "Diễn biến", "4 tuần")
    return Drawn(fills, (f"Diễn biến {table.said['steps']} tuần (Gi*, FDR)", legend), "Ô mới nổi", head, rows)


def compared(table: CellTable) -> Drawn:
    """Where the period differs from the earlier one; beside the map the cells that differ most."""
    change = table.columns["change"].astype(int)
    fills = tuple((cell, CHANGE_WORDS[value][0]) for cell, value in _pairs(table.cells, change))
    before, now, expected = (table.columns[name] for name in ("before", "now", "expected"))
    apart = np.where(change != 0, np.abs(now - expected), 0.0)
    rows = tuple(
        (as_text(int(table.cells[i])), *(number(float(column[i])) for column in (before, now, expected)))
        for i in _first(apart, table.cells)
    )
    legend = ("So với kỳ trước (FDR 5 %)", tuple(CHANGE_WORDS.values()))
    return Drawn(fills, legend, "Ô khác rõ nhất", ("Ô H3", "Kỳ trước", "Kỳ này", "Dự kiến"), rows)


def number(value: float) -> str:
    """A number as Vietnamese writes it, at most one decimal."""
    text = f"{value:,.0f}" if value >= 100 or float(value).is_integer() else f"{value:,.1f}"
    return text.translate(str.maketrans(",.", ".,"))


def _most(shown: Shown) -> tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...]]:
    rates = shown.rate
    rows = tuple(
        (
            as_text(int(shown.cells[i])),
            *(number(float(v[i])) for v in (shown.incidents, shown.contacts, rates)),
        )
        for i in _first(rates, shown.cells)
    )
    return "Các ô nhiều nhất", ("Ô H3", "Sự việc", "Lượt", "Trên km²"), rows


def _first(weight: NDArray[Any], cells: NDArray[np.int64]) -> Sequence[int]:
    order = np.lexsort((cells, -weight))[:ROWS]
    return [int(i) for i in order if weight[i] > 0]


def _pairs(cells: NDArray[np.int64], values: NDArray[Any]) -> Iterable[tuple[int, Any]]:
    return zip(cells.tolist(), values.tolist(), strict=True)
