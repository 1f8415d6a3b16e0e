"""What is wrong with a rule set as a whole, in sentences; such a set is not saved. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

from geo.routing.types import ALWAYS
from geo.routing.windows import ever_together
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from geo.routing.types import Rule, RuleSet


@dataclass(frozen=True, slots=True)
class World:
    """What rules may speak of: categories, published layers with their road classes, units with their days.

    ``layers``: the codes of the field ``road_class``, None where a layer has no such field. ``units``: the
    stretches ``[from, to)`` of a unit's versions, joined; an unknown unit is missing.
    """

    today: date
    categories: frozenset[str]
    layers: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    units: Mapping[str, tuple[tuple[date, date | None], ...]] = field(default_factory=dict)


def faults(rules: RuleSet, world: World) -> list[Text]:
    """Every fault of the set; empty where it may be saved."""
    found: list[Text] = []
    ids = [rule.id for rule in rules.rules]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        found.append(_say(name, "tên quy tắc đã dùng", "the rule's id stands twice"))
    for rule in rules.rules:
        found += _of_rule(rule, rules, world)
    for one, other in combinations(rules.rules, 2):
        if one.priority == other.priority and ever_together(one, other):
            found.append(
                _say(
                    one.id,
                    f"cùng ưu tiên {one.priority} với «{other.id}» và có lúc cùng khớp",
                    f"has priority {one.priority} as '{other.id}' has, and both may match one case",
                )
            )
    return found


def _of_rule(rule: Rule, rules: RuleSet, world: World) -> Iterator[Text]:
    if rule.body not in rules.bodies and rule.body not in ALWAYS:
        yield _say(rule.id, f"không có đơn vị xử lý «{rule.body}»", f"there is no body '{rule.body}'")
    elif rule.outside and rule.layer is None and rules.body(rule.body).per_unit:
        yield _say(
            rule.id,
            "nơi ngoài mọi xã, phường chỉ có đơn vị cấp xã gần nhất trong một lớp (vùng nước của địa phương)",
            "outside every ward the nearest one acts only within a layer (its legal waters)",
        )
    if rule.valid_from and rule.valid_to and rule.valid_from >= rule.valid_to:
        yield _say(rule.id, "hết hiệu lực trước khi bắt đầu", "ends before it begins")
    for category in sorted((rule.categories or frozenset()) - world.categories):
        yield _say(rule.id, f"không có lĩnh vực «{category}»", f"there is no category '{category}'")
    yield from _of_layer(rule, world)
    if rule.outside and rule.units:
        yield _say(rule.id, "ngoài mọi xã, phường thì không có đơn vị", "outside every ward there is no unit")
    for unit in sorted(rule.units or ()):
        yield from _of_unit(rule, unit, world)


def _of_layer(rule: Rule, world: World) -> Iterator[Text]:
    if rule.layer is None:
        if rule.road_classes is not None or rule.within_m:
            yield _say(
                rule.id,
                "road_classes và within_m cần có layer",
                "road_classes and within_m need a layer",
            )
        return
    if rule.layer not in world.layers:
        yield _say(rule.id, f"không có lớp «{rule.layer}»", f"there is no layer '{rule.layer}'")
        return
    known = world.layers[rule.layer]
    for name in sorted((rule.road_classes or frozenset()) - (known or frozenset())):
        yield _say(
            rule.id,
            f"lớp {rule.layer} không có cấp đường «{name}»",
            f"the layer {rule.layer} has no road class '{name}'",
        )


def _of_unit(rule: Rule, unit: str, world: World) -> Iterator[Text]:
    stretches = world.units.get(unit)
    if not stretches:
        yield _say(rule.id, f"không có đơn vị hành chính «{unit}»", f"there is no unit '{unit}'")
        return
    begin = max(world.today, rule.valid_from or world.today)
    if rule.valid_to is not None and rule.valid_to <= begin:
        return  # the rule is history
    holding = [each for each in stretches if each[0] <= begin and (each[1] is None or begin < each[1])]
    if not holding:
        yield _say(
            rule.id,
            f"đơn vị «{unit}» không tồn tại vào {begin:%d/%m/%Y}",
            f"the unit '{unit}' does not exist on {begin.isoformat()}",
        )
    elif (end := holding[0][1]) is not None and (rule.valid_to is None or rule.valid_to > end):
        yield _say(
            rule.id,
            f"đơn vị «{unit}» giải thể từ {end:%d/%m/%Y}; đặt valid_to không muộn hơn ngày đó",
            f"the unit '{unit}' is dissolved from {end.isoformat()}; set valid_to to that day at the latest",
        )


def _say(rule: str, vi: str, en: str) -> Text:
    return Text(vi=f"«{rule}»: {vi}.", en=f"'{rule}': {en}.")
