"""Columns of a batch into lists of field values: each distinct value is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from etl.attributes.codes import CodeReader
from etl.attributes.dates import period, serial
from etl.attributes.names import SYSTEM, title_of
from etl.attributes.units import cell_factor, column_factor
from etl.attributes.values import ENDS, is_nothing, reader_of
from etl.attributes.wrong import Wrong
from etl.types import SAMPLE_ROWS, Fault, Note
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.attributes.numbers import Decimal
    from etl.attributes.values import Reader
    from etl.text import Decoder
    from layers.description import Layer

MEMORY = 200_000
WORDS_CHARS = 250


class Converter:
    """One file column into one field. Keeps what it has read: codes and names come again and again."""

    def __init__(
        self, layer: Layer, name: str, column: str, decoder: Decoder | None, decimal: Decimal | None
    ) -> None:
        self.name = name
        self.column = column
        self._decoder = decoder
        self._read, self._required = reader_of(layer, name, decimal)
        # An area that a row does not declare is measured later.
        self._required = self._required and name != layer.area_field
        self._unit = None if name in SYSTEM else layer.field(name).unit
        self._factor = column_factor(column, self._unit)
        self._title = title_of(layer, name)
        self._kind = "" if name in SYSTEM or layer.field(name).codes else layer.field(name).type
        self._seen: dict[object, tuple[Any, Wrong | None]] = {}
        # Whether the layer has a field for the words of combined codes.
        self.several = isinstance(self._read, CodeReader) and self._read.several

    def __call__(self, column: pa.Array, first_row: int) -> tuple[list[Any], list[Fault]]:
        """Values of a column's rows, None where there is none, and the rows that cannot be taken."""
        if self._as_it_is(column):
            return _numbers(column), []
        encoded = column.dictionary_encode()
        read = [self._one(value) for value in encoded.dictionary.to_pylist()]
        at = encoded.indices.to_pylist()
        missing = (None, self._empty() if self._required else None)
        both = [missing if index is None else read[index] for index in at]
        values = [value for value, _ in both]
        if not any(wrong is not None for _, wrong in read) and not (self._required and column.null_count):
            return values, []
        shown = encoded.dictionary.to_pylist()
        faults = [
            self._fault(first_row + row, wrong, None if at[row] is None else shown[at[row]])
            for row, (_, wrong) in enumerate(both)
            if wrong is not None
        ]
        return values, faults

    def words(self, column: pa.Array, first_row: int) -> tuple[list[str | None], list[Note]]:
        """The texts of rows with combined codes, None in all others; and how many there are."""
        encoded = column.dictionary_encode()
        texts = [self._beyond(value) for value in encoded.dictionary.to_pylist()]
        if not any(texts):
            return [None] * len(column), []
        found = [None if at is None else texts[at] for at in encoded.indices.to_pylist()]
        made = [None if each is None else each[0] for each in found]
        notes = []
        for code, text, wanted in (
            ("code_combined", _COMBINED, False),
            ("code_unknown_part", _UNKNOWN, True),
        ):
            at = [first_row + row for row, each in enumerate(found) if each and (each[1] or not wanted)]
            if at:
                notes.append(Note(code, "info", text, len(at), tuple(at[:SAMPLE_ROWS]), column=self.column))
        return made, notes

    def periods(self, column: pa.Array, first_row: int) -> list[Note]:
        """Rows of a field of dates that say a month or a year only: of it a day was taken."""
        if self._kind != "date" or pa.types.is_temporal(column.type):
            return []
        text = _LAST_DAY if self.name.startswith(ENDS) else _FIRST_DAY
        return self._told(
            "date_of_period", text, column, first_row, lambda each: period(self._words_of(each))
        )

    def serials(self, column: pa.Array, first_row: int) -> list[Note]:
        """Rows of a field of dates or instants in which a spreadsheet's bare number stands for the day."""
        if self._kind not in ("date", "timestamp") or pa.types.is_temporal(column.type):
            return []
        return self._told("date_serial", _SERIAL, column, first_row, serial)

    def _told(
        self, code: str, text: Text, column: pa.Array, first_row: int, found: Callable[[object], object]
    ) -> list[Note]:
        """A note of the rows in whose values something is found; each different value is asked once."""
        encoded = column.dictionary_encode()
        which = [found(each) is not None for each in encoded.dictionary.to_pylist()]
        if not any(which):
            return []
        told = [at is not None and which[at] for at in encoded.indices.to_pylist()]
        rows = [first_row + row for row, each in enumerate(told) if each]
        return [Note(code, "info", text, len(rows), tuple(rows[:SAMPLE_ROWS]), column=self.column)]

    def _words_of(self, value: object) -> object:
        return self._decoder(value) if isinstance(value, str) and self._decoder is not None else value

    def _beyond(self, value: object) -> tuple[str, bool] | None:
        """What a value says beyond one code, and whether a part of it is no code at all."""
        if is_nothing(value) or not isinstance(self._read, CodeReader):
            return None
        if isinstance(value, str) and self._decoder is not None:
            value = self._decoder(value)
        found = self._read.combined(value)
        return None if found is None else (str(value).strip()[:WORDS_CHARS], bool(found.unknown))

    def _as_it_is(self, column: pa.Array) -> bool:
        """Numbers into a field of numbers, nothing in them to refuse: the bulk of large files."""
        if (self._required and column.null_count) or self._factor != 1:
            return False
        if self._kind == "integer" and pa.types.is_integer(column.type):
            ends = pc.min_max(column)
            low, high = ends["min"].as_py(), ends["max"].as_py()
            return low is None or -(2**31) < low <= high < 2**31
        if self._kind == "number" and pa.types.is_floating(column.type):
            return not self._required or bool(pc.all(pc.is_finite(column)).as_py())
        return False

    def _one(self, value: object) -> tuple[Any, Wrong | None]:
        found = self._seen.get(value)
        if found is None:
            found = self._take(value, self._read)
            if len(self._seen) < MEMORY:
                self._seen[value] = found
        return found

    def _take(self, value: object, read: Reader) -> tuple[Any, Wrong | None]:
        if isinstance(value, str) and self._decoder is not None:
            value = self._decoder(value)
        try:
            result = None if is_nothing(value) else read(value)
            # A unit in the cell itself ("0,5 ha") goes before that of the column's name.
            factor = cell_factor(value, self._unit) or self._factor
            if factor != 1 and isinstance(result, float):
                result = round(result * factor, 6)
        except Wrong as wrong:
            return None, wrong
        return result, self._empty() if result is None and self._required else None

    def _empty(self) -> Wrong:
        return Wrong(("không được để trống", "must not be empty"), ("một giá trị", "a value"))

    def _fault(self, row: int, wrong: Wrong, value: object) -> Fault:
        why = wrong.reason
        reason = Text(vi=f"«{self._title.vi}» {why.vi}.", en=f"'{self._title.en}' {why.en}.")
        if isinstance(value, str) and self._decoder is not None:
            value = self._decoder(value)
        shown = None if value is None else str(value)[:80]
        return Fault(row, f"value_{self.name}", reason, self.column, shown)


