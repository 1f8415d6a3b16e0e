"""Lists of corner coordinates ("Bảng kê toạ độ") as polygons: several parcels in a sheet, edges checked.

Form of such lists in Vietnamese dossiers: a title, a header ``STT | X (m) | Y (m) | Cạnh (m)``, a row a
corner, the first corner repeated at the end; an edge's length stands beside a corner or between two.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from etl.sources.coordinates import number
from etl.sources.joining import of_corner, of_parcel
from etl.sources.parcels import Block, area_in, named, names_parcel
from etl.sources.places import cell
from etl.sources.roles import header_of, readable, two_rows
from etl.text import bare, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from etl.attributes.numbers import Decimal
    from etl.sources.cells import Row
    from etl.sources.roles import Header
    from etl.text.encodings import Transport

# Two corners closer than this are one.
SAME_M = 0.005
_LISTED = re.compile(
    r"bang (ke|liet ke|thong ke)|toa do (goc|dinh|diem|ranh)|goc ranh|diem goc|toa do vi tri"
)


def is_list(
    header: Header, texts: list[str], pairs: list[tuple[float, float]], numbers: list[object]
) -> bool:
    """Whether rows are corners of areas and not places: told by edges, a title, or a closed ring."""
    if header.first is None or header.second is None or len(pairs) < 3:
        return False
    if header.edge is not None or header.again or any(_LISTED.search(bare(text)) for text in texts):
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
        self._beside: list[tuple[Header, Row, int, tuple[float, float]]] = []
        # The row of titles above lists that stand side by side: each has its own.
        self._over: Row = []

    def take(self, row: Row, index: int) -> Iterator[Block]:
        header = self._header
        corner = self._pair(header, row) if header else None
        beside = [(each, self._pair(each, row)) for each in header.again] if header else []
        # Lists that stand side by side go on one below the other.
        self._beside += [(each, row, index, there) for each, there in beside if there is not None]
        if header is not None and corner is not None:
            yield from self._corner(header, row, index, corner)
            return
        if any(there is not None for _, there in beside):
            return
        length = number(cell(row, header.edge), self._decimal) if header and header.edge is not None else None
        texts = [readable(each, self._transport) for each in row if isinstance(each, str) and each.strip()]
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
        if found is not None and not names_parcel(text):
            self._above = row
        if text:
            yield from self._words(text)
            self._over = row

    def finish(self) -> Iterator[Block]:
        """The last parcel."""
        yield from self._end()
        if self._last is not None:
            yield self._last
            self._last = None

    def _corner(self, header: Header, row: Row, index: int, corner: tuple[float, float]) -> Iterator[Block]:
        block = self._block
        restart = number(cell(row, header.point)) == 1 and len(block.corners) >= 3
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
        if header.edge is not None and (length := number(cell(row, header.edge), self._decimal)) is not None:
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
        named(self._block, self._titles)
        self._titles = []

    def _pair(self, header: Header, row: Row) -> tuple[float, float] | None:
        one = number(cell(row, header.first), self._decimal)
        other = number(cell(row, header.second), self._decimal)
        return None if one is None or other is None else (one, other)

    def _end(self) -> Iterator[Block]:
        """Close the parcel; it waits for what is said below it, as its area often is."""
        beside, self._beside = self._beside, []
        lists = [each for each, *_ in beside]
        before: Header | None = None
        for header, row, index, corner in sorted(beside, key=lambda each: lists.index(each[0])):
            if header is not before and (title := self._title_over(header)) is not None:
                yield from self._close()
                self._titles = [title]
            before = header
            yield from self._corner(header, row, index, corner)
        yield from self._close()

    def _close(self) -> Iterator[Block]:
        if self._block.corners:
            if self._last is not None:
                yield self._last
            self._last = self._block
        self._block = Block()
        self._group = None

    def _title_over(self, header: Header) -> str | None:
        """The title of a list beside the first one, where the words above it name a parcel of its own."""
        every = () if self._header is None else self._header.again
        start = _start(header)
        end = min((_start(each) for each in every if _start(each) > start), default=len(self._over))
        words = (readable(each, self._transport) for each in self._over[start:end] if isinstance(each, str))
        return next(filter(names_parcel, words), None)

    def _words(self, text: str) -> Iterator[Block]:
        yield from self._end()
        area_m2 = area_in(text)
        if area_m2 is not None and self._last is not None and self._last.area_m2 is None:
            self._last.area_m2 = area_m2
        else:
            self._titles.append(text)

    def _open(self) -> Block:
        """The parcel to which a length between two rows belongs."""
        return self._block if self._block.corners or self._last is None else self._last

    def _group_of(self, header: Header, row: Row) -> object:
        """What names the parcel in its rows: columns named so, else the first other one of the parcel's.

        Cells that were merged over the rows of a parcel speak in the first of them.
        """
        if own := of_parcel(header):
            said = tuple(cell(row, at) for at in own)
            return None if all(each in (None, "") for each in said) else said
        for index in header.other:
            told = cell(row, index)
            if index != header.point and told not in (None, "") and not of_corner(header.names[index]):
                return told
        return None

    def _keep(self, header: Header, row: Row) -> None:
        for index in header.other:
            told = cell(row, index)
            if index != header.point and told not in (None, "") and not of_corner(header.names[index]):
                self._block.cells.setdefault(header.names[index], told)


def _start(header: Header) -> int:
    return min(at for at in (header.point, header.first) if at is not None)


def number_free(text: str) -> bool:
    """Whether a text is words, not a number in disguise."""
    return number(text) is None and len(plain(text)) > 1
