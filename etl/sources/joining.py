"""Corners one a row, joined into areas where a column says whose corner each is; never by guess.

A surveyor's list (point, N, E, H, code) says so with a column named after parcels, or with codes that name
one ("THUA12"). Corners stand in the order in which they go round. Where a column says nothing, they stay
points.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from etl.sources.coordinates import number
from etl.sources.frames import note
from etl.sources.parcels import Block, names_parcel
from etl.sources.places import cell
from etl.text import bare, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etl.attributes.numbers import Decimal
    from etl.sources.cells import Row
    from etl.sources.roles import Header

_PARCEL = re.compile(
    r"^(so|ma|ten|id|sohieu|sttcua)?(thua|lo|parcel|lot)(dat|dattheobando|so|id|no|number)?(theobando)?$"
)
_SHEET = re.compile(r"^(so|sohieu)?(to|tobando|mapsheet|sheet)(so|bando|no|number)?$")
# A code of the field that names a parcel, whatever stands between word and number.
_NAMING = re.compile(r"^(?:thua|parcel|lot|lo)[ ._-]{0,3}(\d{1,6}[a-z]?)")
# What differs from corner to corner without making the rows things of their own.
_VARIES = re.compile(
    r"^(h|z|cao|caodo|docao|do?caom|elev|elevation|height|code|ma|madiem|mota|mo?tadiem|ghichu|note|remark"
    r"|description|desc|kyhieu|loaimoc|ngaydo|giodo|date|time|hrms|vrms|pdop|hdop|saiso|zone|b|l|lat|lon|canh"
    r"|cot\d{1,2}|stt|tt|diem|tendiem|point|pointid|pt|ptno|name|id|dinh|goc|sohieudiem|sohieu)$"
)
FEWEST = 3
# A column names each thing where so many rows have a word of their own in it.
MOSTLY = 0.8


def of_corner(name: str) -> bool:
    """Whether a column speaks of a corner (its height, its code), not of the parcel."""
    return _VARIES.match(plain(name)) is not None


@dataclass(frozen=True, slots=True)
class Keys:
    """Columns that say whose corner a row is; ``worded``: the one column does so in a code or in words.

    ``codes``: it is a column of codes, of which the number of the parcel alone is kept.
    """

    columns: tuple[int, ...]
    codes: bool = False
    worded: bool = False


def keys(header: Header, rows: Sequence[Row]) -> Keys | None:
    """The columns, where they join: most of what they name has three corners, and else nothing differs."""
    if header.first is None or header.second is None or header.edge is not None or header.again:
        return None  # a list with edges is checked against them
    named = [at for at in header.other if _PARCEL.match(plain(header.names[at]))]
    if named:
        sheets = [at for at in header.other if _SHEET.match(plain(header.names[at]))]
        told = [str(each) for row in rows if (each := cell(row, named[0])) not in (None, "")]
        worded = not sheets and bool(told) and all(map(names_parcel, told))
        found = Keys((*sheets[:1], named[0]), worded=worded)
    else:
        coded = [at for at in header.other if _all_naming(rows, at)]
        if len(coded) != 1:
            return None
        found = Keys((coded[0],), codes=True, worded=True)
    return found if _joins(header, rows, found) else None


def _all_naming(rows: Sequence[Row], at: int) -> bool:
    told = [bare(str(each)) for row in rows if (each := cell(row, at)) not in (None, "")]
    return len(told) >= FEWEST and all(_NAMING.fullmatch(each) for each in told)


def _joins(header: Header, rows: Sequence[Row], found: Keys) -> bool:
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if (key := _key(row, found)) is not None:
            groups[key].append(row)
    # The last of the rows that were looked at may go on below them.
    full = [each for each in groups.values() if len(each) >= FEWEST]
    if len(full) * 2 <= len(groups):
        return False
    return all(
        len({str(cell(row, at)) for row in each}) == 1 for each in full for at in _common(header, found)
    )


def _common(header: Header, found: Keys) -> list[int]:
    """Columns that speak of the parcel and not of its corner."""
    return [
        at
        for at in header.other
        if at not in found.columns and at != header.point and not of_corner(header.names[at])
    ]


def _key(row: Row, found: Keys) -> tuple[str, ...] | None:
    told = tuple(str(cell(row, at) or "").strip() for at in found.columns)
    return told if told[-1] else None


def names_of(header: Header, found: Keys) -> list[str]:
    """The columns that an area comes with; the number out of a code is one."""
    kept = [*(() if found.codes else found.columns), *_common(header, found)]
    own = ["so_thua", *([] if found.codes else ["so_to"])] if found.worded else []
    return [*own, *(header.names[at] for at in sorted(kept))]


def of_parcel(header: Header) -> list[int]:
    """The columns of a list that name the parcel in its rows, or in the first of them."""
    return [at for at in header.other if any(p.match(plain(header.names[at])) for p in (_PARCEL, _SHEET))]


def names_each(header: Header, rows: Sequence[Row]) -> bool:
    """Whether a column says something of its own of each row: then they are things and not corners.

    Two cameras on one pole, or numbers that begin anew below a second heading, make no area.
    """
    if header.edge is not None:
        return False
    placed = [row for row in rows if number(cell(row, header.first)) is not None]
    own = set(of_parcel(header))
    for at in header.other:
        if at == header.point or at in own or of_corner(header.names[at]):
            continue
        told = [str(each) for row in placed if (each := cell(row, at)) not in (None, "")]
        if len(told) >= MOSTLY * len(placed) and len(set(told)) >= MOSTLY * len(told) and len(told) >= FEWEST:
            return True
    return False


def tells(header: Header) -> set[str]:
    """Which of a parcel's numbers the columns of a list tell themselves."""
    folded = [plain(header.names[at]) for at in header.other]
    found = {"so_thua": _PARCEL, "so_to": _SHEET}
    return {name for name, pattern in found.items() if any(map(pattern.match, folded))}