def _numbers(column: pa.Array) -> list[Any]:
    """Python numbers; None for null, NaN and infinity."""
    if pa.types.is_floating(column.type) and not pc.all(pc.is_finite(column.drop_null())).as_py():
        column = pc.if_else(pc.is_finite(column), column, None)
    out: list[Any] = column.to_pylist()
    return out


_COMBINED = Text(
    vi="Mã kết hợp (như ONT+CLN): lấy mã có diện tích ghi lớn nhất, không ghi diện tích thì mã đứng đầu;"
    " giữ nguyên chữ trong trường riêng.",
    en="Combined codes (such as ONT+CLN): the one with the largest declared area is taken, the first where"
    " no areas are declared; the words are kept in a field of their own.",
)
_FIRST_DAY = Text(
    vi="Ngày chỉ ghi tháng, quý hoặc năm: lấy ngày đầu của kỳ ấy.",
    en="Dates that name a month, a quarter or a year only: its first day is taken.",
)
_SERIAL = Text(
    vi="Ngày là số thứ tự ngày của Excel (như 46100): đã đổi ra ngày, xin xem lại.",
    en="Dates are a spreadsheet's day numbers (such as 46100): they were made dates; please look at them.",
)
_LAST_DAY = Text(
    vi="Ngày hết hạn chỉ ghi tháng, quý hoặc năm: lấy ngày cuối của kỳ ấy.",
    en="Dates of an end that name a month, a quarter or a year only: its last day is taken.",
)
_UNKNOWN = Text(
    vi="Một phần của mã kết hợp không có trong danh mục: lấy mã chính trong các phần còn lại.",
    en="A part of a combined code is not in the list: the main one of the others is taken.",
)
