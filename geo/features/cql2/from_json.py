"""CQL2 JSON (OGC 21-065r2, annex A) as the same values that CQL2 text gives."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

from geo.documents import read_json
from geo.features.cql2 import literals
from geo.features.cql2.nodes import Array, Call, Interval, Name, Value, wrong
from geo.features.cql2.scan import scan_json

if TYPE_CHECKING:
    from geo.features.cql2.nodes import Node

EXPECTED = ("một biểu thức CQL2 JSON", "an expression of CQL2 JSON")


def parse_json(text: str) -> Node:
    """A whole filter; ``InvalidInput`` where it is no JSON or no CQL2."""
    scan_json(text)
    try:
        document = read_json(text)
    except ValueError:
        raise wrong(text, *EXPECTED) from None
    return _node(document)


def _node(value: object) -> Node:
    if isinstance(value, bool):
        return Value(value)
    if isinstance(value, str):
        return Value(unicodedata.normalize("NFC", value))
    if isinstance(value, int | float):
        return Value(value)
    if isinstance(value, list):
        return Array(tuple(_node(part) for part in value))
    if isinstance(value, dict):
        return _object(value)
    raise wrong(value, *EXPECTED)


def _object(value: dict[str, Any]) -> Node:  # noqa: PLR0911 - one for each form of the standard
    match value:
        case {"op": str(op), "args": list(args)}:
            return Call(op.lower(), tuple(_node(part) for part in args))
        case {"property": str(name)}:
            return Name(name)
        case {"date": str(text)}:
            return literals.day(text)
        case {"timestamp": str(text)}:
            return literals.moment(text)
        case {"interval": [start, end]}:
            return Interval(_end(start), _end(end))
        case {"bbox": list(numbers)} if all(type(number) in (int, float) for number in numbers):
            return literals.box(numbers)
        case {"type": str()}:
            return literals.geometry(value)
    raise wrong(json.dumps(value, ensure_ascii=False), *EXPECTED)


def _end(value: object) -> Node | None:
    return literals.end_of_interval(value) if isinstance(value, str) else _node(value)