def joined(header: Header, rows: Iterable[Row], found: Keys, decimal: Decimal | None) -> list[Block]:
    """An area for each key, its corners in the order of the rows; the first may stand again at the end."""
    blocks: dict[tuple[str, ...], Block] = {}
    for index, row in enumerate(rows, start=1):
        key = _key(row, found)
        one, other = number(cell(row, header.first), decimal), number(cell(row, header.second), decimal)
        if key is None or one is None or other is None:
            continue
        block = blocks.setdefault(key, Block(row=index, title=" / ".join(key)))
        if found.worded and not found.codes:
            block.words = key[-1]
        if found.codes and not block.words and (code := _NAMING.match(bare(key[-1]))) is not None:
            block.words = f"Thửa {code[1]}"
        for at in (*(() if found.codes else found.columns), *_common(header, found)):
            if (told := cell(row, at)) not in (None, ""):
                block.cells.setdefault(header.names[at], told)
        block.corners.append((one, other))
    for block in blocks.values():
        if len(block.corners) > FEWEST and block.corners[0] == block.corners[-1]:
            block.corners.pop()
            block.closed = True
    return list(blocks.values())


def crossing(block: Block) -> str | None:
    """The note of an area whose boundary crosses itself: its corners do not stand in order."""
    if len(block.corners) < FEWEST or shapely.LinearRing(block.corners).is_simple:
        return None
    return note(
        "corners_order",
        "quarantined",
        f"Nối các góc của «{block.title}» theo thứ tự dòng thì ranh tự cắt: xếp lại các dòng theo thứ tự đi"
        " quanh thửa rồi nạp lại.",
        f"Joined in the order of their rows, the corners of '{block.title}' make a boundary that crosses"
        " itself: put the rows in the order in which they go round, then load the file.",
    )


def told(header: Header, found: Keys, areas: int) -> str:
    """The note that corners were joined, and by what."""
    names = " + ".join(f"«{header.names[at]}»" for at in found.columns)
    return note(
        "corners_joined",
        "info",
        f"{areas} vùng được nối từ các góc theo cột {names}, theo thứ tự dòng trong tệp.",
        f"{areas} areas were joined from corners by the column {names}, in the order of the rows.",
    )
