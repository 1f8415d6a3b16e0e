"""The checks of a vintage against the units before it: who ends, who is new, what is not covered. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geo.geometry.area import area_m2
from geo.vintages.checks import HA
from geo.vintages.report import Finding, named, placed
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geo.vintages.plan import Plan, ShareTable
    from geo.vintages.report import Report
    from geo.vintages.rules import Naming
    from geo.vintages.types import Coverage, Known, Tolerances

HEIRS_SHOWN = 3


def check_plan(plan: Plan, before: Known, staged: Coverage, shares: ShareTable, report: Report) -> None:
    """Units that end without a successor, codes that another unit bore, and units without a predecessor."""
    gone = []
    for old in plan.vanished:
        heirs = sorted(((share[0], new) for (i, new), share in shares.items() if i == old), reverse=True)
        went = ", ".join(
            f"{named(staged, new)} {share:.0%}" for share, new in heirs[:HEIRS_SHOWN] if share >= 0.005
        )
        text = Text(
            vi=f"{named(before.units, old)}: đất nay thuộc {went or '—'}",
            en=f"its ground is now of {went or '—'}",
        )
        gone.append(placed(before.units, old, text))
    report.add("vanished", "error", gone)
    for check, units in (("code_reused", plan.reused), ("torn", plan.torn)):
        report.add(check, "error", [placed(staged, new, Text(vi=named(staged, new), en="")) for new in units])
    new = [placed(staged, i, Text(vi=named(staged, i), en="")) for i in plan.without_origin]
    report.add("without_origin", "warning", new)


def check_cover(before: Known, covered: NDArray[np.float64], tolerances: Tolerances, report: Report) -> None:
    """Ground of the units before that none covers: listed by unit, an error above what is tolerated."""
    areas = area_m2(before.units.shapes) / HA
    bare_ha = areas * (1 - covered)
    findings = [
        placed(
            before.units,
            int(i),
            Text(vi=f"{named(before.units, int(i))}: {1 - covered[i]:.0%}", en="not covered"),
            float(bare_ha[i]),
        )
        for i in np.flatnonzero(1 - covered > tolerances.unit_share)
    ]
    too_much = len(areas) > 0 and bare_ha.sum() > tolerances.uncovered_share * areas.sum()
    if too_much and not findings:
        findings = [Finding(Text(vi="rải rác", en="scattered"), amount=float(bare_ha.sum()))]
    report.add("uncovered", "error" if too_much else "warning", findings, "ha")
    report.figures["uncovered_km2"] = round(float(bare_ha.sum()) / 100, 3)


def check_rules(naming: Iterable[Naming], report: Report) -> None:
    """Routing rules that name units which end: they must have an end before the vintage is activated."""
    found = [
        Finding(
            Text(vi=f"quy tắc {each.rule_id}: {each.code} {each.name}", en=f"rule {each.rule_id}"),
            (each.code,),
        )
        for each in naming
    ]
    report.add("rule", "first", found)
