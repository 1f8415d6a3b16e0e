"""The report of an import, as one JSON document from which text and page are made. Pure.

It says what the file is and how it was read, what was repaired and refused, what the layer would gain and
lose, and where the problem places are. Values of columns with personal data are not in it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from etl.landing.findings import Findings
from etl.types import add_up

if TYPE_CHECKING:
    from etl.types import Ambiguity, Fault, Guess, Note, Reading, Source, Survey
    from geo.datasets import Difference
    from layers.description import Layer


def document(
    layer: Layer,
    survey: Survey,
    found: Findings | None = None,
    difference: Difference | None = None,
    **more: Any,  # noqa: ANN401 - JSON
) -> dict[str, Any]:
    """The report as JSON; without ``found`` of a file that was surveyed only (questions, or a refusal)."""
    seen = found or Findings()
    notes = add_up([*survey.notes, *seen.notes, *seen.tally.notes()])
    refused = any(note.severity == "refused" for note in notes)
    personal = set(survey.reading.personal) if survey.reading else set()
    repaired = [kind.area_m2 for kind in seen.tally.kinds.values() if kind.severity == "repaired"]
    rows = {"file": survey.rows, "read": seen.read, "taken": seen.taken, "quarantined": seen.quarantined}
    return {
        "version": 1,
        "layer": {"name": layer.name, "title": layer.title.model_dump()},
        "file": _file(survey.source, survey.inner_layer),
        "reading": _reading(layer, survey.reading),
        "fields": _fields(layer),
        "columns": _columns(survey),
        "guesses": _guesses(survey),
        "questions": [_question(each) for each in survey.ambiguities],
        "samples": {name: [list(pair) for pair in pairs[:5]] for name, pairs in survey.samples.items()},
        "geometry_types": dict(survey.geometry_types),
        "rows": rows,
        "notes": [_note(note) for note in notes],
        "repaired_area_m2": round(sum(repaired), 3),
        "faults": _faults(seen, personal),
        "difference": difference.document() if difference else None,
        "places": _places(seen),
        "extent": seen.extent,
        "can_land": bool(found and seen.taken and difference and not refused and not survey.ambiguities),
        **more,
    }


def _file(source: Source, inner_layer: str) -> dict[str, Any]:
    return {
        "name": source.path.name,
        "sha256": source.sha256,
        "size_bytes": source.size_bytes,
        "driver": next((each.driver for each in source.layers if each.name == inner_layer), None),
        "inner_layer": inner_layer,
        "inner_layers": [
            {"name": each.name, "rows": each.rows, "geometry": each.geometry} for each in source.layers
        ],
    }


def _reading(layer: Layer, reading: Reading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    titles = {each.name: each.title.model_dump() for each in layer.fields}
    return {
        "crs": {
            "key": reading.crs.key,
            "name": reading.crs.name,
            "epsg": reading.crs.epsg,
            "swapped": reading.crs.swapped,
            "operation": reading.crs.operation,
        },
        "columns": [
            {"field": name, "title": titles.get(name), "column": column}
            for name, column in reading.columns.items()
        ],
        "constants": dict(reading.constants),
        "ignored": list(reading.ignored),
        "personal": dict(reading.personal),
        "encodings": dict(reading.encodings),
        "scheme": reading.scheme,
        "valid_from": reading.valid_from.isoformat() if reading.valid_from else None,
    }


def _fields(layer: Layer) -> list[dict[str, Any]]:
    """What the layer takes, for whoever says which column goes where; codes with their titles."""
    return [
        {
            "name": field.name,
            "title": field.title.model_dump(),
            "required": field.required and field.derive is None and field.name != layer.area_field,
            "codes": [
                {"code": each.code, "title": each.title.model_dump()} for each in layer.codes[field.codes]
            ]
            if field.codes
            else None,
        }
        for field in layer.fields
        if field.shown
    ]


def _columns(survey: Survey) -> list[str]:
    """The file's columns, of the layer that was read; all of them where none was chosen yet."""
    layers = [each for each in survey.source.layers if each.name == survey.inner_layer]
    return [column.name for layer in layers for column in layer.columns]


def _guesses(survey: Survey) -> dict[str, Any]:
    return {
        "crs": [_guess(each) for each in survey.crs[:10]],
        "encoding": [_guess(each) for each in survey.encodings[:6]],
        "columns": {name: [_guess(g) for g in each[:4]] for name, each in survey.columns.items()},
    }


def _guess(guess: Guess) -> dict[str, Any]:
    return {
        "key": guess.key,
        "label": guess.label.model_dump(),
        "score": round(guess.score, 4),
        "evidence": [each.model_dump() for each in guess.evidence],
    }


def _question(each: Ambiguity) -> dict[str, Any]:
    return {
        "question": each.question,
        "text": each.text.model_dump(),
        "option": each.option,
        "guesses": [_guess(guess) for guess in each.guesses[:10]],
    }


def _note(note: Note) -> dict[str, Any]:
    return {**asdict(note), "text": note.text.model_dump()}


def _places(seen: Findings) -> dict[str, list[tuple[float, float]]]:
    """Where the trouble is (lon, lat), by the code of a repair or a fault."""
    mended = {code: kind.places for code, kind in seen.tally.kinds.items() if kind.places}
    return mended | {code: lonlats for code, lonlats in seen.places.items() if lonlats}


def _faults(seen: Findings, personal: set[str]) -> dict[str, Any]:
    kinds = []
    for (code, column), count in seen.by_kind.most_common():
        reason, rows = seen.kinds[code, column]
        kinds.append(
            {"code": code, "column": column, "count": count, "text": reason.model_dump(), "rows": rows}
        )
    return {"by_kind": kinds, "first": [_fault(each, personal) for each in seen.faults]}


def _fault(fault: Fault, personal: set[str]) -> dict[str, Any]:
    value = fault.value
    if fault.column in personal:
        value = None
    elif value is not None and len(value) > 80:
        value = value[:80] + "…"
    return {
        "row": fault.row,
        "code": fault.code,
        "reason": fault.reason.model_dump(),
        "column": fault.column,
        "value": value,
    }
