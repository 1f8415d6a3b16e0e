"""What a vintage does: a step for every staged unit, the versions that end, the lines of succession. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from geo.vintages.identity import going_on, new_identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from geo.vintages.types import Coverage, Known, Link, SuccessionKind, UnitRow

    ShareTable = dict[tuple[int, int], tuple[float, float]]

# Less than this of either area changed: the border was drawn anew, not moved.
SAME_GROUND = 0.999


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of staged unit ``row``. ``same``: nothing at all, the version before goes on."""

    row: int
    action: Literal["new", "version", "replace", "same"]
    unit_id: str
    feature_id: int | None = None


@dataclass(frozen=True, slots=True)
class Passing:
    """One line of succession between identities."""

    from_unit: str
    to_unit: str
    kind: SuccessionKind
    share_area: float | None
    share_pop: float | None
    old: int
    new: int


@dataclass(slots=True)
class Plan:
    """Indices: ``old`` into the units before, ``new`` into the staged ones."""

    steps: list[Step] = field(default_factory=list)
    passings: list[Passing] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)  # into the units that are corrected
    vanished: list[int] = field(default_factory=list)
    reused: list[int] = field(default_factory=list)  # staged units with a code of another one's
    torn: list[int] = field(default_factory=list)  # staged units that two would go on as
    without_origin: list[int] = field(default_factory=list)


def make_plan(
    before: Known,
    wrong: Known,
    staged: Coverage,
    links: Sequence[Link],
    *,
    shares: ShareTable,
    day: date,
    taken: frozenset[str],
) -> Plan:
    """The plan that makes ``staged`` valid from ``day`` after ``before``.

    ``wrong``: versions that began on the same day and are corrected. ``taken``: identities ever given.
    ``links`` are the whole table: one that names a unit which is not there still says that a unit was not
    made of one other alone. Every unit of ``before`` is in scope.
    """
    plan = Plan()
    known = _by_pair(before, staged, links)
    keeping = going_on(before, staged, links, shares)
    plan.reused, plan.torn = list(keeping.reused), list(keeping.torn)
    with_origin = {new for _, new in known}
    correcting = wrong.units.at()
    given: set[str] = set(taken)
    for new, row in enumerate(staged.rows):
        old = keeping.identity_of.get(new)
        if row.code in correcting:
            plan.steps.append(_corrected(new, row, staged, wrong, correcting[row.code]))
        elif old is not None:
            version = before.versions[old]
            same = _same_rows(before.units, old, staged, new)
            plan.steps.append(Step(new, "same" if same else "version", version.unit_id, version.feature_id))
        else:
            plan.steps.append(Step(new, "new", new_identity(row, day, given)))
            if len(before) and new not in with_origin:
                plan.without_origin.append(new)
    plan.removed = [i for code, i in correcting.items() if code not in staged.at()]
    _close(plan, before, keeping.identity_of, known, day)
    _pass_on(plan, before, staged, known=known, identity_of=keeping.identity_of, shares=shares)
    return plan


def _by_pair(before: Known, staged: Coverage, links: Iterable[Link]) -> dict[tuple[int, int], Link]:
    old_at, new_at = before.units.at(), staged.at()
    return {
        (old_at[link.old], new_at[link.new]): link
        for link in links
        if link.old in old_at and link.new in new_at
    }


def _same_rows(old: Coverage, i: int, new: Coverage, j: int) -> bool:
    return _content(old.rows[i]) == _content(new.rows[j]) and bool(old.shapes[i].equals_exact(new.shapes[j]))


def _content(row: UnitRow) -> tuple[object, ...]:
    return (
        row.code,
        row.name,
        row.kind,
        row.province_code,
        row.province_name,
        row.district_name,
        row.population,
    )


def _corrected(new: int, row: UnitRow, staged: Coverage, wrong: Known, at: int) -> Step:
    version = wrong.versions[at]
    same = _same_rows(wrong.units, at, staged, new) and row.code == wrong.units.rows[at].code
    return Step(new, "same" if same else "replace", version.unit_id, version.feature_id)


def _close(
    plan: Plan, before: Known, identity_of: Mapping[int, int], known: dict[tuple[int, int], Link], day: date
) -> None:
    unchanged = {step.feature_id for step in plan.steps if step.action == "same"}
    kept = set(identity_of.values())
    linked = {old for old, _ in known}
    for old, version in enumerate(before.versions):
        open_still = version.valid_to is None or version.valid_to > day
        if version.feature_id in unchanged or not open_still:
            continue
        plan.closed.append(old)
        if old not in kept and old not in linked:
            plan.vanished.append(old)


def _pass_on(
    plan: Plan,
    before: Known,
    staged: Coverage,
    *,
    known: dict[tuple[int, int], Link],
    identity_of: Mapping[int, int],
    shares: ShareTable,
) -> None:
    identity = {step.row: step.unit_id for step in plan.steps}
    split = np.bincount([old for old, _ in known], minlength=len(before)) if known else None
    for (old, new), link in known.items():
        area, _ = shares.get((old, new), (0.0, 0.0))
        if identity_of.get(new) == old:
            continue
        kind: SuccessionKind = (
            "part" if link.kind == "part" or (split is not None and split[old] > 1) else "whole"
        )
        unit = before.versions[old].unit_id
        pop = link.share_pop if link.share_pop is not None or kind == "part" else 1.0
        plan.passings.append(Passing(unit, identity[new], kind, _round(area), pop, old, new))
    for new, old in identity_of.items():
        if kind_or_none := _change(
            before.units.rows[old], staged.rows[new], shares.get((old, new), (0.0, 0.0))
        ):
            link_share = shares.get((old, new), (0.0, 0.0))[0]
            unit = before.versions[old].unit_id
            plan.passings.append(
                Passing(unit, identity[new], kind_or_none, _round(link_share), None, old, new)
            )


def _change(old: UnitRow, new: UnitRow, share: tuple[float, float]) -> SuccessionKind | None:
    if old.kind != new.kind:
        return "promotion"
    if old.name != new.name:
        return "rename"
    return "boundary_shift" if min(share) < SAME_GROUND else None


def _round(share: float) -> float:
    return round(share, 6)
