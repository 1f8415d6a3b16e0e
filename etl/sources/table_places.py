"""Rows of a table as places, each by its own cells; what stands beside the data is left out and told."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from etl.sources import zones
from etl.sources.asides import Asides
from etl.sources.cells import CsvCells
from etl.sources.columns import is_number, to_batch
from etl.sources.coordinates import northing_first
from etl.sources.ditto import ditto_of
from etl.sources.places import cell, column, places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pyarrow as pa

    from etl.sources.cells import Row
    from etl.sources.roles import Header
    from etl.sources.tables import Table


def batches(table: Table, header: Header, rows: Iterable[Row], size: int) -> Iterator[pa.RecordBatch]:
    """Batches of ``size`` rows and a rest, in the order of the table."""
    swap = northing_first(table.pairs) or False
    names, several = table.columns(), table.zones()
    numeric = _numeric(table, header, names)
    ditto, aside = ditto_of(header, table.body), Asides(header)
    body: Iterable[Row] = itertools.islice(rows, table.at + 1, None)
    filled = (row for row in (ditto.fill(body) if ditto else body) if _says(row) and not aside.takes(row))
    # What is said of the table goes along with its rows.
    of_table: list[Callable[[], str | None]] = [aside.told]
    of_table += [ditto.told] if ditto else []
    of_table += [table.cells.told] if isinstance(table.cells, CsvCells) else []
    first = True
    while chunk := list(itertools.islice(filled, size)):
        shapes, notes = places(header, chunk, table.decimal, swap=swap)
        if several:
            zones.place(shapes, notes, table.zone_cells(chunk), set(several))
        if first and table.told and notes[0] is None:
            notes[0] = table.told
        first = False
        _hang(notes, of_table)
        cells = [column(chunk, at) for at in header.other]
        yield to_batch(shapes, notes, dict(zip(names, cells, strict=True)), numeric)


def _says(row: Row) -> bool:
    return any(row) or any(each not in (None, "") for each in row)


def _hang(notes: list[str | None], of_table: Iterable[Callable[[], str | None]]) -> None:
    """Notes of the table to the last rows that have none; where all have, they wait for the next batch."""
    free = [at for at, told in enumerate(notes) if told is None]
    for told in of_table:
        if free and (left := told()) is not None:
            notes[free.pop()] = left


def _numeric(table: Table, header: Header, names: list[str]) -> frozenset[str]:
    """Columns of a spreadsheet whose cells are all numbers; those of a text table are all texts."""
    if isinstance(table.cells, CsvCells):
        return frozenset()
    texts: set[int] = set()
    for row in itertools.islice(table.cells.rows(), table.at + 1, None):
        texts |= {at for at in header.other if not is_number(cell(row, at))}
    return frozenset(name for name, at in zip(names, header.other, strict=True) if at not in texts)
