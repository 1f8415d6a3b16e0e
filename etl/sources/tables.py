"""Tables with places: CSV and spreadsheets of points, of geometries in words, and of corner coordinates."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import shapely

from etl.sources.cells import CsvCells, Row, SheetCells
from etl.sources.columns import is_number, to_batch
from etl.sources.corners import blocks, is_list
from etl.sources.frames import note, unique
from etl.sources.parcels import findings, numbers_of, ring, swap_of
from etl.sources.places import cell, column, places
from etl.sources.refusal import Refused
from etl.sources.roles import (
    decimal_sign,
    header_of,
    is_wkt,
    northing_first,
    number,
    pair,
    readable,
    two_rows,
)
from etl.text import bare
from geo.crs import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from etl.attributes.numbers import Decimal
    from etl.sources.roles import Header

LOOK_ROWS = 500
_MERIDIAN = re.compile(
    r"(?:kinh tuyen truc|ktt|kttw|kinh tuyen)\D{0,25}?(10[2-9]|111)\s*(?:°|º|o|do|d|,|\.|-)?\s*(\d{1,2})?"
)
_SIX = re.compile(r"mui\s*(?:chieu)?\s*6|utm")
CORNER_COLUMNS = ("ten", "so_thua", "so_to", "dien_tich_m2")
# What stands below a table: totals, remarks, those who sign.
_FOOT = re.compile(
    r"(tong( cong| so)?|cong|ghi chu|nguoi (lap|ky|kiem tra|do)|thu truong|giam doc|chu tich|xac nhan"
    r"|ngay .* thang|don vi (do|lap)|ky( va)? (ghi|ten))\b"
)
FOOT_CELLS = 4


class Table:
    """One table: what its columns are, told by its first rows."""

    def __init__(self, cells: CsvCells | SheetCells) -> None:
        self._cells = cells
        self.decimal: Decimal | None = None
        self.transport = cells.transport
        self._head = list(itertools.islice(cells.rows(), LOOK_ROWS))
        self.header, self._at = self._find()
        self.corners = False
        if self.header is not None:
            body = self._head[self._at + 1 :]
            one, other = self.header.first, self.header.second
            told = [(cell(row, one), cell(row, other)) for row in body]
            self.decimal = decimal_sign(told)
            found = [(number(a, self.decimal), number(b, self.decimal)) for a, b in told]
            self._pairs = [(a, b) for a, b in found if a is not None and b is not None]
            points = [cell(row, self.header.point) for row in body] if self.header.point is not None else []
            self.corners = is_list(self.header, self.texts(), self._pairs, points)

    @property
    def geometry(self) -> str:
        """What its rows make: areas of corners, places, or nothing."""
        if self.header is None or not self.header.located:
            return "None"
        return "Polygon" if self.corners else "Unknown" if self.header.wkt is not None else "Point"

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
        """The zone that words of the table name, as a key."""
        for text in self._words():
            match = _MERIDIAN.search(bare(text))
            if match is None:
                continue
            meridian = int(match[1]) + int(match[2] or 0) / 60
            scale = 0.9996 if _SIX.search(bare(text)) else 0.9999
            for zone in ZONES.values():
                if abs(zone.central_meridian_deg - meridian) < 1e-6 and zone.scale == scale:
                    return str(zone.epsg)
        return None

    def columns(self) -> list[str]:
        """Names of the columns that its rows come with."""
        if self.header is None:
            return []
        names = [self.header.names[index] for index in self.header.other]
        if self.corners:
            point = None if self.header.point is None else self.header.names[self.header.point]
            return unique([*CORNER_COLUMNS, *(name for name in names if name != point)])
        return unique(names)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Its rows. ``Refused`` for a table that says nowhere where things are."""
        if self.header is None or not self.header.located:
            raise Refused(
                "no_coordinates",
                "Bảng không có cột tọa độ (X, Y; kinh độ, vĩ độ) hay cột WKT nào nhận ra được.",
                "The table has no columns of coordinates (X, Y; longitude, latitude) nor of WKT.",
            )
        rows = self._cells.rows()
        yield from self._areas(rows) if self.corners else self._places(self.header, rows, size)

    def _areas(self, rows: Iterable[Row]) -> Iterator[pa.RecordBatch]:
        found = list(blocks(rows, self.transport, self.decimal))
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
            }
            for name in names:
                columns[name].append(own.get(name, block.cells.get(name)))
        shapes = [
            shapely.Polygon(ring(block, swap=swap)).wkb if len(block.corners) > 2 else None for block in found
        ]
        numeric = frozenset(name for name in names if all(map(is_number, columns[name])))
        yield to_batch(shapes, [findings(block) for block in found], columns, numeric)

    def _places(self, header: Header, rows: Iterator[Row], size: int) -> Iterator[pa.RecordBatch]:
        if header.both is not None and header.first is None:
            both = (pair(cell(row, header.both)) for row in self._head[self._at + 1 :])
            self._pairs = [each for each in both if each is not None]
        swap = northing_first(self._pairs) or False
        names = self.columns()
        body = itertools.islice(rows, self._at + 1, None)
        numeric = self._numeric(header)
        foot: list[Row] = []
        filled = (
            row
            for row in body
            if (any(row) or any(each not in (None, "") for each in row)) and not _is_foot(header, row, foot)
        )
        while chunk := list(itertools.islice(filled, size)):
            shapes, notes = places(header, chunk, self.decimal, swap=swap)
            if foot and notes[0] is None:
                notes[0] = _foot_note(len(foot))
                foot.clear()
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

    def _find(self) -> tuple[Header | None, int]:
        """The first row whose words give coordinates, else the first that is a header at all."""
        plain_one: tuple[Header | None, int] = (None, 0)
        for index, row in enumerate(self._head[:100]):
            header = header_of(row, self.transport)
            if header is None:
                continue
            double = (
                two_rows(row, self._head[index + 1], self.transport) if index + 1 < len(self._head) else None
            )
            if double is not None and header.first is None:
                return double, index + 1
            if header.located and (header.wkt is None or self._has_wkt(header.wkt, index)):
                return header, index
            if plain_one[0] is None:
                plain_one = header, index
        return plain_one

    def _has_wkt(self, column: int, index: int) -> bool:
        return any(is_wkt(cell(row, column)) for row in self._head[index + 1 : index + 20])

    def _words(self) -> Iterator[str]:
        for row in self._head:
            for each in row:
                if isinstance(each, str) and each:
                    yield readable(each, self.transport)


def _is_foot(header: Header, row: Row, found: list[Row]) -> bool:
    """Whether a row without coordinates is a total or a signature below the table; ``found`` takes it."""
    told = next(at for at in (header.first, header.both, header.wkt) if at is not None)
    if cell(row, told) not in (None, "") or number(cell(row, header.second)) is not None:
        return False
    words = [bare(each).strip() for each in row if isinstance(each, str) and each.strip()]
    if words and len(words) <= FOOT_CELLS and any(_FOOT.match(each) for each in words):
        found.append(row)
        return True
    return False


def _foot_note(count: int) -> str:
    return note(
        "foot_skipped",
        "info",
        f"{count} dòng cuối bảng (tổng cộng, chữ ký) không phải dữ liệu: bỏ qua.",
        f"{count} rows at the foot of the table (totals, signatures) are no data: left out.",
    )
