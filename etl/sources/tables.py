"""Tables with places: CSV and spreadsheets of points, of geometries in words, and of corner coordinates."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import shapely

from etl.sources.cells import CsvCells, Row, SheetCells, sheet_names
from etl.sources.corners import bare, blocks, findings, is_list, numbers_of, ring, swap_of
from etl.sources.frames import GEOMETRY, NOTES, note, unique
from etl.sources.refusal import Refused
from etl.sources.roles import decimal_sign, header_of, is_wkt, northing_first, number, pair, readable
from etl.types import Column, SourceLayer
from geo.crs import ZONES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etl.attributes.numbers import Decimal
    from etl.sources.roles import Header
    from etl.types import Limits

LOOK_ROWS = 500
_MERIDIAN = re.compile(
    r"(?:kinh tuyen truc|ktt|kttw|kinh tuyen)\D{0,25}?(10[2-9]|111)\s*(?:°|º|o|do|d|,|\.|-)?\s*(\d{1,2})?"
)
_SIX = re.compile(r"mui\s*(?:chieu)?\s*6|utm")
CORNER_COLUMNS = ("ten", "so_thua", "so_to", "dien_tich")
_NESTED = 8
_THREE = re.compile(r"^-?\d{1,3}\.\d{3}$")


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
            told = [(_cell(row, one), _cell(row, other)) for row in body]
            self.decimal = decimal_sign(told)
            found = [(number(a, self.decimal), number(b, self.decimal)) for a, b in told]
            self._pairs = [(a, b) for a, b in found if a is not None and b is not None]
            points = [_cell(row, self.header.point) for row in body] if self.header.point is not None else []
            self.corners = is_list(self.header, self.texts(), self._pairs, points)

    @property
    def geometry(self) -> str:
        """What its rows make: areas of corners, places, or nothing."""
        if self.header is None or not self.header.located:
            return "None"
        return "Polygon" if self.corners else "Unknown" if self.header.wkt is not None else "Point"

    def texts(self) -> list[str]:
        """Titles: rows with few words before and between the numbers."""
        rows = [row for row in self._head if sum(cell not in (None, "") for cell in row) <= 2]
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
            own = {"ten": block.title or None, "so_thua": parcel, "so_to": sheet, "dien_tich": block.area_m2}
            for name in names:
                columns[name].append(own.get(name, block.cells.get(name)))
        shapes = [
            shapely.Polygon(ring(block, swap=swap)).wkb if len(block.corners) > 2 else None for block in found
        ]
        numeric = frozenset(name for name in names if all(map(_is_number, columns[name])))
        yield _batch(shapes, [findings(block) for block in found], columns, numeric)

    def _places(self, header: Header, rows: Iterator[Row], size: int) -> Iterator[pa.RecordBatch]:
        if header.both is not None and header.first is None:
            both = (pair(_cell(row, header.both)) for row in self._head[self._at + 1 :])
            self._pairs = [each for each in both if each is not None]
        swap = northing_first(self._pairs) or False
        names = self.columns()
        body = itertools.islice(rows, self._at + 1, None)
        numeric = self._numeric(header)
        filled = (row for row in body if any(cell not in (None, "") for cell in row))
        while chunk := list(itertools.islice(filled, size)):
            shapes, notes = [], []
            for row in chunk:
                wkb, told = _place(header, row, self.decimal, swap=swap)
                shapes.append(wkb)
                notes.append(told)
            cells = [[_cell(row, at) for row in chunk] for at in header.other]
            yield _batch(shapes, notes, dict(zip(names, cells, strict=True)), numeric)

    def _numeric(self, header: Header) -> frozenset[str]:
        """Columns of a spreadsheet whose cells are all numbers; those of a text table are all texts."""
        if isinstance(self._cells, CsvCells):
            return frozenset()
        texts: set[int] = set()
        for row in itertools.islice(self._cells.rows(), self._at + 1, None):
            texts |= {at for at in header.other if not _is_number(_cell(row, at))}
        return frozenset(n for n, at in zip(self.columns(), header.other, strict=True) if at not in texts)

    def _find(self) -> tuple[Header | None, int]:
        """The first row whose words give coordinates, else the first that is a header at all."""
        plain_one: tuple[Header | None, int] = (None, 0)
        for index, row in enumerate(self._head[:100]):
            header = header_of(row, self.transport)
            if header is None:
                continue
            if header.located and (header.wkt is None or self._has_wkt(header.wkt, index)):
                return header, index
            if plain_one[0] is None:
                plain_one = header, index
        return plain_one

    def _has_wkt(self, column: int, index: int) -> bool:
        return any(is_wkt(_cell(row, column)) for row in self._head[index + 1 : index + 20])

    def _words(self) -> Iterator[str]:
        for row in self._head:
            for cell in row:
                if isinstance(cell, str) and cell:
                    yield readable(cell, self.transport)


class CsvFile:
    """A text table as a data set."""

    def __init__(self, path: Path, inner: str, limits: Limits) -> None:
        self.inner = inner
        self._stem = Path(inner or path).stem
        self._table = Table(CsvCells(path, limits))

    def layers(self) -> list[SourceLayer]:
        """The one layer."""
        return [_layer(self._table, self._stem, self._stem, "CSV", self.inner)]

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
        tables = {name: Table(SheetCells(self._path, name, self._limits)) for name in sheet_names(self._path)}
        located = {name: each for name, each in tables.items() if each.header and each.header.located}
        chosen = located or {name: each for name, each in tables.items() if each.header}
        return [_layer(each, name, name, "Excel", self.inner) for name, each in chosen.items()]

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """A sheet's rows."""
        return Table(SheetCells(self._path, inner_layer, self._limits)).batches(size)


