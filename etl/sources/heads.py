"""Where a table's header is and which columns hold places: by words, or where those do not say, by values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl.sources.coordinates import is_easting, is_northing, northing_first, number, pair, ring_of
from etl.sources.frames import note
from etl.sources.places import cell
from etl.sources.roles import DEEPEST, Header, goes_on, header_of, is_numbering, is_wkt, merged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.sources.cells import Row
    from etl.text.encodings import Transport

# A header stands among so many first rows, and so many rows below it tell what a column holds.
WITHIN_ROWS, TELLING_ROWS = 100, 200
# A column is one of coordinates where so many of its filled cells are.
MOSTLY = 0.8
_BY_VALUES = note(
    "coordinates_by_values",
    "info",
    "Tên cột không nói đâu là tọa độ: đã nhận ra theo giá trị của cột.",
    "The columns of coordinates were told by their values: their names do not say.",
)


@dataclass(frozen=True, slots=True)
class Head:
    """A table's header: rows ``start`` to ``at`` (-1 where it has none), and what to tell of it."""

    header: Header | None = None
    start: int = 0
    at: int = -1
    told: str | None = None


def find(rows: Sequence[Row], transport: Transport) -> Head:
    """The first rows whose words give coordinates; else the fullest header, and columns by their values."""
    fullest = Head()
    for index, row in enumerate(rows[:WITHIN_ROWS]):
        header = header_of(row, transport)
        if header is None:
            continue
        if (found := _located(rows, index, header, transport)) is not None:
            return found
        if fullest.header is None or _named(header) > _named(fullest.header):
            fullest = Head(header, index, index)
    if fullest.header is None:
        return _nameless(rows)
    fullest = _whole(rows, fullest, fullest.header, transport)
    assert fullest.header is not None  # noqa: S101 - for the type checker
    return _by_values(fullest, fullest.header, rows[fullest.at + 1 :])


def _located(rows: Sequence[Row], index: int, header: Header, transport: Transport) -> Head | None:
    """A header that says where things are, by a row with the names of the coordinates and those above it."""
    if header.first is not None and header.second is not None:
        start = index
        while start > 0 and index - start + 1 < DEEPEST and _adds(rows[start - 1], header):
            higher = header_of(merged(rows[start - 1 : index + 1]), transport)
            if higher is None or not higher.located:
                break
            start, header = start - 1, higher
        return _whole(rows, Head(header, start, index), header, transport)
    body = rows[index + 1 : index + 20]
    if header.wkt is not None and any(is_wkt(cell(row, header.wkt)) for row in body):
        return Head(header, index, index)
    if header.both is not None and any(pair(cell(row, header.both)) for row in body):
        return _whole(rows, Head(header, index, index), header, transport)
    return None


def _adds(above: Row, header: Header) -> bool:
    """Whether a row above is the header's upper row: words, and some over columns without a name."""
    filled = [at for at, each in enumerate(above) if each not in (None, "")]
    if len(filled) < 2 or any(number(above[at]) is not None for at in filled):
        return False
    return any(at < len(header.names) and not header.names[at] for at in filled)


def _whole(rows: Sequence[Row], found: Head, header: Header, transport: Transport) -> Head:
    """With the rows below it that still are header: further names, units, numbers of columns."""
    while (
        found.at + 1 < len(rows) and found.at - found.start < DEEPEST and goes_on(header, rows[found.at + 1])
    ):
        more = header_of(merged(rows[found.start : found.at + 2]), transport)
        if more is None or (header.located and not more.located):
            break
        header = more
        found = Head(more, found.start, found.at + 1)
    if found.at + 1 < len(rows) and is_numbering(rows[found.at + 1]):
        found = replace(found, at=found.at + 1)
    return found


def _by_values(found: Head, header: Header, body: Sequence[Row]) -> Head:
    """A header whose words name no coordinates, with those that the values show."""
    columns = {at: _filled(body[:TELLING_ROWS], at) for at, name in enumerate(header.names) if name}
    columns = {at: told for at, told in columns.items() if told}
    for role, one in (("wkt", _is_shape), ("both", _is_pair)):
        for at, told in columns.items():
            if sum(map(one, told)) >= MOSTLY * len(told):
                return replace(found, header=_with(header, **{role: at}), told=_BY_VALUES)
    north = [at for at, told in columns.items() if _are(told, northing=True)]
    east = [at for at, told in columns.items() if _are(told, northing=False)]
    if len(north) == 1 and len(east) == 1 and north != east:
        return replace(found, header=_with(header, first=north[0], second=east[0]), told=_BY_VALUES)
    return replace(found, header=replace(header, first=None, second=None, both=None, wkt=None))


def _filled(rows: Sequence[Row], at: int) -> list[object]:
    return [found for row in rows if (found := cell(row, at)) not in (None, "")]


def _with(header: Header, **roles: int) -> Header:
    other = tuple(at for at, name in enumerate(header.names) if name and at not in roles.values())
    return Header(
        header.names,
        first=roles.get("first"),
        second=roles.get("second"),
        both=roles.get("both"),
        wkt=roles.get("wkt"),
        point=header.point,
        other=other,
    )


def _nameless(rows: Sequence[Row]) -> Head:
    """A list of numbers without a header, as total stations and GPS devices write it."""
    filled = [row for row in rows if any(each not in (None, "") for each in row)]
    width = max(map(len, filled), default=0)
    if len(filled) < 3 or width < 2:
        return Head()
    names = tuple(f"cot_{at + 1}" for at in range(width))
    found = _by_values(Head(), Header(names, other=tuple(range(width))), filled)
    return found if found.header is not None and found.header.located else Head()


def _is_shape(told: object) -> bool:
    return is_wkt(told) or ring_of(told) is not None


def _is_pair(told: object) -> bool:
    found = pair(told) if isinstance(told, str) else None
    return found is not None and northing_first([found]) is not None


def _are(told: list[object], *, northing: bool) -> bool:
    """Whether values are northings (eastings): in range, and fine enough for a place."""
    numbers = [found for each in told if (found := number(each)) is not None]
    within = [each for each in numbers if (is_northing if northing else is_easting)(each)]
    metres = [each for each in within if each > 1_000]
    fine = [each for each in within if not each.is_integer()]
    if len(within) < MOSTLY * len(told) or len(fine) < len(within) / 2:
        return False
    return len(metres) in (0, len(within))


def _named(header: Header) -> int:
    return sum(bool(name) for name in header.names)
