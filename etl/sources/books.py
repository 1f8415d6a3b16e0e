"""Text tables and workbooks as data sets: which of their tables hold places."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from etl.sources.archives import check
from etl.sources.cells import SheetCells, sheet_names
from etl.sources.refusal import unreadable
from etl.sources.tables import Table
from etl.types import Column, Note, SourceLayer
from etl.wording import listed
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from etl.sources.cells import CsvCells
    from etl.sources.fieldbook import FieldbookCells
    from etl.types import Limits


class TextFile:
    """A text table, or a total station's own file, as a data set."""

    def __init__(self, path: Path, inner: str, cells: CsvCells | FieldbookCells) -> None:
        self.inner = inner
        self._stem = Path(inner or path).stem
        self._driver = cells.driver
        self._table = Table(cells)

    def layers(self) -> list[SourceLayer]:
        """The one layer."""
        return [_layer(self._table, self._stem, self._stem, self._driver, self.inner)]

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """Its rows."""
        return self._table.batches(size)


class SheetFile:
    """A workbook: each sheet with places is a layer."""

    def __init__(self, path: Path, inner: str, limits: Limits) -> None:
        self.inner = inner
        self._path = path
        self._limits = limits
        if path.suffix.lower() in (".xlsx", ".xlsm", ".ods", ".xlsb"):
            _check_zip(path, limits)

    def layers(self) -> list[SourceLayer]:
        """Sheets with coordinates; all with a header where none has them."""
        shown, hidden = sheet_names(self._path)
        # What an office hides is a template, a list to choose from, or last year's.
        chosen = self._tables(shown) or self._tables(hidden)
        notes = (_hidden(hidden),) if hidden and not chosen.keys() & set(hidden) else ()
        return [
            replace(_layer(each, name, name, "Excel", self.inner), notes=notes)
            for name, each in chosen.items()
        ]

    def _tables(self, names: list[str]) -> dict[str, Table]:
        tables = {name: Table(SheetCells(self._path, name, self._limits)) for name in names}
        located = {name: each for name, each in tables.items() if each.header and each.header.located}
        return located or {name: each for name, each in tables.items() if each.header}

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """A sheet's rows."""
        return Table(SheetCells(self._path, inner_layer, self._limits)).batches(size)


def _hidden(names: list[str]) -> Note:
    shown = listed(names)
    return Note(
        "sheets_hidden",
        "info",
        Text(vi=f"Không đọc trang ẩn của tệp Excel: {shown}.", en=f"Hidden sheets are not read: {shown}."),
        len(names),
    )


def _check_zip(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            check(path, archive.infolist(), limits)
    except zipfile.BadZipFile as error:
        raise unreadable(path.name, str(error)) from None


def _layer(table: Table, name: str, inner_layer: str, driver: str, inner: str) -> SourceLayer:
    return SourceLayer(
        name=name,
        driver=driver,
        opener="table",
        inner=inner,
        inner_layer=inner_layer,
        rows=None,
        geometry=table.geometry,
        columns=tuple(Column(each, "object") for each in table.columns()),
        crs_hint=table.hint(),
        transport=table.transport,
    )
