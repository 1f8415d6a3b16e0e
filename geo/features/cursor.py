"""Where a page ended, as a token that the next page begins after: the place costs nothing however deep it is.

A token is the last row's sort keys and id. It says nothing that the page did not, and needs no signature: a
made-up one is only another place to begin.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json, to_json

from geo.errors import InvalidInput
from geo.features.columns import parse_value
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from geo.features.columns import Column, Value

    type Sort = tuple[tuple[str, bool], ...]

MAX_ID = 2**63 - 1
ALLOWED = ("giá trị lấy từ liên kết next, cùng sortby", "a value out of a next link, with the same sortby")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The row after which to go on: its values of the sort's keys, in that order, and its id."""

    keys: tuple[Value | None, ...]
    id: int


def write_cursor(sort: Sort, keys: tuple[Value | None, ...], identifier: int) -> str:
    """The token of a row."""
    values = [_text(value) for value in keys]
    content = to_json([_order(sort), values, identifier])
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_cursor(text: str, sort: Sort, columns: Mapping[str, Column]) -> Cursor:
    """The place that a token names; ``InvalidInput`` for another sort or what is no token."""
    try:
        content: Any = from_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:  # also of base64, and of what is nested too deep
        content = None
    order = _order(sort)
    match content:
        case [str(found), list(values), int(identifier)] if found == order and len(values) == len(sort):
            keys = [_value(name, value, columns) for (name, _), value in zip(sort, values, strict=True)]
            return Cursor(tuple(keys), parse_integer("cursor", identifier, -MAX_ID, MAX_ID))
    raise InvalidInput("cursor", text, *ALLOWED)


def _order(sort: Sort) -> str:
    return ",".join([f"-{name}" if descending else name for name, descending in sort])


def _text(value: Value | None) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case date() | datetime():
            return value.isoformat()
        case float():
            return repr(value)
    return str(value)


def _value(name: str, value: object, columns: Mapping[str, Column]) -> Value | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidInput("cursor", value, *ALLOWED)
    if name == "id":
        return parse_integer("cursor", value, -MAX_ID, MAX_ID)
    return parse_value(columns[name], value)
