"""Why a ward has a report, in words and as the record that is kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layers.description import Text

if TYPE_CHECKING:
    from datetime import date

    from geo.units import Candidate, Placement

# The only rule so far: the ward that covers the place on the day of the decision.
RULE = "ward-default"
RULE_VERSION = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """A placement on a day, with its reason."""

    placement: Placement
    as_of: date
    accuracy_m: float | None
    reason: Text

    def record(self) -> dict[str, Any]:
        """The row of ``core.route_decision`` as JSON: enough to see later who was considered and why."""
        chosen = self.placement.chosen
        return {
            "as_of": self.as_of.isoformat(),
            "unit_id": chosen.unit.unit_id if chosen else None,
            "unit_code": chosen.unit.code if chosen else None,
            "unit_name": chosen.unit.name if chosen else None,
            "confidence": self.placement.confidence,
            "accuracy_m": self.accuracy_m,
            "candidates": [_candidate(candidate) for candidate in self.placement.candidates],
            "boundaries": [candidate.unit.feature_id for candidate in self.placement.candidates],
            "rule": RULE,
            "rule_version": RULE_VERSION,
            "reason_vi": self.reason.vi,
            "reason_en": self.reason.en,
        }


def decide(placement: Placement, as_of: date, accuracy_m: float | None) -> Decision:
    """The decision that follows from a placement."""
    return Decision(placement, as_of, accuracy_m, _reason(placement))


def _reason(placement: Placement) -> Text:
    chosen = placement.chosen
    if chosen is None:
        return Text(
            vi="Vị trí nằm ngoài mọi xã, phường.",
            en="The place lies outside every ward.",
        )
    name, border_m = chosen.unit.name, chosen.border_m
    others = ", ".join(other.unit.name for other in placement.candidates if other is not chosen)
    match placement.confidence:
        case "inside":
            return Text(
                vi=f"Vị trí nằm trong {name}, cách ranh giới {border_m:.0f} m.",
                en=f"The place lies in {name}, {border_m:.0f} m from its border.",
            )
        case "overlap":
            return Text(
                vi=f"Ranh giới trong dữ liệu chồng nhau tại đây: {name}, {others}."
                " Chọn đơn vị có diện tích nhỏ hơn.",
                en=f"The boundaries overlap here: {name}, {others}. The unit of the smaller area was chosen.",
            )
        case "gap_snapped":
            return Text(
                vi=f"Vị trí rơi vào khe giữa các ranh giới; {name} gần nhất, cách {chosen.distance_m:.1f} m.",
                en=f"The place falls in a slit between boundaries; {name} is nearest,"
                f" {chosen.distance_m:.1f} m away.",
            )
    beside = (f" Bên kia là {others}.", f" Beyond it: {others}.") if others else ("", "")
    return Text(
        vi=f"Vị trí thuộc {name} nhưng chỉ cách ranh giới {border_m:.0f} m"
        f" (độ chắc chắn ±{placement.threshold_m:.0f} m).{beside[0]}",
        en=f"The place belongs to {name} but lies only {border_m:.0f} m from its border"
        f" (certain to ±{placement.threshold_m:.0f} m).{beside[1]}",
    )


def _candidate(candidate: Candidate) -> dict[str, Any]:
    unit = candidate.unit
    return {
        "feature_id": unit.feature_id,
        "unit_id": unit.unit_id,
        "code": unit.code,
        "name": unit.name,
        "distance_m": round(candidate.distance_m, 3),
        "border_m": round(candidate.border_m, 3),
        "area_m2": round(candidate.area_m2),
    }
