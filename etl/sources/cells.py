"""Rows of cells out of text tables and spreadsheets, bounded in every direction."""

from __future__ import annotations

import codecs
import csv
from typing import TYPE_CHECKING, Literal

from etl.sources.refusal import Refused, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from etl.types import Limits

Row = list[object]
LINE_CHARS = 4_000_000
_HEAD = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ";,\t|"


def _single_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 in a file that mostly is: one letter each, for the detector to explain."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("diaban-bytes", _single_bytes)


class CsvCells:
    """A text table. ``transport`` as in ``etl.types.SourceLayer``."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if b"\x00" in head and not _wide(head):
            raise unreadable(path.name, "NUL")
        self.encoding, self.transport = _encoding(head)
        self.delimiter = _delimiter(head.decode(self.encoding, errors="diaban-bytes"))

    def rows(self) -> Iterator[Row]:
        """All rows, texts as they are. ``Refused`` for a line or a row beyond the limits."""
        csv.field_size_limit(LINE_CHARS)
        with self._path.open(encoding=self.encoding, errors="diaban-bytes", newline="") as file:
            reader = csv.reader(self._lines(file), delimiter=self.delimiter)
            try:
                for row in reader:
                    if len(row) > self._limits.columns:
                        raise Refused(
                            "too_many_columns",
                            f"Dòng {reader.line_num} có {len(row)} cột, quá giới hạn {self._limits.columns}.",
                            f"Line {reader.line_num} has {len(row)} columns, above {self._limits.columns}.",
                        )
                    yield list(row)
            except csv.Error as error:
                raise unreadable(self._path.name, f"{reader.line_num}: {error}") from None

    def _lines(self, file: object) -> Iterator[str]:
        while line := file.readline(LINE_CHARS):  # type: ignore[attr-defined]
            if len(line) >= LINE_CHARS:
                raise Refused(
                    "line_too_long",
                    f"{self._path.name} có dòng dài quá {LINE_CHARS} ký tự.",
                    f"{self._path.name} has a line of more than {LINE_CHARS} characters.",
                )
            yield line


class SheetCells:
    """One sheet of a workbook (xlsx, xls, xlsb, ods), read by calamine."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        self._path, self._name, self._limits = path, name, limits
        self.transport: Literal["unicode"] = "unicode"

    def rows(self) -> Iterator[Row]:
        """All rows; empty cells are None."""
        import python_calamine

        sheet = python_calamine.load_workbook(str(self._path)).get_sheet_by_name(self._name)
        if sheet.total_height * sheet.total_width > self._limits.cells:
            raise Refused(
                "too_many_cells",
                f"Trang {self._name} có quá nhiều ô ({sheet.total_height} × {sheet.total_width}).",
                f"The sheet {self._name} has too many cells ({sheet.total_height} × {sheet.total_width}).",
            )
        for row in sheet.iter_rows():
            yield [None if cell == "" else cell for cell in row]


def sheet_names(path: Path) -> list[str]:
    """Names of the sheets of a workbook."""
    import python_calamine

    try:
        return list(python_calamine.load_workbook(str(path)).sheet_names)
    except python_calamine.CalamineError as error:
        raise unreadable(path.name, str(error)) from None


def _wide(head: bytes) -> str | None:
    """UTF-16 by its mark; without one by NUL bytes that stand beside signs of ASCII and nowhere else."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0:4_096:2].count(0), head[1:4_096:2].count(0)
    enough = min(len(head), 4_096) / 4
    return "utf-16-le" if odd > enough and not even else "utf-16-be" if even > enough and not odd else None


def _encoding(head: bytes) -> tuple[str, Literal["unicode", "bytes"]]:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, "unicode"
    if wide := _wide(head):
        return wide, "unicode"
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.end >= len(head) - 1 and error.start > len(head) - 4
        return ("utf-8", "unicode") if cut else ("latin-1", "bytes")
    return ("latin-1", "bytes") if text.isascii() else ("utf-8", "unicode")


def _delimiter(head: str) -> str:
    """The sign that splits most of the first lines into the same number of cells; comma where none does."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    best, most = ",", 0.0
    for sign in _DELIMITERS:
        counts = [line.count(sign) + 1 for line in lines]
        common = max(set(counts), key=counts.count) if counts else 1
        score = counts.count(common) * min(common - 1, 20) + 0.5 * sum(count > 1 for count in counts)
        if common > 1 and score > most:
            best, most = sign, score
    return best
