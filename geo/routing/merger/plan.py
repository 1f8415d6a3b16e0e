"""What a merger does to one open case: automatic, to a person, or unchanged, with the reason. Pure.

A merger moves ground between units. It never changes which kind of body acts, and it never overrules a person
who gave a case to a unit that lives on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from geo.routing.types import ALWAYS, COORDINATOR
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.routing.types import Decision, RuleSet

Outcome = Literal["automatic", "person", "unchanged"]
# How a unit passed on: ``part`` where it was divided among several, at any step of a chain of mergers.
Passing = Literal["whole", "part", "same"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open case stands: body, ward (identity and name; None where nobody has it), why it waits.

    ``lives``: its ward is in force on the day of the merger. ``by_person``: a person gave it to that ward.
    """

    body: str
    unit_id: str | None
    unit_name: str | None
    waits: bool = False
    lives: bool = False
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """The outcome for one case; ``decision`` is what will be stored when it is applied.

    ``informed``: identities of the units that follow a divided or doubtful one, told while a person decides.
    """

    outcome: Outcome
    reason: Text
    decision: Decision
    informed: tuple[str, ...] = field(default=())


def plan_case(
    standing: Standing, decision: Decision, heirs: Mapping[str, Passing], rules: RuleSet
) -> Planned:
    """Compare where a case stands with what the router says of its point on the day of the merger.

    ``heirs``: identities of the units that the law names after ``standing.unit_id`` and how, empty where no
    table is there. Only a place clearly inside one unit goes by itself.
    """
    if standing.waits:
        return _stays("Đã chờ người quyết định.", "It waits for a person already.", decision)
    body = rules.bodies.get(standing.body) or ALWAYS.get(standing.body)
    if body is not None and not body.per_unit:
        return _told(standing, replace(decision, body=body, triage=None))
    new = decision.unit.unit if decision.unit else None
    if new is not None and new.unit_id == standing.unit_id:
        return _stays(f"Vẫn thuộc {new.name}.", f"It stays with {new.name}.", decision)
    former = standing.unit_name or "?"
    if standing.lives and (standing.by_person or not heirs):
        return _stays(f"{former} không đổi.", f"{former} is not concerned.", decision)
    why = _doubt(standing, decision, heirs)
    if body is None or new is None or why is not None:
        gone = Text(vi=f"Không còn bộ phận {standing.body}.", en=f"There is no body {standing.body} now.")
        return _to_person(gone if body is None else why or decision.reason, former, decision, heirs, rules)
    how = _how(heirs.get(new.unit_id))
    reason = Text(
        vi=f"Từ {former} sang {new.name}: {how.vi} {decision.reason.vi}",
        en=f"From {former} to {new.name}: {how.en} {decision.reason.en}",
    )
    rule = decision.rule if decision.body.id == body.id else "merger"
    return Planned("automatic", reason, replace(decision, body=body, rule=rule, reason=reason))


def _doubt(standing: Standing, decision: Decision, heirs: Mapping[str, Passing]) -> Text | None:
    """Why the place alone does not settle it; None where it does."""
    if decision.unit is None or decision.confidence != "inside" or decision.triage is not None:
        return decision.reason
    new = decision.unit.unit
    if not heirs or new.unit_id in heirs:
        return None
    return Text(
        vi=f"{new.name} không phải đơn vị kế thừa {standing.unit_name or '?'} theo bảng pháp lý.",
        en=f"{new.name} is no successor of {standing.unit_name or '?'} in the legal table.",
    )


def _told(standing: Standing, decision: Decision) -> Planned:
    """A department or a company keeps the case; the ward that is told of it may be another one now."""
    new, title = decision.unit.unit if decision.unit else None, decision.body.title
    if (new.unit_id if new else None) == standing.unit_id or (new is None and standing.lives):
        return _stays(f"{title.vi} vẫn xử lý.", f"{title.en} keeps it.", decision)
    reason = Text(
        vi=f"{title.vi} vẫn xử lý; nơi được báo nay là {new.name if new else '—'}.",
        en=f"{title.en} keeps it; the ward that is told is now {new.name if new else '—'}.",
    )
    return Planned("automatic", reason, replace(decision, rule="merger", reason=reason))


def _stays(vi: str, en: str, decision: Decision) -> Planned:
    return Planned("unchanged", Text(vi=vi, en=en), decision)


def _to_person(
    why: Text, former: str, decision: Decision, heirs: Mapping[str, Passing], rules: RuleSet
) -> Planned:
    reason = Text(
        vi=f"Cần người quyết định sau khi sắp xếp {former}. {why.vi}",
        en=f"A person must decide after the merger of {former}. {why.en}",
    )
    desk = rules.body(COORDINATOR)
    waiting = replace(decision, body=desk, unit=None, triage="merger", reason=reason)
    return Planned("person", reason, waiting, tuple(sorted(heirs)))


def _how(passing: Passing | None) -> Text:
    match passing:
        case "whole":
            return Text(vi="nhập toàn bộ.", en="merged as a whole.")
        case "part":
            return Text(vi="đơn vị cũ bị chia, theo vị trí.", en="the former unit was divided, by its point.")
    return Text(vi="theo vị trí.", en="by its point.")
