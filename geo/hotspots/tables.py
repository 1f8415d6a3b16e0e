"""Cells with columns of any kind: histories over steps of time, and two periods beside each other. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.calendar import start_of
from geo.hotspots.answer import collection
from geo.hotspots.cells import as_text, centre
from geo.hotspots.stats.compare import compared
from geo.hotspots.stats.emerging import emerging, name_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from geo.hotspots.facts import Facts
    from geo.hotspots.filters import Filter
    from geo.hotspots.ground import Ground

RECENT_STEPS = 4
CHANGED_Q = 0.05


@dataclass(frozen=True, slots=True)
class CellTable:
    """Cells with named columns of equal length, and what is to be said of how they were made."""

    cells: NDArray[np.int64]
    columns: dict[str, NDArray[Any]]
    said: dict[str, Any]

    def geojson(self, parameters: dict[str, Any]) -> str:
        """GeoJSON (RFC 7946), ``parameters`` beside the features."""
        return collection(self.cells, self.columns, parameters)

    def csv(self) -> str:
        """One line a cell, with the centre in degrees; the first line names the columns."""
        lines = [",".join(["cell", "lon", "lat", *self.columns])]
        rows = zip(*(column.tolist() for column in self.columns.values()), strict=True)
        for cell, row in zip(self.cells.tolist(), rows, strict=True):
            lon, lat = centre(cell)
            lines.append(",".join([as_text(cell), f"{lon:.6f}", f"{lat:.6f}", *map(str, row)]))
        return "\r\n".join(lines) + "\r\n"


def histories(
    facts: Facts, wanted: Filter, ground: Ground, *, steps: int, step_days: int, kinds: Collection[str] | None
) -> CellTable:
    """Cells of these kinds (None: every cell of the ground) over the steps that end with the filter's end."""
    cube = facts.by_step(wanted, ground.resolution, ground.cells, steps, step_days).astype(np.float64)
    found = emerging(cube, ground.weights)
    names = [name_of(value) for value in found.kind.tolist()]
    keep = np.array([kinds is None or name.rpartition("_")[0] in kinds for name in names], dtype=bool)
    columns: dict[str, NDArray[Any]] = {
        "kind": np.array(names, dtype=object),
        "trend": found.trend.round(3),
        "hot_steps": found.hot,
        "cold_steps": found.cold,
        "incidents": cube.sum(axis=1).astype(np.int64),
        "recent": cube[:, -RECENT_STEPS:].sum(axis=1).astype(np.int64),
    }
    said = {
        "resolution": ground.resolution,
        "steps": steps,
        "step_days": step_days,
        "cells": len(ground.cells),
        "n": int(cube.sum()),
        "recent_steps": RECENT_STEPS,
        "method": "Gi* over the cube, FDR 0.05, Mann-Kendall",
        "from": start_of(wanted.end - timedelta(days=steps * step_days)).isoformat(),
    }
    return CellTable(ground.cells[keep], {name: values[keep] for name, values in columns.items()}, said)


def periods(facts: Facts, now: Filter, before: Filter, resolution: int) -> CellTable:
    """Cells with a report in either period: both counts, what the earlier lets expect, and significance."""
    counts = [facts.by_cell(wanted, resolution) for wanted in (before, now)]
    cells = np.union1d(counts[0].cells, counts[1].cells)
    earlier, later = (np.zeros(len(cells), dtype=np.int64) for _ in counts)
    for column, count in zip((earlier, later), counts, strict=True):
        column[np.searchsorted(cells, count.cells)] = count.incidents
    lengths = [(wanted.end - wanted.start).days for wanted in (before, now)]
    p, q = compared(earlier.astype(float), later.astype(float), lengths[0], lengths[1])
    expected = earlier * (lengths[1] / lengths[0])
    columns: dict[str, NDArray[Any]] = {
        "before": earlier,
        "now": later,
        "expected": expected.round(2),
        "p": p.round(5),
        "q": q.round(5),
        "change": np.sign(later - expected).astype(np.int64) * (q <= CHANGED_Q),
    }
    said = {
        "resolution": resolution,
        "from2": start_of(before.start).isoformat(),
        "to2": start_of(before.end).isoformat(),
        "n": {"before": int(earlier.sum()), "now": int(later.sum())},
        "method": "conditional binomial test of two Poisson rates, FDR 0.05",
    }
    return CellTable(cells, columns, said)
