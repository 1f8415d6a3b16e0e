"""The ground of a vintage and of the units beside it that stay: overlaps, gaps, and the provinces of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.vintages import checks, topology
from geo.vintages.scope import pick
from geo.vintages.types import Coverage

if TYPE_CHECKING:
    import shapely

    from geo.vintages.report import Report
    from geo.vintages.types import Known, Progress, Request


def check_ground(
    staged: Coverage, before: Known, staying: Known, *, request: Request, report: Report, progress: Progress
) -> dict[str, shapely.MultiPolygon]:
    """Overlaps and gaps among the staged units and with those that stay; the provinces that all make."""
    touched = {row.province_code for row in (*staged.rows, *(before.units.rows if len(staying) else ()))}
    beside = pick(staying, np.array([row.province_code in touched for row in staying.units.rows], dtype=bool))
    together = Coverage(
        (*staged.rows, *beside.units.rows), np.concatenate([staged.shapes, beside.units.shapes])
    )
    progress(0.2, "chồng lấn · overlaps")
    edges = topology.mismatched(together.shapes)
    found = topology.overlaps(together.shapes, edges)
    ours = found.first < len(staged.rows)
    found = topology.Overlaps(found.first[ours], found.second[ours], found.shapes[ours], found.area_m2[ours])
    checks.check_overlaps(together, found, request.tolerances, report)
    labels = np.array([row.province_code for row in together.rows], dtype=object)
    grounds = topology.dissolve_each(
        together.shapes, edges, labels, lambda part: progress(0.3 + 0.2 * part, "gộp tỉnh · provinces")
    )
    progress(0.5, "khoảng trống · gaps")
    gaps = topology.holes(list(grounds.values()))
    checks.check_gaps(together, gaps, request.tolerances, report)
    return grounds
