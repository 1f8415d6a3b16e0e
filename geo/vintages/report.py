"""What the checks of a vintage found, as values, JSON and lines for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import shapely

from geo.vintages.words import FIGURES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from geo.vintages.types import Coverage
    from layers.description import Text

# "first": does not stop the file, but something else must be done before it can be activated.
Severity = Literal["error", "first", "warning", "note"]
# Of one kind so many are kept, the largest first; the count and the sum are of all.
KEPT = 200
SHOWN = 5
MARKS = {"error": "✗", "first": "▲", "warning": "!", "note": "·"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. ``lon``, ``lat``: a place to look at. ``amount`` in ``unit`` (ha, share, …)."""

    text: Text
    codes: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    amount: float | None = None

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "vi": self.text.vi,
            "en": self.text.en,
            "codes": list(self.codes),
            "lon": None if self.lon is None else round(self.lon, 6),
            "lat": None if self.lat is None else round(self.lat, 6),
            "amount": None if self.amount is None else float(f"{self.amount:.6g}"),
        }


@dataclass(frozen=True, slots=True)
class Group:
    """All findings of one check, largest first."""

    check: str
    severity: Severity
    unit: str
    count: int
    total: float
    findings: tuple[Finding, ...]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        title, advice = WORDS[self.check]
        return {
            "check": self.check,
            "severity": self.severity,
            "title": title.model_dump(),
            "advice": advice.model_dump() if advice else None,
            "unit": self.unit,
            "count": self.count,
            "total": float(f"{self.total:.6g}"),
            "findings": [finding.document() for finding in self.findings],
        }


@dataclass(slots=True)
class Report:
    """Grows while a vintage is checked; ``figures`` are counts and areas by name."""

    groups: list[Group] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def possible(self) -> bool:
        """Whether nothing found forbids activation."""
        return all(group.severity != "error" for group in self.groups)

    def add(self, check: str, severity: Severity, findings: Iterable[Finding], unit: str = "") -> None:
        """Add what one check (a key of ``WORDS``) found; nothing is added for nothing."""
        found = sorted(findings, key=lambda each: (-(each.amount or 0.0), each.codes))
        if found:
            total = sum(each.amount or 0.0 for each in found)
            self.groups.append(Group(check, severity, unit, len(found), total, tuple(found[:KEPT])))

    def get(self, check: str) -> Group | None:
        """The group of one check."""
        return next((group for group in self.groups if group.check == check), None)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "possible": self.possible,
            "figures": self.figures,
            "groups": [group.document() for group in self.groups],
        }


def placed(units: Coverage, at: int, text: Text, amount: float | None = None) -> Finding:
    """A finding about one unit, with a place within it."""
    place = shapely.point_on_surface(units.shapes[at])
    lon, lat = (None, None) if place.is_empty else (place.x, place.y)
    return Finding(text, (units.rows[at].code,), lon, lat, amount)


def named(units: Coverage, at: int) -> str:
    """A unit by code and name."""
    return f"{units.rows[at].code} {units.rows[at].name}"


def lines(document: dict[str, Any]) -> list[str]:
    """A stored report as lines, errors first, each kind with its largest findings and what to do about it."""
    out = [f"  {value:>12,}  {_figure(name)}" for name, value in document["figures"].items() if value]
    order = {severity: i for i, severity in enumerate(MARKS)}
    severities = [group["severity"] for group in document["groups"]]
    for group in sorted(document["groups"], key=lambda each: order[each["severity"]]):
        sum_ = f", {group['total']:,.4g} {group['unit']}" if group["unit"] in ("ha", "km²") else ""
        out.append(f"{MARKS[group['severity']]} {_both(group['title'])}: {group['count']:,}{sum_}")
        out += [f"    {_finding(finding, group['unit'])}" for finding in group["findings"][:SHOWN]]
        if group["count"] > SHOWN:
            out.append(f"    … {group['count'] - SHOWN:,} · --report JSON")
        if group.get("advice") and group["severity"] != "note":
            out.append(f"  → {_both(group['advice'])}")
    if "error" in severities:
        return [*out, "✗ Chưa thể kích hoạt · activation is refused"]
    if "first" in severities:
        return [
            *out,
            "▲ Kích hoạt được sau khi làm việc ghi ở ▲ · activation is possible after what ▲ asks for",
        ]
    return [*out, "✓ Có thể kích hoạt · activation is possible"]


def _figure(name: str) -> str:
    return f"{FIGURES[name].vi} · {FIGURES[name].en}" if name in FIGURES else name


def _both(text: dict[str, str]) -> str:
    return " · ".join(filter(None, (text["vi"], text["en"])))


def _finding(finding: dict[str, Any], unit: str) -> str:
    place = "" if finding["lon"] is None else f"  @ {finding['lon']:.5f}, {finding['lat']:.5f}"
    amount = "" if finding["amount"] is None or not unit else f"  {finding['amount']:,.4g} {unit}"
    return f"{_both(finding)}{amount}{place}"
