"""The checks of a vintage against itself and against the units before. Pure: values in, findings out."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geo.vintages.areas import area_m2
from geo.vintages.report import Finding
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.vintages.plan import Plan, ShareTable
    from geo.vintages.report import Report
    from geo.vintages.tables import LinkTable
    from geo.vintages.topology import Overlaps
    from geo.vintages.types import Coverage, Known, Link, Shapes, Tolerances

HA = 10_000.0


def check_codes(staged: Coverage, report: Report) -> None:
    """A code stands once; a name once in its province (and, where there are districts, in its district)."""
    codes = Counter(row.code for row in staged.rows)
    double = [
        Finding(Text(vi=f"{code}: {count} lần", en=f"{count} times"), (code,))
        for code, count in codes.items()
        if count > 1
    ]
    report.add("duplicate_code", "error", Text(vi="Mã trùng nhau", en="Codes that stand twice"), double)
    names = Counter((row.province_code, row.district_name, row.name) for row in staged.rows)
    twice = [
        Finding(Text(vi=f"{name} (tỉnh {province}): {count} lần", en=f"{count} times"))
        for (province, _, name), count in names.items()
        if count > 1
    ]
    report.add(
        "duplicate_name",
        "warning",
        Text(vi="Tên trùng trong một tỉnh", en="Names that stand twice in a province"),
        twice,
    )


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
    title = Text(vi="Chồng lấn", en="Overlaps")
    report.add("overlap", "error" if too_much else "warning", title, findings, "ha")


def check_gaps(staged: Coverage, found: Shapes, tolerances: Tolerances, report: Report) -> None:
    """Ground that no unit claims: listed, and an error above what is tolerated for a hole or in all."""
    areas = area_m2(found) / HA if len(found) else np.zeros(0)
    tree = shapely.STRtree(staged.shapes)
    nearest = tree.query_nearest(found, all_matches=False)[1] if len(found) else []
    findings = []
    for shape, area, at in zip(found, areas, nearest, strict=True):
        place, row = shapely.point_on_surface(shape), staged.rows[at]
        text = Text(vi=f"cạnh {row.code} {row.name}", en=f"beside {row.code}")
        findings.append(Finding(text, (row.code,), place.x, place.y, float(area)))
    ground_ha = float(area_m2(staged.shapes).sum()) / HA
    too_much = bool(len(areas)) and (
        areas.max() > tolerances.gap_ha or areas.sum() > tolerances.gap_share * ground_ha
    )
    report.add("gap", "error" if too_much else "warning", Text(vi="Khoảng trống", en="Gaps"), findings, "ha")


def check_links(table: LinkTable, before: Known, staged: Coverage, report: Report) -> tuple[Link, ...]:
    """Lines of the table of succession that name units on both sides; the others are listed."""
    old, new = before.units.at(), staged.at()
    unknown_old = {link.old for link in table.links} - old.keys()
    unknown_new = {link.new for link in table.links} - new.keys()
    _codes(report, "succession_old_unknown", "warning", unknown_old, "Bảng chuyển đổi: mã cũ không có trong dữ liệu trước",
           "Succession: old codes that the units before do not have")  # fmt: skip
    _codes(report, "succession_new_unknown", "error", unknown_new, "Bảng chuyển đổi: mã mới không có trong tệp",
           "Succession: new codes that the file does not have")  # fmt: skip
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
    covered: np.ndarray[tuple[int], np.dtype[np.float64]],
    tolerances: Tolerances,
    report: Report,
) -> None:
    """Ground of the units before that no new unit covers: listed by unit, an error above what is tolerated."""
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


def _codes(report: Report, check: str, severity: str, codes: set[str], vi: str, en: str) -> None:
    findings = [Finding(Text(vi=code, en=""), (code,)) for code in sorted(codes)]
    report.add(check, "error" if severity == "error" else "warning", Text(vi=vi, en=en), findings)


def _between(staged: Coverage, i: int, j: int, shape: shapely.Geometry, area: float) -> Finding:
    place, (one, other) = shapely.point_on_surface(shape), (staged.rows[i], staged.rows[j])
    text = Text(vi=f"{one.code} {one.name} – {other.code} {other.name}", en="")
    return Finding(text, (one.code, other.code), place.x, place.y, float(area))


def _placed(units: Coverage, at: int, text: Text, amount: float | None = None) -> Finding:
    place = shapely.point_on_surface(units.shapes[at])
    lon, lat = (None, None) if place.is_empty else (place.x, place.y)
    return Finding(text, (units.rows[at].code,), lon, lat, amount)


def _pair(old: Coverage, i: int, new: Coverage, j: int, share: float) -> Text:
    return Text(vi=f"{_name(old, i)} → {_name(new, j)}: {share:.1%}", en="")


def _name(units: Coverage, at: int) -> str:
    return f"{units.rows[at].code} {units.rows[at].name}"
