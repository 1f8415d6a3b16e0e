"""A report's receipt as JSON, with its codes in words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geo.calendar import ICT
from geo.reports import next_steps

if TYPE_CHECKING:
    from datetime import datetime

    from geo.catalogue import Catalogue
    from geo.reports import Incident, Receipt
    from layers.description import Code

LAYER = "reports"


def in_words(receipt: Receipt, layers: Catalogue, *, staff: bool = False) -> dict[str, Any]:
    """What the holder of a code may know. Only ``staff`` are told the code of another's report."""
    ward = {"code": receipt.ward_code, "name": receipt.ward_name} if receipt.ward_code else None
    return {
        "code": receipt.code,
        "status": receipt.status,
        "status_title": title(layers, "status", receipt.status),
        "category": receipt.category,
        "category_title": title(layers, "category", receipt.category),
        "received_at": iso(receipt.received_at),
        "located": receipt.located,
        "ward": ward,
        "near_boundary": receipt.confidence not in (None, "inside", "no_location"),
        "incident": _incident(receipt.incident, layers, staff=staff),
        "next": next_steps(receipt).model_dump(),
        "history": [
            {"at": iso(event.at), "status": event.status, "title": title(layers, "status", event.status)}
            for event in receipt.history
        ],
    }


def _incident(incident: Incident | None, layers: Catalogue, *, staff: bool) -> dict[str, Any] | None:
    if incident is None:
        return None
    status = incident.status
    told = {"reports": incident.reports, "status": status, "status_title": title(layers, "status", status)}
    return {"code": incident.code, **told} if staff else told


def codes(layers: Catalogue, field: str) -> tuple[Code, ...]:
    """The code list of a field of reports."""
    layer = layers.layer(LAYER)
    return layer.codes[layer.field(field).codes or ""]


def title(layers: Catalogue, field: str, code: str) -> dict[str, str]:
    """What a code is called; the code itself where the list has it no more."""
    found = next((entry.title for entry in codes(layers, field) if entry.code == code), None)
    return found.model_dump() if found else {"vi": code, "en": code}


def iso(instant: datetime) -> str:
    """An instant on the Vietnamese clock, to the second."""
    return instant.astimezone(ICT).isoformat(timespec="seconds")
