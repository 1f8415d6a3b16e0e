"""Rows of a table as areas: lists of corners, or corners that a column joins."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import shapely

from etl.sources import joining
from etl.sources.columns import is_number, to_batch
from etl.sources.corners import blocks
from etl.sources.parcels import findings, numbers_of, ring, swap_of, use_in
from etl.sources.roles import is_numbering, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from etl.sources.cells import Row
    from etl.sources.parcels import Block
    from etl.sources.roles import Header
    from etl.sources.tables import Table

# Columns that a list's titles tell of its parcels, by the names that registers give them.
OWN = ("ten", "so_thua", "so_to", "dien_tich_m2")
USE = "loai_dat"


def batch(table: Table, header: Header, rows: Iterable[Row]) -> pa.RecordBatch:
    """All areas of a table of corners, in their order; areas of fewer than three are null with a note."""
    found = _blocks(table, header, rows)
    swap = swap_of(found)
    names = table.columns()
    told = [_values(block) for block in found]
    columns = {
        name: [own.get(name, block.cells.get(name)) for own, block in zip(told, found, strict=True)]
        for name in names
    }
    shapes = [
        shapely.Polygon(ring(block, swap=swap)).wkb if len(block.corners) > 2 else None for block in found
    ]
    numeric = frozenset(name for name in names if all(map(is_number, columns[name])))
    return to_batch(shapes, _notes(table, header, found), columns, numeric)


def _values(block: Block) -> dict[str, object]:
    parcel, sheet = numbers_of(block)
    return {
        "ten": block.title or None,
        "so_thua": parcel,
        "so_to": sheet,
        "dien_tich_m2": block.area_m2,
        USE: use_in(block.words),
    }


def _blocks(table: Table, header: Header, rows: Iterable[Row]) -> list[Block]:
    if table.joined is None:
        return list(blocks(_listed(table, rows), table.transport, table.decimal))
    return joining.joined(header, itertools.islice(rows, table.at + 1, None), table.joined, table.decimal)


def _listed(table: Table, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows with the first header as one, without the numbers of columns below a header."""
    for index, row in enumerate(rows):
        if index == table.start < table.at:
            yield merged([each for each in table.head[index : table.at + 1] if not is_numbering(each)])
        elif not table.start < index <= table.at and not is_numbering(row):
            yield row


def _notes(table: Table, header: Header, found: list[Block]) -> list[str | None]:
    notes = [findings(block) for block in found]
    if table.joined is not None:
        notes = [told or joining.crossing(block) for told, block in zip(notes, found, strict=True)]
        free = next((at for at, told in enumerate(notes) if told is None), None)
        if free is not None:
            notes[free] = joining.told(header, table.joined, len(found) - sum(map(bool, notes)))
    return notes
