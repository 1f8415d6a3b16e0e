"""One value of a file as a field's type, or the reason why not."""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime
from typing import TYPE_CHECKING

from etl.matching import fold
from geo.calendar import ICT

if TYPE_CHECKING:
    from collections.abc import Callable

    from layers.description import Layer, LayerField


class Wrong(Exception):
    """A value that cannot be taken; ``vi`` and ``en`` end a sentence that begins with the field's title."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


YES_NO = {
    "true": True,
    "1": True,
    "co": True,
    "yes": True,
    "false": False,
    "0": False,
    "khong": False,
    "no": False,
}
_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)
_UNIT = re.compile(r"\d{5}", re.ASCII)
# 12345,6 or 12345.6; a value with two kinds of separators could mean two numbers and is refused.
_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)


def reader_of(layer: Layer, name: str) -> tuple[Callable[[object], object], bool]:
    """How to read the values of a field or of a system column, and whether one is required."""
    if name in ("valid_from", "valid_to"):
        return to_date, name == "valid_from"
    if name == "unit":
        return _unit, False
    field = layer.field(name)
    if field.codes is not None:
        return _code_reader(layer, field), field.required
    readers: dict[str, Callable[[object], object]] = {
        "text": lambda value: to_text(value, field.max_length),
        "integer": to_integer,
        "number": to_number,
        "boolean": to_boolean,
        "date": to_date,
        "timestamp": to_timestamp,
    }
    return readers[field.type], field.required


def to_text(value: object, max_length: int | None = None) -> str | None:
    """NFC, trimmed; whole numbers without a fraction (a spreadsheet's 12.0 is 12). None for blanks."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFC", str(value)).strip()
    if "\x00" in text:
        raise Wrong("có ký tự NUL", "holds a NUL character")
    if max_length is not None and len(text) > max_length:
        raise Wrong(f"dài quá {max_length} ký tự", f"is longer than {max_length} characters")
    return text or None


def to_number(value: object) -> float:
    """A finite number; texts with one decimal comma or point."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise Wrong(f"không phải số: {value[:40]}", f"is no number: {value[:40]}")
        value = value.strip().replace(",", ".")
    number = float(value)  # type: ignore[arg-type]
    if not math.isfinite(number):
        raise Wrong("không phải số hữu hạn", "is not finite")
    return number


def to_integer(value: object) -> int:
    """A whole number of 32 bits."""
    number = to_number(value)
    if not number.is_integer() or abs(number) >= 2**31:
        raise Wrong(f"không phải số nguyên: {value}", f"is no whole number: {value}")
    return int(number)


def to_boolean(value: object) -> bool:
    """True or false, 1 or 0, có or không."""
    found = YES_NO.get(fold(str(value)))
    if found is None:
        raise Wrong(f"không phải có/không: {value}", f"is neither yes nor no: {value}")
    return found


def to_date(value: object) -> date:
    """A date, ``2026-11-21`` or, day first as Vietnam writes it, ``21/11/2026``."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    day_first = _DAY_FIRST.fullmatch(text)
    try:
        if day_first:
            return date(int(day_first[3]), int(day_first[2]), int(day_first[1]))
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Wrong(f"không phải ngày: {text[:40]}", f"is no date: {text[:40]}") from None


def to_timestamp(value: object) -> datetime:
    """An instant; without a zone it is Vietnam's time."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise Wrong(f"không phải thời điểm: {value}", f"is no instant: {value}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ICT)


def _unit(value: object) -> str:
    text = str(to_text(value))
    if not _UNIT.fullmatch(text):
        raise Wrong(f"không phải mã xã năm chữ số: {text[:20]}", f"is no five-digit ward code: {text[:20]}")
    return text


def _code_reader(layer: Layer, field: LayerField) -> Callable[[object], str]:
    entries = layer.codes[field.codes or ""]
    known = {entry.code: entry.code for entry in entries}
    # Words stand for their code where only one code has them.
    words: dict[str, str | None] = {}
    for entry in entries:
        for word in (entry.code, entry.title.vi, entry.title.en):
            folded = fold(word)
            words[folded] = entry.code if words.get(folded, entry.code) == entry.code else None

    def read(value: object) -> str:
        text = str(to_text(value))
        found = known.get(text) or words.get(fold(text))
        if found is None:
            shown = ", ".join(list(known)[:12]) + ("…" if len(known) > 12 else "")
            raise Wrong(
                f"không có mã {text[:40]}; các mã: {shown}", f"has no code {text[:40]}; codes: {shown}"
            )
        return found

    return read
