"""The checks of a vintage against the tables of succession. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from geo.vintages.report import Finding, named, placed
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.vintages.plan import ShareTable
    from geo.vintages.report import Report
    from geo.vintages.tables import LinkTable
    from geo.vintages.types import Coverage, Known, Link, Tolerances


def check_links(table: LinkTable, before: Known, staged: Coverage, report: Report) -> tuple[Link, ...]:
    """Lines of the table of succession that name units on both sides; the others are listed."""
    old, new = before.units.at(), staged.at()
    by_old = {link.old: link.new for link in table.links}
    by_new = {link.new: link.old for link in table.links}
    report.add(
        "succession_old_unknown",
        "warning",
        [_line(code, f"{code} → {by_old[code]}") for code in sorted(by_old.keys() - old.keys())],
    )
    report.add(
        "succession_new_unknown",
        "error",
        [_line(code, f"{by_new[code]} → {code}") for code in sorted(by_new.keys() - new.keys())],
    )
    for check, lines in (("succession_repeated", table.repeated), ("succession_unread", table.unread)):
        report.add(check, "warning", [Finding(Text(vi=line, en="")) for line in lines])
    return tuple(link for link in table.links if link.old in old and link.new in new)


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

    def pair(old: int, new: int, share: float) -> Finding:
        return placed(
            before.units,
            old,
            Text(vi=f"{named(before.units, old)} → {named(staged, new)}: {share:.1%}", en=""),
            share,
        )

    least = tolerances.unit_share
    without_ground = [
        pair(old, new, share[0])
        for old, news in by_law.items()
        for new in news
        if max(share := shares.get((old, new), (0.0, 0.0))) < least / 10
    ]
    without_law = [
        pair(old, new, share[0])
        for (old, new), share in shares.items()
        if old in by_law and new not in by_law[old] and share[0] > least
    ]
    report.add("law_without_ground", "warning", without_ground)
    report.add("ground_without_law", "warning", without_law)


def check_second(first: Iterable[Link], second: LinkTable, before: Known, report: Report) -> None:
    """Where a second table of succession says otherwise, for the old units that both know."""
    one, other = {(x.old, x.new) for x in first}, {(x.old, x.new) for x in second.links}
    both = {old for old, _ in one} & {old for old, _ in other}
    at = before.units.at()
    for check, pairs in (("only_first", one - other), ("only_second", other - one)):
        findings = [
            placed(before.units, at[old], Text(vi=f"{named(before.units, at[old])} → {new}", en=""))
            for old, new in sorted(pairs)
            if old in both and old in at
        ]
        report.add(check, "warning", findings)
    report.add("second_unread", "note", [Finding(Text(vi=line, en="")) for line in second.unread])
    report.figures["second_table_common_units"] = len(both)


def _line(code: str, text: str) -> Finding:
    return Finding(Text(vi=text, en=""), (code,))
