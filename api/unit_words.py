"""Units, their placement and their history as JSON and in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.words import date_words, number_words

if TYPE_CHECKING:
    from datetime import date

    from geo.units import Candidate, Placement, Unit
    from geo.units.history import History, Passing, Record
    from geo.words import Words

KINDS = {
    "rename": ("đổi tên", "renamed"),
    "promotion": ("chuyển loại đơn vị", "changed in kind"),
    "boundary_shift": ("điều chỉnh ranh giới", "its border moved"),
    "whole": ("nhập toàn bộ", "merged as a whole"),
    "part": ("nhập một phần", "merged in part"),
}


def document(unit: Unit) -> dict[str, Any]:
    """One version of a unit."""
    return {
        "id": unit.unit_id,
        "feature_id": unit.feature_id,
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "level": unit.level,
        "province_code": unit.province_code,
        "province_name": unit.province_name,
        "district_name": unit.district_name,
        "area_km2": unit.area_km2,
        "population": unit.population,
        "valid_from": unit.valid_from.isoformat(),
        "valid_to": iso(unit.valid_to),
        "bbox": unit.bbox.as_tuple(),
    }


def short(unit: Unit) -> dict[str, str]:
    """A unit by its identity, code and name."""
    return {"id": unit.unit_id, "code": unit.code, "name": unit.name}


def of_place(placement: Placement) -> dict[str, Any]:
    """The units that answer for a place, how sure that is, and the neighbours."""
    covering = [candidate for candidate in placement.candidates if candidate.covers]
    answering = covering or ([placement.chosen] if placement.chosen else [])
    return {
        "units": [_answering(candidate) for candidate in answering],
        "confidence": placement.confidence,
        "threshold_m": placement.threshold_m,
        "near_boundary": placement.confidence == "near_boundary",
        "neighbours": [_neighbour(other) for other in placement.candidates if other not in answering],
    }


def history(found: History) -> dict[str, Any]:
    """Versions (what is recorded now), former records (what was believed before), where from, where to."""
    return {
        "versions": [_record(each) for each in found.records if each.recorded_to is None],
        "former_records": [_record(each) for each in found.records if each.recorded_to is not None],
        "predecessors": [_passing(each, came=True) for each in found.predecessors],
        "successors": [_passing(each, came=False) for each in found.successors],
    }


def iso(day: date | None) -> str | None:
    """A day, or None."""
    return day.isoformat() if day else None


def _answering(candidate: Candidate) -> dict[str, Any]:
    return {
        **document(candidate.unit),
        "distance_m": round(candidate.distance_m, 2),
        "distance_to_border_m": round(candidate.border_m, 2),
    }


def _neighbour(candidate: Candidate) -> dict[str, Any]:
    unit = candidate.unit
    distance_m = round(candidate.distance_m, 2)
    return {"id": unit.unit_id, "code": unit.code, "name": unit.name, "distance_m": distance_m}


def _record(record: Record) -> dict[str, Any]:
    return {
        "feature_id": record.feature_id,
        "code": record.code,
        "name": record.name,
        "kind": record.kind,
        "province_code": record.province_code,
        "province_name": record.province_name,
        "district_name": record.district_name,
        "valid_from": record.valid_from.isoformat(),
        "valid_to": iso(record.valid_to),
        "recorded_from": record.recorded_from.isoformat(),
        "recorded_to": record.recorded_to.isoformat() if record.recorded_to else None,
        "source": record.source,
    }


def _passing(passing: Passing, *, came: bool) -> dict[str, Any]:
    vi, en = KINDS[passing.kind]
    return {
        "unit": {
            "id": passing.unit_id,
            "code": passing.code,
            "name": passing.name,
            "kind": passing.kind_of_unit,
            "province_code": passing.province_code,
            "province_name": passing.province_name,
        },
        "effective": passing.effective.isoformat(),
        "kind": passing.kind,
        "kind_title": {"vi": vi, "en": en},
        "share_area": passing.share_area,
        "share_pop": passing.share_pop,
        "legal_ref": passing.legal_ref,
        "words": _words(passing, came=came),
    }


def _words(passing: Passing, *, came: bool) -> Words:
    day, (vi, en) = date_words(passing.effective), KINDS[passing.kind]
    share = {"vi": "", "en": ""}
    if passing.share_area is not None and passing.kind == "part":
        percent = number_words(round(passing.share_area * 100, 1))
        said = percent if isinstance(percent, dict) else {"vi": percent, "en": percent}
        share = {"vi": f", {said['vi']} % diện tích", "en": f", {said['en']}% of its area"}
    other = f"{passing.name} ({passing.code})" if passing.code else passing.name
    if passing.kind not in ("whole", "part"):
        return {
            "vi": f"{vi[0].upper()}{vi[1:]} từ {day['vi']} ({passing.legal_ref}).",
            "en": f"{en[0].upper()}{en[1:]} on {day['en']} ({passing.legal_ref}).",
        }
    where = ("Từ", "From") if came else ("Vào", "Into")
    return {
        "vi": f"{where[0]} {other}: {vi}{share['vi']}, từ {day['vi']} ({passing.legal_ref}).",
        "en": f"{where[1]} {other}: {en}{share['en']}, on {day['en']} ({passing.legal_ref}).",
    }
