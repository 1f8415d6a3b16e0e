"""What of a layer one caller may read, filter and sort by. The one list that every answer is made from."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from geo.calendar import parse_date
from geo.errors import InvalidInput
from geo.features.interval import parse_instant
from geo.types import parse_integer
from layers.derived import Derived
from layers.description import Code, FieldType, Layer, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from geo.database import Caller

    Value = str | int | float | bool | date | datetime

INT4 = 2**31
TRUTH = {"true": True, "false": False, "1": True, "0": False}
VALID_FROM = Text(vi="Có hiệu lực từ ngày", en="Valid from")
VALID_TO = Text(vi="Hết hiệu lực từ ngày", en="Valid until (not included)")


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a feature; ``codes`` are the values that a code list allows."""

    name: str
    type: FieldType
    title: Text
    unit: str | None = None
    codes: tuple[Code, ...] = ()
    required: bool = False


# A page of ten takes as long to read.
_MADE: Derived[Mapping[str, Column]] = Derived()


def columns_for(layer: Layer, caller: Caller) -> Mapping[str, Column]:
    """The properties that ``caller`` may know of, by name, in the description's order.

    Private fields are in no caller's list: they have their own door, where reads are logged.
    """
    staff = caller.staff
    return _MADE.of(layer, lambda: MappingProxyType(_columns(layer, staff=staff)), staff)


def _columns(layer: Layer, *, staff: bool) -> dict[str, Column]:
    found = {
        field.name: Column(
            field.name,
            field.type,
            field.title,
            field.unit,
            layer.codes[field.codes] if field.codes else (),
            field.required,
        )
        for field in layer.fields_for(staff=staff)
    }
    if layer.valid_time:
        found["valid_from"] = Column("valid_from", "date", VALID_FROM)
        found["valid_to"] = Column("valid_to", "date", VALID_TO)
    return found


def parse_value(column: Column, text: str) -> Value:
    """A request's text as a value of the column's type; ``InvalidInput`` where it is none."""
    match column.type:
        case "text":
            if "\x00" in text:
                raise InvalidInput(column.name, text, "chữ không có ký tự NUL", "text without NUL")
            return unicodedata.normalize("NFC", text)
        case "integer":
            return parse_integer(column.name, text, -INT4, INT4 - 1)
        case "number":
            return _number(column.name, text)
        case "boolean":
            if text not in TRUTH:
                raise InvalidInput(column.name, text, "true hoặc false", "true or false")
            return TRUTH[text]
        case "date":
            return parse_date(column.name, text)
        case "timestamp":
            return parse_instant(column.name, text)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidInput(name, text, "một số", "a number")
    return value
