"""Rows of cells out of text tables and spreadsheets, bounded in every direction."""

from __future__ import annotations

import csv
import itertools
from typing import TYPE_CHECKING, Literal, TextIO

from etl.sources.asides import quotes
from etl.sources.dialect import KEEP_BYTES, dialect_of
from etl.sources.refusal import Refused, protected, too_many_columns, unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from python_calamine import CalamineSheet

    from etl.types import Limits

Row = list[object]
LINE_CHARS = 4_000_000
_END: list[str] = []


class CsvCells:
    """A text table. ``transport`` as in ``etl.types.SourceLayer``."""

    driver = "CSV"

    def __init__(self, path: Path, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self.encoding, self.transport, self.delimiter, self._width = dialect_of(path)
        # Lines whose quotation marks are not closed, or not doubled, since they were last told.
        self._mended: list[int] = []

    def rows(self) -> Iterator[Row]:
        """All rows, texts as they are. ``Refused`` for a line or a row beyond the limits."""
        csv.field_size_limit(LINE_CHARS)
        self._mended.clear()
        with self._path.open(encoding=self.encoding, errors=KEEP_BYTES, newline="") as file:
            at = 0
            for lines, row in self._records(self._lines(file)):
                if len(row) > self._limits.columns:
                    raise too_many_columns(len(row), self._limits.columns, at + 1)
                # A quotation mark that is not closed swallows the rows below it up to the next one.
                if len(lines) > 1 and self._swallowed(lines):
                    self._mended.append(at + 1)
                    yield from map(self._alone, lines)
                else:
                    yield row
                at += len(lines)

    def told(self) -> str | None:
        """The note of the lines that were mended since it was last asked for; None where there are none."""
        lines = self._mended.copy()
        self._mended.clear()
        return quotes(lines) if lines else None

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

    def _lines(self, file: TextIO) -> Iterator[str]:
        while line := file.readline(LINE_CHARS):
            if len(line) >= LINE_CHARS:
                raise Refused(
                    "line_too_long",
                    f"{self._path.name} có dòng dài quá {LINE_CHARS} ký tự: tệp không phải bảng chữ, hoặc"
                    " mất dấu xuống dòng. Xuất lại thành CSV hoặc GeoPackage.",
                    f"{self._path.name} has a line of more than {LINE_CHARS} characters: it is no text"
                    " table, or lost its line ends. Export it again as CSV or GeoPackage.",
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
                f"Trang {self._name} có {sheet.total_height} × {sheet.total_width} ô, quá giới hạn"
                f" {self._limits.cells}: xóa dòng, cột trống ở cuối trang, hoặc lưu trang ấy thành CSV.",
                f"The sheet {self._name} has {sheet.total_height} × {sheet.total_width} cells, above the"
                f" limit of {self._limits.cells}: delete empty rows and columns at its end, or save a CSV.",
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
