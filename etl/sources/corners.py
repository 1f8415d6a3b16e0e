"""Lists of corner coordinates ("Bảng kê toạ độ") as polygons: several parcels in a sheet, edges checked.

Form of such lists in Vietnamese dossiers: a title, a header ``STT | X (m) | Y (m) | Cạnh (m)``, a row a
corner, the first corner repeated at the end; an edge's length stands beside a corner or between two.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.attributes.numbers import parse
from etl.sources.frames import note
from etl.sources.roles import header_of, northing_first, number, readable, two_rows
from etl.text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etl.attributes.numbers import Decimal
    from etl.sources.cells import Row
    from etl.sources.roles import Header
    from etl.text.encodings import Transport

# Two corners closer than this are one; an edge may differ by rounding and the projection's scale.
SAME_M = 0.005
EDGE_M, EDGE_SHARE = 0.03, 0.0005
_PARCEL = re.compile(r"thua\s*(?:dat)?\s*(?:so)?\s*[:.]?\s*(\d+)")
_SHEET = re.compile(r"to\s*(?:ban do)?\s*(?:so)?\s*[:.]?\s*(\d+)")
_AREA = re.compile(r"dien tich[^\d]{0,20}([\d.,\s]*\d)\s*(m2|m²|ha)?")
_LISTED = re.compile(
    r"bang (ke|liet ke|thong ke)|toa do (goc|dinh|diem|ranh)|goc ranh|diem goc|toa do vi tri"
)


@dataclass(slots=True)
class Block:
    """One parcel's corners, as they stand in the list."""

    title: str = ""
    row: int = 0
    corners: list[tuple[float, float]] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)
    cells: dict[str, object] = field(default_factory=dict)
    area_m2: float | None = None
    closed: bool = False


def is_list(
    header: Header, texts: list[str], pairs: list[tuple[float, float]], numbers: list[object]
) -> bool:
    """Whether rows are corners of areas and not places: told by edges, a title, or a closed ring."""
    if header.first is None or header.second is None or len(pairs) < 3:
        return False
    if header.edge is not None or any(_LISTED.search(bare(text)) for text in texts):
        return True
    closes = any(
        pairs[n] == pairs[m] for n in range(len(pairs)) for m in range(n + 3, min(n + 60, len(pairs)))
    )
    restarts = [number(each) for each in numbers].count(1.0) > 1
    return header.point is not None and (closes or restarts)


def blocks(rows: Iterable[Row], transport: Transport, decimal: Decimal | None = None) -> Iterator[Block]:
    """The parcels of a list in their order. Blocks of fewer than three corners come too, to be refused."""
    reader = _Reader(transport, decimal)
    for index, row in enumerate(rows, start=1):
        yield from reader.take(row, index)
    yield from reader.finish()


class _Reader:
    def __init__(self, transport: Transport, decimal: Decimal | None) -> None:
        self._transport = transport
        self._decimal = decimal
        self._header: Header | None = None
        self._titles: list[str] = []
        self._block = Block()
        self._last: Block | None = None
        self._group: object = None
        self._above: Row = []

    def take(self, row: Row, index: int) -> Iterator[Block]:
        header = self._header
        one = number(_cell(row, header.first), self._decimal) if header else None
        other = number(_cell(row, header.second), self._decimal) if header else None
        if header is not None and one is not None and other is not None:
            yield from self._corner(header, row, index, (one, other))
            return
        length = (
            number(_cell(row, header.edge), self._decimal) if header and header.edge is not None else None
        )
        texts = [
            readable(str(cell), self._transport) for cell in row if isinstance(cell, str) and cell.strip()
        ]
        if length is not None and not any(map(number_free, texts)):
            self._open().edges.append(length)
            return
        yield from self._head(row, " ".join(texts))

    def _head(self, row: Row, text: str) -> Iterator[Block]:
        """A header, the upper or lower row of one, or a title."""
        found = header_of(row, self._transport)
        double = two_rows(self._above, row, self._transport) if self._above else None
        self._above = []
        if double is not None or (found is not None and found.first is not None and found.second is not None):
            yield from self._end()
            self._header = double or found
            if double is not None and self._titles:
                self._titles.pop()  # what seemed a title was the header's upper row
            return
        if found is not None:
            self._above = row
        if text:
            yield from self._words(text)

    def finish(self) -> Iterator[Block]:
        """The last parcel."""
        yield from self._end()
        if self._last is not None:
            yield self._last
            self._last = None

    def _corner(self, header: Header, row: Row, index: int, corner: tuple[float, float]) -> Iterator[Block]:
        block = self._block
        restart = number(_cell(row, header.point)) == 1 and len(block.corners) >= 3
        back = (
            bool(block.corners) and math.dist(corner, block.corners[0]) <= SAME_M and len(block.corners) >= 3
        )
        group = self._group_of(header, row)
        if (restart and not back) or (group is not None and block.corners and group != self._group):
            yield from self._end()
            back = False
            block = self._block
        if not block.corners:
            yield from self._begin(index)
            block = self._block
        self._group = group if group is not None else self._group
        self._keep(header, row)
        if header.edge is not None and (length := number(_cell(row, header.edge), self._decimal)) is not None:
            block.edges.append(length)
        if back:
            block.closed = True
            yield from self._end()
            return
        block.corners.append(corner)

    def _begin(self, index: int) -> Iterator[Block]:
        if self._last is not None:
            yield self._last
            self._last = None
        self._block.row = index
        self._block.title = self._titles[-1] if self._titles else ""
        words = " | ".join(self._titles)
        if (match := _AREA.search(bare(words))) is not None:
            self._block.area_m2 = _area(match)
        self._titles = []

    def _end(self) -> Iterator[Block]:
        """Close the parcel; it waits for what is said below it, as its area often is."""
        if self._block.corners:
            if self._last is not None:
                yield self._last
            self._last = self._block
        self._block = Block()
        self._group = None

    def _words(self, text: str) -> Iterator[Block]:
        yield from self._end()
        match = _AREA.search(bare(text))
        if match is not None and self._last is not None and self._last.area_m2 is None:
            self._last.area_m2 = _area(match)
        else:
            self._titles.append(text)

    def _open(self) -> Block:
        """The parcel to which a length between two rows belongs."""
        return self._block if self._block.corners or self._last is None else self._last

    def _group_of(self, header: Header, row: Row) -> object:
        """What names the parcel in each of its rows: the first other column that is no point number."""
        for index in header.other:
            cell = _cell(row, index)
            if index != header.point and cell not in (None, ""):
                return cell
        return None

    def _keep(self, header: Header, row: Row) -> None:
        for index in header.other:
            cell = _cell(row, index)
            if index != header.point and cell not in (None, ""):
                self._block.cells.setdefault(header.names[index], cell)


