"""One value of a file as a field's type, or the reason why not."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

from etl.attributes.codes import CodeReader
from etl.attributes.dates import to_date, to_day, to_timestamp
from etl.attributes.numbers import AmbiguousNumber, parse
from etl.attributes.wrong import Wrong
from etl.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.attributes.numbers import Decimal
    from layers.description import Layer

    Reader = Callable[[object], object]

YES_NO = {
    "true": True, "1": True, "co": True, "yes": True, "x": True, "dung": True,
    "false": False, "0": False, "khong": False, "no": False, "sai": False,
}  # fmt: skip
# A text field ``code_text`` beside the coded ``code`` keeps what a file says beyond one code.
WORDS = "_text"
# What people write where there is nothing.
NOTHING = frozenset({"", "-", "–", "—", "null", "none", "nan", "n/a", "na", "#n/a", "không có", "chưa có"})
_UNIT = re.compile(r"\d{5}", re.ASCII)
# Fields of dates on which something ends: a month there means its last day.
ENDS = ("expires", "ends", "until")
_NUMBER = ("một số, như 1234,5", "a number, such as 1234.5")
_WHOLE = ("số nguyên, như 1234", "a whole number, such as 1234")
_YES_NO = ("Có hoặc Không", "yes or no")
_WARD = ("mã xã năm chữ số, như 29869", "a ward's five digits, such as 29869")


def reader_of(layer: Layer, name: str, decimal: Decimal | None = None) -> tuple[Reader, bool]:
    """How to read the values of a field or system column, and whether one is required in each row."""
    if name in ("valid_from", "valid_to"):
        return to_date, name == "valid_from"
    if name == "unit":
        return to_unit, False
    field = layer.field(name)
    if field.codes is not None:
        words = name + WORDS in {each.name for each in layer.fields}
        return CodeReader(layer.codes[field.codes], several=words), field.required
    readers: dict[str, Reader] = {
        "text": lambda value: to_text(value, field.max_length),
        "integer": lambda value: to_integer(value, decimal),
        "number": lambda value: to_number(value, decimal),
        "boolean": to_boolean,
        "date": lambda value: to_day(value, last=name.startswith(ENDS)),
        "timestamp": to_timestamp,
    }
    return readers[field.type], field.required


def is_nothing(value: object) -> bool:
    """Whether a cell says that there is no value."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or (isinstance(value, str) and value.strip().lower() in NOTHING)


def to_text(value: object, max_length: int | None = None) -> str | None:
    """NFC, trimmed; whole numbers without a fraction (a spreadsheet's 12.0 is 12). None for blanks."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFC", str(value)).strip()
    if "\x00" in text:
        raise Wrong(("có ký tự NUL", "holds a NUL character"), ("chữ", "text"))
    if max_length is not None and len(text) > max_length:
        most = (f"không quá {max_length} ký tự", f"at most {max_length} characters")
        raise Wrong(("quá dài", "is too long"), most)
    return text or None


def to_number(value: object, decimal: Decimal | None = None) -> float:
    """A finite number; texts in Vietnamese or English notation, with or without a unit."""
    try:
        number = parse(value, decimal) if isinstance(value, str) else float(value)  # type: ignore[arg-type]
    except AmbiguousNumber:
        raise Wrong(
            (
                "có thể hiểu hai cách: hàng nghìn hay thập phân",
                "can be read in two ways: thousands or decimals",
            ),
            ("cách ghi rõ, như 1234 hoặc 1,2340", "a clear form, such as 1234 or 1.2340"),
            undecided=True,
        ) from None
    except (ValueError, TypeError):
        raise Wrong(("không phải số", "is no number"), _NUMBER) from None
    if not math.isfinite(number):
        raise Wrong(("không phải số hữu hạn", "is not finite"), _NUMBER)
    return number


def to_integer(value: object, decimal: Decimal | None = None) -> int:
    """A whole number of 32 bits."""
    number = to_number(value, decimal)
    if not number.is_integer() or abs(number) >= 2**31:
        raise Wrong(("không phải số nguyên 32 bit", "is no whole number of 32 bits"), _WHOLE)
    return int(number)


def to_boolean(value: object) -> bool:
    """True or false, 1 or 0, có or không, x."""
    found = YES_NO.get(plain(str(value).removesuffix(".0")))
    if found is None:
        raise Wrong(("không phải có hay không", "is neither yes nor no"), _YES_NO)
    return found


def to_unit(value: object) -> str:
    """A ward's code; a number that lost its leading zeros gets them back."""
    text = str(to_text(value))
    text = text.zfill(5) if text.isdigit() else text
    if not _UNIT.fullmatch(text):
        raise Wrong(("không phải mã xã", "is no ward's code"), _WARD)
    return text
