"""Tables with places: CSV and spreadsheets of points, of geometries in words, and of corner coordinates."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from etl.sources import asides, joining, table_areas, table_places, zones
from etl.sources.cells import SheetCells
from etl.sources.coordinates import decimal_sign, lost_decimals, northing_first, number, pair, ring_of
from etl.sources.corners import is_list
from etl.sources.frames import unique
from etl.sources.heads import find
from etl.sources.parcels import use_in
from etl.sources.places import cell
from etl.sources.refusal import Refused
from etl.sources.roles import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from etl.attributes.numbers import Decimal
    from etl.sources.cells import CsvCells, Row
    from etl.sources.coordinates import Pair
    from etl.sources.fieldbook import FieldbookCells
    from etl.sources.roles import Header

LOOK_ROWS = 500


class Table:
    """One table: what its columns are, told by its first rows (``head``).

    ``header`` are the rows ``start`` to ``at`` (-1: none); ``pairs`` are the coordinates of the first rows as
    they stand, in the table's order and system; ``joined`` says by which columns corners make areas.
    """

    def __init__(self, cells: CsvCells | SheetCells | FieldbookCells) -> None:
        self.cells = cells
        self.transport = cells.transport
        self.head = list(itertools.islice(cells.rows(), LOOK_ROWS))
        found = find(self.head, self.transport)
        self.header, self.start, self.at, self.told = found.header, found.start, found.at, found.told
        self.decimal: Decimal | None = None
        self.pairs: list[Pair] = []
        self.joined: joining.Keys | None = None
        self.corners = False
        self._zone = None if self.header is None else zones.zone_column(self.header.names)
        if self.header is not None:
            self._spread(self.header)
            self._look(self.header)

    @property
    def body(self) -> list[Row]:
        """The first rows below the header."""
        return self.head[self.at + 1 :]

    def _spread(self, header: Header) -> None:
        """Cells merged over several rows speak of all of them."""
        if isinstance(self.cells, SheetCells) and self.cells.spread(
            [at for at in header.other if at != header.point], self.at + 1
        ):
            self.head = list(itertools.islice(self.cells.rows(), LOOK_ROWS))

    def _look(self, header: Header) -> None:
        """Coordinates of the first rows, and whether these are corners of areas."""
        body = self.body
        told = [(cell(row, header.first), cell(row, header.second)) for row in body]
        self.decimal = decimal_sign(told)
        found = [(number(a, self.decimal), number(b, self.decimal)) for a, b in told]
        self.pairs = [(a, b) for a, b in found if a is not None and b is not None]
        if header.both is not None and header.first is None:
            both = (pair(cell(row, header.both)) for row in body)
            self.pairs = [each for each in both if each is not None]
        points = [cell(row, header.point) for row in body] if header.point is not None else []
        self.joined = joining.keys(header, body)
        listed = is_list(header, self.texts(), self.pairs, points)
        self.corners = (listed and not joining.names_each(header, body)) or self.joined is not None

    @property
    def geometry(self) -> str:
        """What its rows make: areas of corners, places, or nothing."""
        if self.header is None or not self.header.located:
            return "None"
        if self.corners or (self.header.wkt is not None and self._rings(self.header.wkt)):
            return "Polygon"
        return "Unknown" if self.header.wkt is not None else "Point"

    def _rings(self, at: int) -> bool:
        """Whether a cell lists the corners of an area."""
        return any(ring_of(cell(row, at)) is not None for row in self.body[:50])

    def texts(self) -> list[str]:
        """Titles: rows with few words before and between the numbers."""
        rows = [row for row in self.head if sum(each not in (None, "") for each in row) <= 2]
        return [
            readable(str(each), self.transport)
            for row in rows
            for each in row
            if isinstance(each, str) and each
        ]

    def hint(self) -> str | None:
        """The zone that words of the table name, as a key; none where they name several."""
        in_rows = self.zones()
        if len(in_rows) > 1:
            return "4326"  # each row goes to degrees by its own zone
        named = list(in_rows) or zones.named_zones(self._words())
        return str(named[0]) if len(named) == 1 else None

    def zones(self) -> Counter[int]:
        """The zones (EPSG codes) that a column says row by row."""
        if self._zone is None or self.corners:
            return Counter()
        told = map(zones.zone_of, self.zone_cells(self.body))
        return Counter(each for each in told if each is not None)

    def zone_cells(self, rows: Iterable[Row]) -> list[object]:
        """What rows say of their zone."""
        width = None if self.header is None else zones.width_column(self.header.names)
        return [zones.told_by(cell(row, self._zone), cell(row, width)) for row in rows]

    def columns(self) -> list[str]:
        """Names of the columns that its rows come with."""
        if self.header is None:
            return []
        names = [self.header.names[index] for index in self.header.other]
        if self.joined is not None:
            return unique(joining.names_of(self.header, self.joined))
        if self.corners:
            point = None if self.header.point is None else self.header.names[self.header.point]
            use = [table_areas.USE] if any(map(use_in, self.texts())) else []
            own = [name for name in table_areas.OWN if name not in joining.tells(self.header)]
            return unique([*own, *use, *(name for name in names if name != point)])
        return unique(names)

    def batches(self, size: int) -> Iterator[pa.RecordBatch]:
        """Its rows. ``Refused`` for a table without places, and for degrees that lost their decimals."""
        if self.header is None or not self.header.located:
            raise asides.no_coordinates(self.header, self.head)
        self._check_decimals()
        rows = self.cells.rows()
        if self.corners:
            yield table_areas.batch(self, self.header, rows)
        else:
            yield from table_places.batches(self, self.header, rows, size)

    def _check_decimals(self) -> None:
        """Degrees that a spreadsheet made whole numbers of are refused: where the sign stood is a guess."""
        found = [lost_decimals(one, other) for one, other in self.pairs]
        if not found or None in found or northing_first(self.pairs) is not None:
            return
        one, other = self.pairs[0]
        raise Refused(
            "decimals_lost",
            f"Tọa độ mất dấu thập phân ({one:.0f}; {other:.0f}): Excel đã coi dấu chấm là dấu phân cách hàng"
            " nghìn. Nhập lại cột tọa độ ở dạng chữ (Text) hoặc dùng dấu thập phân của máy, rồi nạp lại.",
            f"The coordinates lost their decimal sign ({one:.0f}; {other:.0f}): the spreadsheet took points"
            " for groups of thousands. Enter the columns again as text, then load the file.",
        )

    def _words(self) -> Iterator[str]:
        for row in self.head:
            for each in row:
                if isinstance(each, str) and each:
                    yield readable(each, self.transport)