def ring(block: Block, *, swap: bool) -> list[tuple[float, float]]:
    """The closed ring, easting first."""
    corners = [(other, one) if swap else (one, other) for one, other in block.corners]
    return [*corners, corners[0]]


def swap_of(found: list[Block]) -> bool:
    """Whether the lists write the northing first; without evidence they do, as the law's forms do."""
    first = northing_first([corner for block in found[:100] for corner in block.corners])
    return True if first is None else first


def findings(block: Block) -> str | None:
    """What is wrong with a parcel's list, as notes of its row."""
    if len(block.corners) < 3:
        return note(
            "corners_too_few",
            "quarantined",
            f"Chỉ có {len(block.corners)} điểm góc (dòng {block.row}): không thành vùng.",
            f"Only {len(block.corners)} corners (row {block.row}): no area.",
        )
    wrong = edge_faults(block)
    if not wrong:
        return None
    number_, listed, computed = wrong[0]
    return note(
        "corners_edge",
        "quarantined",
        f"Cạnh {number_} ghi {listed:.2f} m nhưng tính từ tọa độ là {computed:.2f} m"
        f" ({len(wrong)} cạnh sai): kiểm tra lại tọa độ.",
        f"Edge {number_} is listed as {listed:.2f} m and measures {computed:.2f} m"
        f" ({len(wrong)} edges differ): check the coordinates.",
    )


def edge_faults(block: Block) -> list[tuple[int, float, float]]:
    """Edges whose listed length is not the measured one: number, listed, measured. None listed: none wrong.

    A length may stand at the corner where its edge begins or ends; the reading with fewer faults is taken.
    """
    corners = [*block.corners, block.corners[0]]
    lengths = [math.dist(corners[n], corners[n + 1]) for n in range(len(block.corners))]
    if not block.edges or len(block.edges) > len(lengths) + 1:
        return []
    readings = []
    for offset in (0, -1):
        pairs = [(n + offset) % len(lengths) for n in range(len(block.edges))]
        faults = [
            (at + 1, listed, lengths[at])
            for listed, at in zip(block.edges, pairs, strict=True)
            if listed > 0 and abs(listed - lengths[at]) > EDGE_M + EDGE_SHARE * lengths[at]
        ]
        readings.append(faults)
    return min(readings, key=len)


def numbers_of(block: Block) -> tuple[int | None, int | None]:
    """Parcel and sheet number out of the title."""
    words = bare(block.title)
    parcel, sheet = _PARCEL.search(words), _SHEET.search(words)
    return (int(parcel[1]) if parcel else None), (int(sheet[1]) if sheet else None)


def number_free(text: str) -> bool:
    """Whether a text is words, not a number in disguise."""
    return number(text) is None and len(plain(text)) > 1


def bare(text: str) -> str:
    """Lower case without marks, blanks and signs kept."""
    loose = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d")).lower()
    return "".join(char for char in loose if not unicodedata.combining(char))


def _area(match: re.Match[str]) -> float | None:
    try:
        return parse(match[1], "," if "," in match[1] else None) * (10_000 if match[2] == "ha" else 1)
    except ValueError:
        return None


def _cell(row: Row, index: int | None) -> object:
    return row[index] if index is not None and index < len(row) else None
