"""The checks of a vintage against itself. Pure: values in, findings out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.geometry.area import area_m2
from geo.vintages.report import Finding
from layers.description import Text

if TYPE_CHECKING:
    from geo.vintages.report import Report
    from geo.vintages.topology import Overlaps
    from geo.vintages.types import Coverage, Shapes, Tolerances

HA = 10_000.0


def check_codes(staged: Coverage, report: Report) -> None:
    """A code stands once; a name once in its province (and, where there are districts, in its district)."""
    codes = Counter(row.code for row in staged.rows)
    double = [
        Finding(Text(vi=f"{code}: {count} lần", en=f"{count} times"), (code,))
        for code, count in codes.items()
        if count > 1
    ]
    report.add("duplicate_code", "error", double)
    names = Counter((row.province_code, row.district_name, row.name) for row in staged.rows)
    twice = [
        Finding(Text(vi=f"{name} (tỉnh {province}): {count} lần", en=f"{count} times"))
        for (province, _, name), count in names.items()
        if count > 1
    ]
    report.add("duplicate_name", "warning", twice)


def check_overlaps(staged: Coverage, found: Overlaps, tolerances: Tolerances, report: Report) -> None:
    """Ground that two units claim: listed, and an error above what is tolerated for a pair or in all."""
    findings = [
        _between(staged, int(i), int(j), shape, area)
        for i, j, shape, area in zip(found.first, found.second, found.shapes, found.area_m2 / HA, strict=True)
    ]
    ground_ha = float(area_m2(staged.shapes).sum()) / HA
    too_much = any((each.amount or 0) > tolerances.overlap_ha for each in findings) or (
        sum(each.amount or 0 for each in findings) > tolerances.overlap_share * ground_ha
    )
    report.add("overlap", "error" if too_much else "warning", findings, "ha")


def check_gaps(staged: Coverage, found: Shapes, tolerances: Tolerances, report: Report) -> None:
    """Ground that no unit claims: listed, and an error above what is tolerated for a hole or in all."""
    areas = area_m2(found) / HA if len(found) else np.zeros(0)
    tree = shapely.STRtree(staged.shapes)
    # One corner is enough: a gap begins at the border of the units around it.
    corners = shapely.get_point(shapely.get_exterior_ring(found), 0) if len(found) else found
    nearest = tree.query_nearest(corners, all_matches=False)[1] if len(found) else []
    findings = []
    for shape, area, at in zip(found, areas, nearest, strict=True):
        place, row = shapely.point_on_surface(shape), staged.rows[at]
        text = Text(vi=f"cạnh {row.code} {row.name}", en=f"beside {row.code}")
        findings.append(Finding(text, (row.code,), place.x, place.y, float(area)))
    ground_ha = float(area_m2(staged.shapes).sum()) / HA
    too_much = bool(len(areas)) and (
        areas.max() > tolerances.gap_ha or areas.sum() > tolerances.gap_share * ground_ha
    )
    report.add("gap", "error" if too_much else "warning", findings, "ha")


def _between(staged: Coverage, i: int, j: int, shape: shapely.Geometry, area: float) -> Finding:
    place, (one, other) = shapely.point_on_surface(shape), (staged.rows[i], staged.rows[j])
    text = Text(vi=f"{one.code} {one.name} – {other.code} {other.name}", en="")
    return Finding(text, (one.code, other.code), place.x, place.y, float(area))
