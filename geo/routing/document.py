"""Rule sets as documents: read with a sentence for whatever cannot be taken, and written back. Pure.

A rule is data of a closed form; nothing in it is ever executed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any

from geo.errors import InvalidInput
from geo.routing.types import Body, Rule, RuleSet
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable

RULES_MAX = 500
PRIORITY_MAX = 10_000
WITHIN_MAX_M = 1_000.0
LIST_MAX = 200
ID = re.compile(r"[a-z0-9][a-z0-9_-]{1,60}", re.ASCII)
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
KINDS = ("ward", "department", "company", "police", "desk")
OVERLAPS = ("smaller", "triage")
RULE_KEYS = [
    "id",
    "priority",
    "body",
    "categories",
    "units",
    "layer",
    "within_m",
    "road_classes",
    "weekdays",
    "hours",
    "valid_from",
    "valid_to",
    "outside",
]


@dataclass(frozen=True, slots=True)
class Draft:
    """A rule set that is to be saved on top of the version ``based_on``."""

    based_on: int | None
    note: str
    rules: RuleSet


def read_draft(document: object) -> Draft:
    """The draft of a JSON object; raises ``InvalidInput`` with the path of the first wrong value."""
    whole = _object(document, "body", ("based_on", "note", "overlap", "bodies", "rules"))
    rules = [_rule(entry, f"rules[{i}]") for i, entry in enumerate(_list(whole.get("rules"), "rules"))]
    bodies = [_body(entry, f"bodies[{i}]") for i, entry in enumerate(_list(whole.get("bodies"), "bodies"))]
    overlap = whole.get("overlap", "smaller")
    if overlap not in OVERLAPS:
        raise _wrong("overlap", overlap, ", ".join(OVERLAPS), ", ".join(OVERLAPS))
    based_on = whole.get("based_on")
    if based_on is not None and (not isinstance(based_on, int) or isinstance(based_on, bool)):
        raise _wrong("based_on", based_on, "số phiên bản", "the number of a version")
    note = whole.get("note") or ""
    if not isinstance(note, str) or len(note) > 500:
        raise _wrong("note", note, "tối đa 500 ký tự", "at most 500 characters")
    made = RuleSet(0, ordered(rules), {body.id: body for body in bodies}, overlap)
    return Draft(based_on, note, made)


def ordered(rules: list[Rule]) -> tuple[Rule, ...]:
    """Rules as they are asked: by priority, and among those that never meet by id."""
    return tuple(sorted(rules, key=lambda rule: (rule.priority, rule.id)))


def write_rule(rule: Rule) -> dict[str, Any]:
    """The JSON object of a rule, every key present."""
    return {
        "id": rule.id,
        "priority": rule.priority,
        "body": rule.body,
        "categories": _sorted(rule.categories),
        "units": _sorted(rule.units),
        "layer": rule.layer,
        "within_m": rule.within_m,
        "road_classes": _sorted(rule.road_classes),
        "weekdays": _sorted(rule.weekdays),
        "hours": [f"{each:%H:%M}" for each in rule.hours] if rule.hours else None,
        "valid_from": rule.valid_from.isoformat() if rule.valid_from else None,
        "valid_to": rule.valid_to.isoformat() if rule.valid_to else None,
        "outside": rule.outside,
    }


def write_body(body: Body) -> dict[str, Any]:
    """The JSON object of a body."""
    return {"id": body.id, "kind": body.kind, "title": body.title.model_dump(), "per_unit": body.per_unit}


def read_rule_set(document: dict[str, Any]) -> RuleSet:
    """A stored rule set, as ``pub.routing_rules`` gives it."""
    rules = [_rule(entry, f"rules[{i}]") for i, entry in enumerate(document["rules"])]
    bodies = [_body(entry, f"bodies[{i}]") for i, entry in enumerate(document["bodies"])]
    by_id = {body.id: body for body in bodies}
    return RuleSet(document["version"], ordered(rules), by_id, document["overlap"])


def _rule(value: object, path: str) -> Rule:
    entry = _object(value, path, RULE_KEYS)
    outside = entry.get("outside", False)
    if not isinstance(outside, bool):
        raise _wrong(f"{path}.outside", outside, "true hoặc false", "true or false")
    layer = entry.get("layer")
    return Rule(
        id=_id(entry.get("id"), f"{path}.id"),
        priority=int(_number(entry.get("priority"), f"{path}.priority", 1, PRIORITY_MAX, whole=True)),
        body=_id(entry.get("body"), f"{path}.body"),
        categories=_names(entry.get("categories"), f"{path}.categories"),
        units=_names(entry.get("units"), f"{path}.units"),
        layer=None if layer is None else _id(layer, f"{path}.layer"),
        within_m=_number(entry.get("within_m") or 0, f"{path}.within_m", 0, WITHIN_MAX_M),
        road_classes=_names(entry.get("road_classes"), f"{path}.road_classes"),
        weekdays=_weekdays(entry.get("weekdays"), f"{path}.weekdays"),
        hours=_hours(entry.get("hours"), f"{path}.hours"),
        valid_from=_day(entry.get("valid_from"), f"{path}.valid_from"),
        valid_to=_day(entry.get("valid_to"), f"{path}.valid_to"),
        outside=outside,
    )


def _body(value: object, path: str) -> Body:
    entry = _object(value, path, ("id", "kind", "title", "per_unit"))
    title = _object(entry.get("title"), f"{path}.title", ("vi", "en"))
    for language in ("vi", "en"):
        words = title.get(language)
        if not isinstance(words, str) or not 2 <= len(words) <= 120 or not words.isprintable():
            raise _wrong(f"{path}.title.{language}", words, "2 đến 120 ký tự", "2 to 120 characters")
    if entry.get("kind") not in KINDS:
        raise _wrong(f"{path}.kind", entry.get("kind"), ", ".join(KINDS), ", ".join(KINDS))
    per_unit = entry.get("per_unit", False)
    if not isinstance(per_unit, bool):
        raise _wrong(f"{path}.per_unit", per_unit, "true hoặc false", "true or false")
    words = Text(vi=title["vi"], en=title["en"])
    return Body(_id(entry.get("id"), f"{path}.id"), entry["kind"], words, per_unit)


def _object(value: object, path: str, keys: tuple[str, ...] | list[str]) -> dict[str, Any]:
    listed = ", ".join(keys)
    if not isinstance(value, dict) or (set(value) - set(keys)):
        shown = ", ".join(sorted(set(value) - set(keys))) if isinstance(value, dict) else value
        raise _wrong(path, shown, f"một đối tượng JSON với: {listed}", f"a JSON object with: {listed}")
    return value


def _list(value: object, path: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > RULES_MAX:
        raise _wrong(path, "…", f"danh sách tối đa {RULES_MAX}", f"a list of at most {RULES_MAX}")
    return value


def _id(value: object, path: str) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise _wrong(path, value, "2–61 ký tự a–z, 0–9, - hoặc _", "2 to 61 characters of a-z, 0-9, - and _")
    return value


def _number(value: object, path: str, low: float, high: float, *, whole: bool = False) -> float:
    kind: type | tuple[type, ...] = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:  # type: ignore[operator]
        raise _wrong(path, value, f"số từ {low:g} đến {high:g}", f"a number from {low:g} to {high:g}")
    return float(value)  # type: ignore[arg-type]


def _names(value: object, path: str) -> frozenset[str] | None:
    return _some(value, path, lambda each: isinstance(each, str) and 1 <= len(each) <= 60)


def _weekdays(value: object, path: str) -> frozenset[int] | None:
    return _some(value, path, lambda each: type(each) is int and 1 <= each <= 7)


def _some(value: object, path: str, fits: Callable[[Any], bool]) -> frozenset[Any] | None:
    if value is None:
        return None
    # An empty list would be a rule that never matches: a slip, not a wish.
    if not isinstance(value, list) or not 1 <= len(value) <= LIST_MAX or not all(map(fits, value)):
        raise _wrong(
            path,
            value,
            f"null, hoặc danh sách 1 đến {LIST_MAX} giá trị (ngày trong tuần: 1 đến 7)",
            f"null, or a list of 1 to {LIST_MAX} values (weekdays: 1 to 7)",
        )
    return frozenset(value)


def _hours(value: object, path: str) -> tuple[time, time] | None:
    if value is None:
        return None
    clocks = value if isinstance(value, list) and len(value) == 2 else []
    if len(clocks) != 2 or not all(isinstance(each, str) and CLOCK.fullmatch(each) for each in clocks):
        raise _wrong(path, value, '["17:00", "07:00"]', '["17:00", "07:00"]')
    if clocks[0] == clocks[1]:
        raise _wrong(path, value, "hai giờ khác nhau; cả ngày: null", "two different times; all day: null")
    return time.fromisoformat(clocks[0]), time.fromisoformat(clocks[1])


def _day(value: object, path: str) -> date | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError(value)
        return date.fromisoformat(value)
    except ValueError:
        raise _wrong(path, value, "ngày YYYY-MM-DD", "a day YYYY-MM-DD") from None


def _sorted(values: frozenset[Any] | None) -> list[Any] | None:
    return None if values is None else sorted(values)


def _wrong(path: str, value: object, vi: str, en: str) -> InvalidInput:
    return InvalidInput(path, "" if value is None else value, vi, en)
