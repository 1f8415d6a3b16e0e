"""Whether one rule takes a case. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from geo.routing.types import Near
from geo.routing.windows import holds_at
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from geo.routing.types import Body, Rule
    from geo.units import Candidate

NOT_OUTSIDE = Text(vi="chỉ cho nơi ngoài mọi xã, phường", en="only for places outside every ward")
ONLY_OUTSIDE = Text(vi="nơi này ngoài mọi xã, phường", en="the place lies outside every ward")
OTHER_CATEGORY = Text(vi="lĩnh vực khác", en="another category")
OTHER_UNIT = Text(vi="đơn vị khác", en="another unit")
NO_UNIT_NEAR = Text(vi="không có xã, phường nào ở gần", en="no ward is near")
OTHER_TIME = Text(vi="không có hiệu lực vào lúc này", en="not in force at this moment")


@dataclass(frozen=True, slots=True)
class Case:
    """What rules are asked about. ``unit_id`` is None outside every ward; ``nearest`` is then the nearest."""

    category: str
    unit_id: str | None
    moment: datetime
    nearby: Mapping[str, Near]
    nearest: Candidate | None = None


class RuleFailed(Exception):
    """A rule whose layer could not be asked; it stops routing."""


def why_not(rule: Rule, case: Case, body: Body) -> Text | None:
    """None where the rule takes the case, else the first reason against it.

    Raises ``RuleFailed`` where its layer has to be asked and cannot be.
    """
    if rule.outside != (case.unit_id is None):
        return NOT_OUTSIDE if rule.outside else ONLY_OUTSIDE
    if rule.categories is not None and case.category not in rule.categories:
        return OTHER_CATEGORY
    if rule.units is not None and case.unit_id not in rule.units:
        return OTHER_UNIT
    if not holds_at(rule, case.moment):
        return OTHER_TIME
    against = _not_near(rule, case) if rule.layer is not None else None
    if against is None and rule.outside and body.per_unit and case.nearest is None:
        return NO_UNIT_NEAR
    return against


def _not_near(rule: Rule, case: Case) -> Text | None:
    near = case.nearby.get(rule.layer or "", Near(error=f"lớp · layer «{rule.layer}»: ?"))
    if near.error is not None:
        raise RuleFailed(near.error)
    if near.distance_m is None or near.distance_m > rule.within_m:
        return Text(
            vi=f"không có gì của lớp {rule.layer} trong {rule.within_m:g} m",
            en=f"nothing of the layer {rule.layer} within {rule.within_m:g} m",
        )
    if rule.road_classes is None:
        return None
    within = {name for name, metres in near.road_classes.items() if metres <= rule.within_m}
    if within.isdisjoint(rule.road_classes):
        return Text(vi="cấp đường khác", en="another class of road")
    return None