def _check_zip(path: Path, limits: Limits) -> None:
    import zipfile

    from etl.sources.archives import check

    try:
        with zipfile.ZipFile(path) as archive:
            check(path, archive.infolist(), limits)
    except zipfile.BadZipFile as error:
        from etl.sources.refusal import unreadable

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


def _place(
    header: Header, row: Row, decimal: Decimal | None, *, swap: bool
) -> tuple[bytes | None, str | None]:
    if header.wkt is not None:
        return _from_words(_cell(row, header.wkt))
    found = (
        pair(_cell(row, header.both))
        if header.both is not None and header.first is None
        else (number(_cell(row, header.first), decimal), number(_cell(row, header.second), decimal))
    )
    one, other = found if found is not None else (None, None)
    if one is None or other is None:
        return None, None if _blank(header, row) else _NO_NUMBER
    east, north = (other, one) if swap else (one, other)
    return shapely.Point(east, north).wkb, None


def _from_words(cell: object) -> tuple[bytes | None, str | None]:
    if cell in (None, ""):
        return None, None
    text = str(cell)
    if text.count("GEOMETRYCOLLECTION") > 1 or max(map(len, re.findall(r"\(+", text)), default=0) > _NESTED:
        return None, _NO_SHAPE
    try:
        return shapely.from_wkt(text.partition(";")[2] if text.upper().startswith("SRID") else text).wkb, None
    except shapely.errors.GEOSException:
        return None, _NO_SHAPE


def _blank(header: Header, row: Row) -> bool:
    return all(
        _cell(row, at) in (None, "") for at in (header.first, header.second, header.both) if at is not None
    )


def _batch(
    shapes: list[bytes | None],
    notes: list[str | None],
    columns: dict[str, list[object]],
    numeric: frozenset[str],
) -> pa.RecordBatch:
    arrays = [pa.array(shapes, pa.binary()), pa.array(notes, pa.string())]
    arrays += [_array(values, number=name in numeric) for name, values in columns.items()]
    return pa.record_batch(arrays, names=[GEOMETRY, NOTES, *columns])


def _array(values: list[object], *, number: bool) -> pa.Array:
    """Numbers where all cells are; else texts."""
    if number:
        return pa.array(
            [None if value in (None, "") else float(str(value)) for value in values], pa.float64()
        )
    return pa.array([None if value in (None, "") else _text(value) for value in values], pa.string())


def _is_number(cell: object) -> bool:
    return cell in (None, "") or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _text(value: object) -> str:
    """A cell among texts; whole numbers without a fraction."""
    if isinstance(value, float):
        # A fourth decimal: "1.234" alone could be read as one thousand two hundred and thirty-four.
        return str(int(value)) if value.is_integer() else _THREE.sub(r"\g<0>0", repr(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def _cell(row: Row, index: int | None) -> object:
    return row[index] if index is not None and index < len(row) else None


_NO_NUMBER = note(
    "coordinates_unreadable", "quarantined", "Tọa độ không phải số.", "The coordinates are no numbers."
)
_NO_SHAPE = note("wkt_unreadable", "quarantined", "Hình học WKT không đọc được.", "The WKT cannot be read.")
