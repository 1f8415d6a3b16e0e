"""What the columns of a table are, by the words of its header: coordinates, point numbers, lengths of edges.

Vietnamese papers call the northing X and the easting Y. Which of two columns is which the numbers tell
(``etl.sources.coordinates``).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.sources.coordinates import number
from etl.text import decode, is_whole, plain, spellings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.text.encodings import Transport

_FIRST = re.compile(
    r"^(toado)?(x|xm|xvn2000.*|n|northing|bac|vido.*|lat|latitude|vdo)$|^toado(x|bac).*|^x(m|met)?$"
)
_SECOND = re.compile(
    r"^(toado)?(y|ym|yvn2000.*|e|easting|dong|kinhdo.*|lon|lng|long|longitude|kdo)$|^toado(y|dong).*|^y(m|met)?$"
)
_BOTH = ("toado", "toadogps", "gps", "location", "vitritoado", "latlong", "latlng", "coordinates", "kinhvido")
_EDGE = re.compile(
    r"^(canh|chieudai|chieudaicanh|khoangcach|kichthuoccanh|dodai|canhm|s)(m)?$|^(chieudai|khoangcach)"
)
_POINT = re.compile(
    r"^(stt|tt|sott|sohieu|diem|dinh|moc|thutu|sothutu|goc)$|^(diem|dinh|moc)(so|goc|thu|ranh).*|^(so|ten|sohieu|thutu|stt|kyhieu)(diem|dinh|moc|goc).*"
)
_WKT = ("wkt", "geom", "geometry", "thegeom", "shape", "wktgeom", "wkb", "geojson", "hinhhoc", "thegeomwkt")
_SHAPE = re.compile(
    r"^\s*+(SRID=\d++;)?+\s*+((MULTI)?(POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION)", re.IGNORECASE
)
_HEX = re.compile(r"^\s*+0[01][0-9A-Fa-f]{8,}+\s*+$")
_JSON = re.compile(r'^\s*+\{.*"coordinates"', re.DOTALL)
# A unit that stands alone below a name, and the numbers of columns: (1) (2) (3), or 1 2 3, or A B C.
_UNIT = re.compile(r"^\(?\s*+(m|m2|m²|ha|km|km2|độ|o|°|%|tấn|kg|hộ|người|đồng|mm|cm)\s*+\)?", re.IGNORECASE)
_NUMBERED = re.compile(r"^[(\[]?\s*+(\d{1,2})\s*+[)\]]?")
# A header has so many rows at most.
DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Header:
    """A table's header: its names, and the index of each column that has a role.

    ``again``: the same columns once more to the right, where a list of corners stands in halves side by side.
    """

    names: tuple[str, ...]
    first: int | None = None
    second: int | None = None
    both: int | None = None
    wkt: int | None = None
    edge: int | None = None
    point: int | None = None
    other: tuple[int, ...] = field(default=())
    again: tuple[Header, ...] = field(default=())

    @property
    def located(self) -> bool:
        """Whether its columns say where things are."""
        pair = self.first is not None and self.second is not None
        return pair or self.both is not None or self.wkt is not None


def header_of(cells: Sequence[object], transport: Transport) -> Header | None:
    """A row of words as a header, None where it is none."""
    names = [readable(str(cell), transport) if cell not in (None, "") else "" for cell in cells]
    told = [name for name in names if name and number(name) is None]
    if len(told) < 2 or len(told) < 0.6 * sum(bool(name) for name in names):
        return None
    folded = [plain(name) for name in names]
    every = [_role(word) for word in folded]
    roles: dict[str, int] = {}
    for index, role in enumerate(every):
        if role is not None:
            roles.setdefault(role, index)
    if "both" in roles and ("first" in roles and "second" in roles):
        del roles["both"]
    again = _again(names, every)
    beside = {at for each in again for at in (each.first, each.second, each.edge, each.point)}
    taken = {index for role, index in roles.items() if role != "point"} | beside
    other = tuple(index for index, name in enumerate(names) if name and index not in taken)
    return Header(tuple(names), other=other, again=again, **roles)


def _again(names: Sequence[str], roles: Sequence[str | None]) -> tuple[Header, ...]:
    """The second, third … set of columns (number, X, Y, edge) of a list in halves side by side."""
    starts = [at for at, role in enumerate(roles) if role == "first"]
    found = []
    for start, end in itertools.pairwise([*starts, len(roles)]):
        if start == starts[0]:
            continue
        point = start - 1 if roles[start - 1] == "point" else None
        after = {role: at for at, role in reversed(list(enumerate(roles))) if start < at < end}
        if "second" not in after:
            return ()
        found.append(
            Header(tuple(names), first=start, second=after["second"], edge=after.get("edge"), point=point)
        )
    return tuple(found)


def two_rows(upper: Sequence[object], lower: Sequence[object], transport: Transport) -> Header | None:
    """A header of two rows ("Tọa độ" over "X" and "Y"), None where the second adds no coordinates."""
    if not any(isinstance(cell, str) and cell.strip() for cell in lower):
        return None
    if any(number(cell) is not None for cell in lower):
        return None
    found = header_of(merged([upper, lower]), transport)
    return found if found is not None and found.first is not None and found.second is not None else None


def merged(rows: Sequence[Sequence[object]]) -> list[object]:
    """The rows of a header as one: the lowest words of each column, a lone unit behind the words above it."""
    width = max(map(len, rows))
    out: list[object] = [None] * width
    for row in rows:
        for at, cell in enumerate(row):
            if cell in (None, ""):
                continue
            unit = isinstance(cell, str) and _UNIT.fullmatch(cell.strip()) and out[at] not in (None, "")
            out[at] = f"{out[at]} ({str(cell).strip(' ()')})" if unit else cell
    return out


def goes_on(header: Header, row: Sequence[object]) -> bool:
    """Whether a row below a header is its next row: it names columns that have no name, or gives units."""
    told = [(at, cell) for at, cell in enumerate(row) if cell not in (None, "")]
    if not told or any(number(cell) is not None for _, cell in told):
        return False
    return all(
        at >= len(header.names) or not header.names[at] or _UNIT.fullmatch(str(cell).strip())
        for at, cell in told
    )


def is_numbering(row: Sequence[object]) -> bool:
    """Whether a row below a header numbers its columns: (1) (2) (3), 1 2 3, or A B C."""
    told = [str(cell).strip().removesuffix(".0") for cell in row if cell not in (None, "")]
    numbers = [_NUMBERED.fullmatch(cell) for cell in told]
    at = [int(each[1]) for each in numbers if each is not None]
    letters = [cell for cell in told if len(cell) == 1 and cell.isalpha()]
    # "A B 1 2 3": letters for the first columns, numbers for those that are reckoned with.
    steps = at == list(range(at[0], at[0] + len(at))) and at[0] <= 3 if at else len(letters) == len(told)
    ordered = letters == sorted(set(letters))
    return len(told) >= 3 and len(at) + len(letters) == len(told) and steps and ordered


def readable(text: str, transport: Transport) -> str:
    """Words of a header or a title in whatever encoding makes them Unicode."""
    text = " ".join(text.split())
    if text.isascii():
        return text
    made = spellings(text)
    if (whole := next(filter(is_whole, made), None)) is not None:
        return whole
    return made[0] if transport == "unicode" else decode(text, "utf-8", transport) or text


def is_wkt(cell: object) -> bool:
    """Whether a cell holds a geometry: in words, as WKB in hexadecimal digits, or as GeoJSON."""
    return isinstance(cell, str) and (_SHAPE.match(cell) or _HEX.match(cell) or _JSON.match(cell)) is not None


def _role(word: str) -> str | None:
    for role, pattern in (("first", _FIRST), ("second", _SECOND), ("edge", _EDGE), ("point", _POINT)):
        if pattern.match(word):
            return role
    if word in _BOTH:
        return "both"
    return "wkt" if word in _WKT else None
