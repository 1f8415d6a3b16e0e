"""Value types of routing: bodies, rules, rule sets, decisions. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, time

    from geo.units import Candidate, Unit

Confidence = Literal["inside", "near_boundary", "overlap", "gap_snapped", "outside", "no_location"]
BodyKind = Literal["ward", "department", "company", "police", "desk"]
Triage = Literal["outside", "overlap", "no_location", "rule_error", "refused", "handovers", "merger"]

WARD = "ward"
COORDINATOR = "coordinator"
DEFAULT_RULE = "ward-default"
# In place of a rule: the unit that a report named itself when it came from another system.
SOURCE = "source"
# And the ward that an import gave a case that was over, by its place alone.
IMPORT = "import"


@dataclass(frozen=True, slots=True)
class Body:
    """Who acts. ``per_unit``: one such body stands in every ward (its committee, its police)."""

    id: str
    kind: BodyKind
    title: Text
    per_unit: bool = False


# There is always a ward's committee and a desk for what nobody else can take.
ALWAYS: dict[str, Body] = {
    WARD: Body(WARD, "ward", Text(vi="UBND", en="People's Committee"), per_unit=True),
    COORDINATOR: Body(
        COORDINATOR,
        "desk",
        Text(vi="Trung tâm điều hành của tỉnh", en="The province's operation centre"),
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a rule set; ``None`` leaves a dimension open.

    ``priority``: the smaller number is asked first. ``layer`` with ``within_m``: the place lies in or near
    a feature of that published layer, with ``road_classes`` one whose field ``road_class`` has such a
    value. ``weekdays`` are ISO (1 Monday … 7 Sunday); ``hours`` is ``[from, to)`` on the Vietnamese clock
    and may pass midnight, the weekday being that of the moment itself. ``outside``: for places outside
    every ward, and for those only; with a ``layer`` (legal waters) a body of each ward acts, the nearest one.
    """

    id: str
    priority: int
    body: str
    categories: frozenset[str] | None = None
    units: frozenset[str] | None = None
    layer: str | None = None
    within_m: float = 0.0
    road_classes: frozenset[str] | None = None
    weekdays: frozenset[int] | None = None
    hours: tuple[time, time] | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules of one version, in the order in which they are asked; a version never changes.

    ``overlap``: what follows where boundaries overlap, the ``smaller`` unit or ``triage``.
    """

    version: int
    rules: tuple[Rule, ...] = ()
    bodies: Mapping[str, Body] = field(default_factory=dict)
    overlap: Literal["smaller", "triage"] = "smaller"

    def body(self, name: str) -> Body:
        """The body of that id; ``KeyError`` where the set has none."""
        return self.bodies.get(name) or ALWAYS[name]


@dataclass(frozen=True, slots=True)
class Near:
    """What lies at a place in one layer: the nearest feature's distance, and each road class's, in metres.

    ``error``: the layer could not be asked; a rule that needs it stops routing.
    """

    distance_m: float | None = None
    road_classes: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Considered:
    """One rule with what came of it: ``why`` is None where it matched."""

    rule: Rule
    why: Text | None


@dataclass(frozen=True, slots=True)
class Stated:
    """The ward that the reporter named, as ``said``; ``followed`` where it settled on which side a place is.

    ``unit`` is None where none of the candidates is meant.
    """

    said: str
    unit: Unit | None
    followed: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """Who acts on a case, and why.

    ``unit``: the ward of the place, which is informed where another body acts. ``statistics``: the ward of
    the place on the day of the event. ``triage``: why a person must decide (then the body is the
    coordinator). Candidates without a place are those that an address names: their distances are NaN.
    """

    body: Body
    unit: Candidate | None
    candidates: tuple[Candidate, ...]
    shares: Mapping[int, float]
    confidence: Confidence
    rule: str
    rule_version: int
    as_of: date
    statistics_as_of: date
    statistics: Candidate | None
    accuracy_m: float | None
    reason: Text
    triage: Triage | None = None
    considered: tuple[Considered, ...] = ()
    stated: Stated | None = None

    @property
    def ask_reporter(self) -> bool:
        """Whether the reporter should say on which side of a border it is."""
        asked = self.stated is not None and self.stated.followed
        return self.confidence in ("near_boundary", "overlap") and len(self.candidates) > 1 and not asked

    @property
    def body_title(self) -> Text:
        """The body by its name, with its ward where there is one in each."""
        if not self.body.per_unit or self.unit is None:
            return self.body.title
        name = self.unit.unit.name
        return Text(vi=f"{self.body.title.vi} {name}", en=f"{self.body.title.en}, {name}")

    @property
    def informed(self) -> tuple[str, ...]:
        """Identities of wards that are told and do not act."""
        return (self.unit.unit.unit_id,) if self.unit is not None and not self.body.per_unit else ()
