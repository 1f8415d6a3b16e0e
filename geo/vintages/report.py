"""What the checks of a vintage found, as values, JSON and lines for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.description import Text

Severity = Literal["error", "warning", "note"]
# Of one kind so many are kept, the largest first; the count and the sum are of all.
KEPT = 200
SHOWN = 5
MARKS = {"error": "✗", "warning": "!", "note": "·"}


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
    title: Text
    unit: str
    count: int
    total: float
    findings: tuple[Finding, ...]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "check": self.check,
            "severity": self.severity,
            "title": {"vi": self.title.vi, "en": self.title.en},
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

    def add(
        self, check: str, severity: Severity, title: Text, findings: Iterable[Finding], unit: str = ""
    ) -> None:
        """Add what one check found; nothing is added for nothing."""
        found = sorted(findings, key=lambda each: (-(each.amount or 0.0), each.codes))
        if found:
            total = sum(each.amount or 0.0 for each in found)
            self.groups.append(Group(check, severity, title, unit, len(found), total, tuple(found[:KEPT])))

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


def lines(document: dict[str, Any]) -> list[str]:
    """A stored report as lines, errors first, each kind with its largest findings."""
    out = [f"  {name}: {value}" for name, value in document["figures"].items()]
    order = {severity: i for i, severity in enumerate(MARKS)}
    for group in sorted(document["groups"], key=lambda each: order[each["severity"]]):
        sum_ = f", {group['total']:,.4g} {group['unit']}" if group["unit"] in ("ha", "km²") else ""
        title = group["title"]
        out.append(f"{MARKS[group['severity']]} {title['vi']} · {title['en']}: {group['count']:,}{sum_}")
        out += [f"    {_finding(finding, group['unit'])}" for finding in group["findings"][:SHOWN]]
    verdict = (
        "✓ Có thể kích hoạt · activation is possible"
        if document["possible"]
        else "✗ Chưa thể kích hoạt · activation is refused"
    )
    return [*out, verdict]


def _finding(finding: dict[str, Any], unit: str) -> str:
    place = "" if finding["lon"] is None else f"  @ {finding['lon']:.5f}, {finding['lat']:.5f}"
    amount = "" if finding["amount"] is None or not unit else f"  {finding['amount']:,.4g} {unit}"
    return f"{finding['vi']} · {finding['en']}{amount}{place}"
