"""The checks of a vintage against the table of succession and the units before. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.geometry.area import area_m2
from geo.vintages.checks import HA
from geo.vintages.report import Finding
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from geo.vintages.plan import Plan, ShareTable
    from geo.vintages.report import Report
    from geo.vintages.tables import LinkTable
    from geo.vintages.types import Coverage, Known, Link, Tolerances


def check_links(table: LinkTable, before: Known, staged: Coverage, report: Report) -> tuple[Link, ...]:
    """Lines of the table of succession that name units on both sides; the others are listed."""
    old, new = before.units.at(), staged.at()
    unknown_old = {link.old for link in table.links} - old.keys()
    unknown_new = {link.new for link in table.links} - new.keys()
    title = Text(
        vi="Bảng chuyển đổi: mã cũ không có trong dữ liệu trước",
        en="Succession: old codes that the units before do not have",
    )
    report.add("succession_old_unknown", "warning", title, _codes(unknown_old))
    title = Text(
        vi="Bảng chuyển đổi: mã mới không có trong tệp",
        en="Succession: new codes that the file does not have",
    )
    report.add("succession_new_unknown", "error", title, _codes(unknown_new))
    for check, lines, vi, en in (
        ("succession_repeated", table.repeated, "Bảng chuyển đổi: dòng lặp", "Succession: repeated lines"),
        (
            "succession_unread",
            table.unread,
            "Bảng chuyển đổi: dòng không đọc được",
            "Succession: lines not understood",
        ),
    ):
        report.add(check, "warning", Text(vi=vi, en=en), [Finding(Text(vi=line, en="")) for line in lines])
    return tuple(link for link in table.links if link.old in old and link.new in new)


def check_plan(plan: Plan, before: Known, staged: Coverage, shares: ShareTable, report: Report) -> None:
    """Units that end without a successor, codes that another unit bore, and units without a predecessor."""
    gone = []
    for old in plan.vanished:
        heirs = sorted(((share[0], new) for (i, new), share in shares.items() if i == old), reverse=True)[:3]
        went = ", ".join(
            f"{staged.rows[new].code} {staged.rows[new].name} {share:.0%}" for share, new in heirs
        )
        text = Text(
            vi=f"{_name(before.units, old)}: không có đơn vị kế thừa; đất nay thuộc {went or '—'}",
            en=f"no successor; its ground is now of {went or '—'}",
        )
        gone.append(_placed(before.units, old, text))
    report.add(
        "vanished",
        "error",
        Text(vi="Đơn vị mất mà không có kế thừa", en="Units that vanish without a successor"),
        gone,
    )
    for check, units, vi, en in (
        ("code_reused", plan.reused, "Mã của một đơn vị khác, không có trong bảng chuyển đổi",
         "Codes that another unit bore, not in the table of succession"),
        ("torn", plan.torn, "Hai đơn vị cùng là một", "Two units that would be one and the same"),
    ):  # fmt: skip
        findings = [_placed(staged, new, Text(vi=_name(staged, new), en="")) for new in units]
        report.add(check, "error", Text(vi=vi, en=en), findings)
    new = [_placed(staged, i, Text(vi=_name(staged, i), en="")) for i in plan.without_origin]
    report.add(
        "without_origin",
        "warning",
        Text(vi="Đơn vị mới không có nguồn trong bảng", en="New units without a predecessor in the table"),
        new,
    )


def check_cover(
    before: Known,
    covered: NDArray[np.float64],
    tolerances: Tolerances,
    report: Report,
) -> None:
    """Ground of the units before that none covers: listed by unit, an error above what is tolerated."""
    areas = area_m2(before.units.shapes) / HA
    bare_ha = areas * (1 - covered)
    findings = [
        _placed(
            before.units,
            int(i),
            Text(vi=f"{_name(before.units, int(i))}: {1 - covered[i]:.0%}", en="not covered"),
            float(bare_ha[i]),
        )
        for i in np.flatnonzero(1 - covered > tolerances.unit_share)
    ]
    too_much = len(areas) > 0 and bare_ha.sum() > tolerances.uncovered_share * areas.sum()
    if too_much and not findings:
        findings = [Finding(Text(vi="rải rác", en="scattered"), amount=float(bare_ha.sum()))]
    title = Text(
        vi="Đất của đơn vị cũ nay không thuộc đơn vị nào", en="Ground of former units that none covers now"
    )
    report.add("uncovered", "error" if too_much else "warning", title, findings, "ha")
    report.figures["uncovered_km2"] = round(float(bare_ha.sum()) / 100, 3)


def check_shares(
    links: Iterable[Link],
    before: Known,
    staged: Coverage,
    shares: ShareTable,
    *,
    tolerances: Tolerances,
    report: Report,
) -> None:
    """Where the drawn borders and the legal table disagree on which unit went where. Neither is corrected."""
    old_at, new_at = before.units.at(), staged.at()
    by_law: dict[int, set[int]] = defaultdict(set)
    for link in links:
        by_law[old_at[link.old]].add(new_at[link.new])
    least = tolerances.unit_share
    without_ground, without_law = [], []
    for old, news in by_law.items():
        for new in news:
            share = shares.get((old, new), (0.0, 0.0))
            if max(share) < least / 10:
                without_ground.append(
                    _placed(before.units, old, _pair(before.units, old, staged, new, share[0]), share[0])
                )
    for (old, new), share in shares.items():
        if old in by_law and new not in by_law[old] and share[0] > least:
            without_law.append(
                _placed(before.units, old, _pair(before.units, old, staged, new, share[0]), share[0])
            )
    report.add(
        "law_without_ground",
        "warning",
        Text(
            vi="Bảng ghi chuyển đất, ranh giới không cho thấy",
            en="The table passes ground that the borders do not",
        ),
        without_ground,
        "",
    )
    report.add(
        "ground_without_law",
        "warning",
        Text(
            vi="Ranh giới cho thấy chuyển đất, bảng không ghi",
            en="The borders pass ground that the table does not",
        ),
        without_law,
        "",
    )


def check_second(first: Iterable[Link], second: LinkTable, before: Known, report: Report) -> None:
    """Where a second table of succession says otherwise, for the old units that both know."""
    one, other = {(x.old, x.new) for x in first}, {(x.old, x.new) for x in second.links}
    both = {old for old, _ in one} & {old for old, _ in other}
    at = before.units.at()
    for check, pairs, vi, en in (
        ("only_first", one - other, "Chỉ bảng chính ghi", "Only the table of succession says"),
        ("only_second", other - one, "Chỉ bảng đối chiếu ghi", "Only the second table says"),
    ):
        findings = [
            _placed(before.units, at[old], Text(vi=f"{old} → {new}", en=""))
            for old, new in sorted(pairs)
            if old in both and old in at
        ]
        report.add(check, "warning", Text(vi=vi, en=en), findings)
    unread = [Finding(Text(vi=line, en="")) for line in second.unread]
    report.add(
        "second_unread",
        "note",
        Text(vi="Bảng đối chiếu: dòng không đọc được", en="Second table: lines not understood"),
        unread,
    )
    report.figures["second_table_common_units"] = len(both)


def _codes(codes: set[str]) -> list[Finding]:
    return [Finding(Text(vi=code, en=""), (code,)) for code in sorted(codes)]


def _placed(units: Coverage, at: int, text: Text, amount: float | None = None) -> Finding:
    place = shapely.point_on_surface(units.shapes[at])
    lon, lat = (None, None) if place.is_empty else (place.x, place.y)
    return Finding(text, (units.rows[at].code,), lon, lat, amount)


def _pair(old: Coverage, i: int, new: Coverage, j: int, share: float) -> Text:
    return Text(vi=f"{_name(old, i)} → {_name(new, j)}: {share:.1%}", en="")


def _name(units: Coverage, at: int) -> str:
    return f"{units.rows[at].code} {units.rows[at].name}"
