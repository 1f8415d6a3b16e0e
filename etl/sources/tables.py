"""Tables with places: CSV and spreadsheets of points, of geometries in words, and of corner coordinates."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import shapely

from etl.sources import asides, joining, zones
from etl.sources.cells import CsvCells, Row, SheetCells
from etl.sources.columns import is_number, to_batch
from etl.sources.coordinates import (
    decimal_sign,
    lost_decimals,
    northing_first,
    number,
    pair,
    ring_of,
)
from etl.sources.corners import blocks, is_list
from etl.sources.ditto import ditto_of
from etl.sources.frames import unique
from etl.sources.heads import find
from etl.sources.parcels import Block, findings, numbers_of, ring, swap_of, use_in
from etl.sources.places import cell, column, places
from etl.sources.refusal import Refused
from etl.sources.roles import is_numbering, merged, readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from etl.attributes.numbers import Decimal
    from etl.sources.fieldbook import FieldbookCells
    from etl.sources.roles import Header

LOOK_ROWS = 500
CORNER_COLUMNS = ("ten", "so_thua", "so_to", "dien_tich_m2")
USE = "loai_dat"


class Table:
    """One table: what its columns are, told by its first rows."""

    def __init__(self, cells: CsvCells | SheetCells | FieldbookCells) -> None:
        self._cells = cells
        self.decimal: Decimal | None = None
        self.transport = cells.transport
        self._head = list(itertools.islice(cells.rows(), LOOK_ROWS))
        head = find(self._head, self.transport)
        self.header, self._start, self._at, self._told = head.header, head.start, head.at, head.told
        self.corners = False
        self._joined: joining.Keys | None = None
        self._zone = None if self.header is None else zones.zone_column(self.header.names)
        if self.header is not None:
            self._spread(self.header)
            body = self._head[self._at + 1 :]
            one, other = self.header.first, self.header.second
            told = [(cell(row, one), cell(row, other)) for row in body]
            self.decimal = decimal_sign(told)
            found = [(number(a, self.decimal), number(b, self.decimal)) for a, b in told]
            self._pairs = [(a, b) for a, b in found if a is not None and b is not None]
            points = [cell(row, self.header.point) for row in body] if self.header.point is not None else []
            self._joined = joining.keys(self.header, body)
            listed = is_list(self.header, self.texts(), self._pairs, points)
            listed = listed and not joining.names_each(self.header, body)
            self.corners = listed or self._joined is not None

    def _spread(self, header: Header) -> None:
        """Cells merged over several rows speak of all of them."""
        if isinstance(self._cells, SheetCells) and self._cells.spread(
            [at for at in header.other if at != header.point], self._at + 1
        ):
            self._head = list(itertools.islice(self._cells.rows(), LOOK_ROWS))

    @property
    def geometry(self) -> str:
        """What its rows make: areas of corners, places, or nothing."""
        if self.header is None or not self.header.located:
            return "None"
        if self.corners or (self.header.wkt is not None and self._rings()):
            return "Polygon"
        return "Unknown" if self.header.wkt is not None else "Point"

    def _rings(self) -> bool:
        """Whether a cell lists the corners of an area."""
        at = None if self.header is None else self.header.wkt
        return any(ring_of(cell(row, at)) is not None for row in self._head[self._at + 1 :][:50])

    def texts(self) -> list[str]:
        """Titles: rows with few words before and between the numbers."""
        rows = [row for row in self._head if sum(each not in (None, "") for each in row) <= 2]
        return [
            readable(str(cell), self.transport)
            for row in rows
            for cell in row
            if isinstance(cell, str) and cell
        ]

    def hint(self) -> str | None:
        """The zone that words of the table name, as a key; none where they name several."""
        in_rows = self._zones_of_rows()
        if len(in_rows) > 1:
            return "4326"  # each row goes to degrees by its own zone
        named = list(in_rows) or zones.named_zones(self._words())
        return str(named[0]) if len(named) == 1 else None

    def _zones_of_rows(self) -> Counter[int]:
        """The zones that a column says row by row."""
        if self._zone is None or self.corners:
            return Counter()
        told = map(zones.zone_of, self._zone_cells(self._head[self._at + 1 :]))
        return Counter(each for each in told if each is not None)

    def _zone_cells(self, rows: Iterable[Row]) -> list[object]:
        width = None if self.header is None else zones.width_column(self.header.names)
        return [zones.told_by(cell(row, self._zone), cell(row, width)) for row in rows]

    def columns(self) -> list[str]:
        """Names of the columns that its rows come with."""
        if self.header is None:
            return []
        names = [self.header.names[index] for index in self.header.other]
        if self._joined is not None:
            return unique(joining.names_of(self.header, self._joined))
        if self.corners:
            point = None if self.header.point is None else self.header.names[self.header.point]
            use = [USE] if any(map(use_in, self.texts())) else []
            own = [name for name in CORNER_COLUMNS if name not in joining.tells(self.header)]
            return unique([*own, *use, *(name for name in names if name != point)])
        return unique(names)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Its rows. ``Refused`` for a table that says nowhere where things are."""
        if self.header is None or not self.header.located:
            raise asides.no_coordinates(self.header, self._head)
        self._check_decimals()
        rows = self._cells.rows()
        yield from self._areas(rows) if self.corners else self._places(self.header, rows, size)

    def _areas(self, rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
        found = self._blocks(rows)
        swap = swap_of(found)
        names = self.columns()
        columns: dict[str, list[object]] = {name: [] for name in names}
        for block in found:
            parcel, sheet = numbers_of(block)
            own = {
                "ten": block.title or None,
                "so_thua": parcel,
                "so_to": sheet,
                "dien_tich_m2": block.area_m2,
                USE: use_in(block.words),
            }
            for name in names:
                columns[name].append(own.get(name, block.cells.get(name)))
        shapes = [
            shapely.Polygon(ring(block, swap=swap)).wkb if len(block.corners) > 2 else None for block in found
        ]
        numeric = frozenset(name for name in names if all(map(is_number, columns[name])))
        yield to_batch(shapes, self._findings(found), columns, numeric)

    def _blocks(self, rows: Iterable[Row]) -> list[Block]:
        if self._joined is None or self.header is None:
            return list(blocks(self._listed(rows), self.transport, self.decimal))
        return joining.joined(
            self.header, itertools.islice(rows, self._at + 1, None), self._joined, self.decimal
        )

    def _findings(self, found: list[Block]) -> list[str | None]:
        notes = [findings(block) for block in found]
        if self._joined is not None and self.header is not None:
            notes = [told or joining.crossing(block) for told, block in zip(notes, found, strict=True)]
            free = next((at for at, told in enumerate(notes) if told is None), None)
            if free is not None:
                notes[free] = joining.told(self.header, self._joined, len(found) - sum(map(bool, notes)))
        return notes

    def _listed(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Rows with the first header as one, without the numbers of columns below a header."""
        for index, row in enumerate(rows):
            if index == self._start < self._at:
                header = [each for each in self._head[self._start : self._at + 1] if not is_numbering(each)]
                yield merged(header)
            elif not self._start < index <= self._at and not is_numbering(row):
                yield row

    def _check_decimals(self) -> None:
        """Degrees that a spreadsheet made whole numbers of are refused: where the sign stood is a guess."""
        found = [lost_decimals(one, other) for one, other in self._pairs]
        if not found or None in found or northing_first(self._pairs) is not None:
            return
        one, other = self._pairs[0]
        raise Refused(
            "decimals_lost",
            f"Tọa độ mất dấu thập phân ({one:.0f}; {other:.0f}): Excel đã coi dấu chấm là dấu phân cách hàng"
            " nghìn. Nhập lại cột tọa độ ở dạng chữ (Text) hoặc dùng dấu thập phân của máy, rồi nạp lại.",
            f"The coordinates lost their decimal sign ({one:.0f}; {other:.0f}): the spreadsheet took points"
            " for groups of thousands. Enter the columns again as text, then load the file.",
        )

    def _places(self, header: Header, rows: Iterator[Row], size: int) -> Iterator[pa.RecordBatch]:
        if header.both is not None and header.first is None:
            both = (pair(cell(row, header.both)) for row in self._head[self._at + 1 :])
            self._pairs = [each for each in both if each is not None]
        swap = northing_first(self._pairs) or False
        names = self.columns()
        body: Iterator[Row] = itertools.islice(rows, self._at + 1, None)
        ditto = ditto_of(header, self._head[self._at + 1 :])
        if ditto is not None:
            body = ditto.fill(body)
        numeric = self._numeric(header)
        aside = asides.Asides(header)
        filled = (
            row
            for row in body
            if (any(row) or any(each not in (None, "") for each in row)) and not aside.takes(row)
        )
        several = self._zones_of_rows()
        mended = self._cells.mended if isinstance(self._cells, CsvCells) else []
        mended.clear()
        first = True
        while chunk := list(itertools.islice(filled, size)):
            shapes, notes = places(header, chunk, self.decimal, swap=swap)
            if several:
                zones.place(shapes, notes, self._zone_cells(chunk), set(several))
            if first and self._told and notes[0] is None:
                notes[0] = self._told
            first = False
            free = iter([n for n in range(len(notes) - 1, -1, -1) if notes[n] is None])
            at = next(free, None)
            if at is not None and (left := aside.told()) is not None:
                notes[at], at = left, next(free, None)
            if at is not None and ditto is not None and (left := ditto.told()) is not None:
                notes[at], at = left, next(free, None)
            if mended and at is not None:
                notes[at] = asides.quotes(mended)
                mended.clear()
            cells = [column(chunk, at) for at in header.other]
            yield to_batch(shapes, notes, dict(zip(names, cells, strict=True)), numeric)

    def _numeric(self, header: Header) -> frozenset[str]:
        """Columns of a spreadsheet whose cells are all numbers; those of a text table are all texts."""
        if isinstance(self._cells, CsvCells):
            return frozenset()
        texts: set[int] = set()
        for row in itertools.islice(self._cells.rows(), self._at + 1, None):
            texts |= {at for at in header.other if not is_number(cell(row, at))}
        return frozenset(n for n, at in zip(self.columns(), header.other, strict=True) if at not in texts)

    def _words(self) -> Iterator[str]:
        for row in self._head:
            for each in row:
                if isinstance(each, str) and each:
                    yield readable(each, self.transport)
