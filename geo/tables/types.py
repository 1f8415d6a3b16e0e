"""PostgreSQL's names of the types in a layer's tables: who fills them need not load SQLAlchemy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layers.description import Layer

_MOMENT = "TIMESTAMP WITH TIME ZONE"
_OF_FIELDS = {
    "text": "TEXT",
    "integer": "INTEGER",
    "number": "DOUBLE PRECISION",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": _MOMENT,
}


def column_types(layer: Layer) -> dict[str, str]:
    """The type of every column of ``core.<layer>`` and ``private.<layer>``, geometries aside."""
    found = {"id": "BIGINT", "visibility": "SMALLINT", "unit": "TEXT", "search": "TEXT"}
    found |= {"created_at": _MOMENT, "updated_at": _MOMENT}
    if layer.valid_time:
        found |= {"valid_from": "DATE", "valid_to": "DATE"}
    return found | {field.name: _OF_FIELDS[field.type] for field in layer.fields}
