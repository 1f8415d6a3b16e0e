"""Rows of cells out of text tables and spreadsheets, bounded in every direction."""

from __future__ import annotations

import codecs
import csv
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from etl.sources.refusal import Refused, protected, unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from python_calamine import CalamineSheet

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

    driver = "CSV"

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        with path.open("rb") as file:
            head = file.read(_HEAD)
        if b"\x00" in head and not _wide(head):
            raise unreadable(path.name, "NUL")
        self.encoding, self.transport = _encoding(head)
        text = head.decode(self.encoding, errors="diaban-bytes")
        self.delimiter, self._width = _delimiter(text)
        # Lines whose quotation marks are not closed, or not doubled.
        self.mended: list[int] = []

    def rows(self) -> Iterator[Row]:
        """All rows, texts as they are. ``Refused`` for a line or a row beyond the limits."""
        csv.field_size_limit(LINE_CHARS)
        with self._path.open(encoding=self.encoding, errors="diaban-bytes", newline="") as file:
            at = 0
            for lines, row in self._records(self._lines(file)):
                if len(row) > self._limits.columns:
                    raise Refused(
                        "too_many_columns",
                        f"Dòng {at + 1} có {len(row)} cột, quá giới hạn {self._limits.columns}.",
                        f"Line {at + 1} has {len(row)} columns, above {self._limits.columns}.",
                    )
                # A quotation mark that is not closed swallows the rows below it up to the next one.
                if len(lines) > 1 and self._swallowed(lines):
                    self.mended.append(at + 1)
                    yield from map(self._alone, lines)
                else:
                    yield row
                at += len(lines)

    def _records(self, lines: Iterator[str]) -> Iterator[tuple[list[str], Row]]:
        """Rows with the lines that they are made of; what is too long for a row comes as an empty one."""
        held: list[str] = []

        def feed() -> Iterator[str]:
            for line in lines:
                held.append(line)
                yield line

        reader = self._reader(feed())
        while True:
            try:
                row: Row = list(next(reader, _END))
            except csv.Error as error:
                if not self._swallowed(held):
                    raise unreadable(self._path.name, str(error)) from None
                row, reader = [], self._reader(feed())
            if not held:
                return
            yield held.copy(), row
            held.clear()

    def _swallowed(self, lines: list[str]) -> bool:
        """Whether two lines of one row are rows of their own: a cell of several lines holds no such lines."""
        if self._width < 2:
            return False
        whole = (len(self._alone(line)) == self._width for line in lines)
        return sum(itertools.islice(filter(None, whole), 2)) == 2

    def _alone(self, line: str) -> Row:
        bare = line.rstrip("\r\n")
        return [cell.rstrip("\r\n") for row in self._reader([bare]) for cell in row]

    def _reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=self.delimiter == " ")

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
        # By their first row: the column and the last row of cells that are one over several rows.
        self._merged: dict[int, list[tuple[int, int]]] = {}
        # First row, column and last row of all merged cells, known once its rows were read.
        self._ranges: list[tuple[int, int, int]] = []

    def spread(self, columns: Collection[int], start: int) -> int:
        """From now on what a merged cell says stands in all of its rows, in these columns, from a row on.

        How many such cells there are.
        """
        for top, column, bottom in self._ranges:
            if bottom > top >= start and column in columns:
                self._merged.setdefault(top, []).append((column, bottom))
        return sum(map(len, self._merged.values()))

    def _sheet(self) -> CalamineSheet:
        import python_calamine

        sheet = python_calamine.load_workbook(str(self._path)).get_sheet_by_name(self._name)
        left = sheet.start[1] if sheet.start is not None else 0
        # Kept, for reading a workbook once more takes seconds.
        self._ranges = [
            (top, first - left, bottom) for (top, first), (bottom, _) in sheet.merged_cell_ranges or ()
        ]
        return sheet

    def rows(self) -> Iterator[Row]:
        """All rows; empty cells are None."""
        sheet = self._sheet()
        if sheet.total_height * sheet.total_width > self._limits.cells:
            raise Refused(
                "too_many_cells",
                f"Trang {self._name} có quá nhiều ô ({sheet.total_height} × {sheet.total_width}).",
                f"The sheet {self._name} has too many cells ({sheet.total_height} × {sheet.total_width}).",
            )
        held: dict[int, tuple[int, object]] = {}
        for at, cells in enumerate(sheet.iter_rows()):
            row: Row = [None if cell == "" else cell for cell in cells]
            held |= {column: (last, row[column]) for column, last in self._merged.get(at, ())}
            for column, (last, told) in list(held.items()):
                if at > last:
                    del held[column]
                elif row[column] is None:
                    row[column] = told
            yield row


def sheet_names(path: Path) -> tuple[list[str], list[str]]:
    """Names of the sheets of a workbook, and of those that are hidden."""
    import python_calamine

    try:
        sheets = python_calamine.load_workbook(str(path)).sheets_metadata
        shown = python_calamine.SheetVisibleEnum.Visible
        hidden = [each.name for each in sheets if each.visible != shown]
        return [each.name for each in sheets if each.visible == shown], hidden
    except python_calamine.PasswordError:
        raise protected(path.name) from None
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


_DECIMALS = re.compile(r"(?<!\S)\d{2,7}\.\d+(?!\S)")
_END: list[str] = []


def _delimiter(head: str) -> tuple[str, int]:
    """The sign that splits most of the first lines into the same number of cells, and that number.

    A comma where none does.
    """
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    best, most, width = (" ", 0.0, _columns(lines)) if _columns(lines) else (",", 0.0, 1)
    for sign in _DELIMITERS:
        # A comma before a blank is of a sentence: addresses have more of them than rows have cells.
        counts = [line.count(sign) - (sign == ",") * line.count(", ") + 1 for line in lines]
        common = max(set(counts), key=counts.count) if counts else 1
        score = counts.count(common) * min(common - 1, 20) + 0.5 * sum(count > 1 for count in counts)
        if common > 1 and score > most:
            best, most, width = sign, score, _cells(lines, sign)
    return best, width


def _columns(lines: list[str]) -> int:
    """How many words each line has where blanks divide coordinates, as total stations write; else 0."""
    words = [line.split() for line in lines]
    counts = Counter(map(len, words))
    width = max(counts, key=lambda count: counts[count]) if counts else 0
    placed = sum(len(_DECIMALS.findall(line)) >= 2 for line in lines)
    return width if width >= 3 and counts[width] == len(lines) == placed else 0


def _cells(lines: list[str], sign: str) -> int:
    """The usual number of cells of a line, by the rules of quotation."""
    counts = [len(row) for line in lines for row in csv.reader([line], delimiter=sign)]
    return max(set(counts), key=counts.count)
