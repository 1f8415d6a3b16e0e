"""What the columns of a table are, by the words of its header: coordinates, point numbers, lengths of edges.

Vietnamese papers call the northing X and the easting Y. Which of two columns is which is never read from
their names: in Vietnam the ranges of the two do not overlap, in metres or in degrees, so the numbers tell.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.attributes.numbers import parse
from etl.text import decode, is_syllable, plain, spellings, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.attributes.numbers import Decimal
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
    r"\s*(SRID=\d+;)?\s*(MULTI)?(POINT|LINESTRING|POLYGON)|\s*GEOMETRYCOLLECTION", re.IGNORECASE
)
_HEX = re.compile(r"\s*0[01][0-9A-Fa-f]{8,}\s*$")
_JSON = re.compile(r'\s*\{.*"coordinates"', re.DOTALL)
# 10°27'36.5"N, 10 27 36,5, B 10d27m36s, 10-27-36.5; and with minutes as the last: 10° 27.6083'.
_DMS = re.compile(
    r"""^\s*[NEBĐ]?\s*(\d{1,3})\s*[°ºo˚dđ\s:-]\s*(\d{1,2})\s*['’′´`m‘p\s:-]\s*(\d{1,2}(?:[.,]\d+)?)\s*"""
    r"""(?:["”″“sg]|['’′´]{2})?\s*[NEBĐ]?\s*$""",
    re.IGNORECASE,
)
_DM = re.compile(
    r"""^\s*[NEBĐ]?\s*(\d{1,3})\s*[°ºo˚]\s*(\d{1,2}(?:[.,]\d+)?)\s*['’′´]?\s*[NEBĐ]?\s*$""", re.IGNORECASE
)
_SIMPLE = {sign: re.compile(rf"-?\d+(?:[{sign}]\d+)?", re.ASCII) for sign in (",", ".")}
NORTHINGS_M, EASTINGS_M = (800_000.0, 2_700_000.0), (100_000.0, 1_000_000.0)
LATITUDES, LONGITUDES = (5.0, 24.0), (100.0, 119.0)


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
    width = max(len(upper), len(lower))
    above, below = ([*row, *[None] * (width - len(row))] for row in (upper, lower))
    found = header_of([low or high for high, low in zip(above, below, strict=True)], transport)
    return found if found is not None and found.first is not None and found.second is not None else None


def readable(text: str, transport: Transport) -> str:
    """Words of a header or a title in whatever encoding makes them Unicode."""
    text = " ".join(text.split())
    if text.isascii():
        return text
    made = spellings(text)
    whole = (each for each in made if all(is_syllable(word) for word in words(each) if not word.isascii()))
    return next(whole, None) or (
        made[0] if transport == "unicode" else decode(text, "utf-8", transport) or text
    )


def number(cell: object, decimal: Decimal | None = None) -> float | None:
    """A cell's number: a spreadsheet's, or a text in Vietnamese, English or sexagesimal notation."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    text = str(cell).strip()
    if decimal is not None and _SIMPLE[decimal].fullmatch(text):
        return float(text.replace(",", "."))  # the bulk of long tables
    try:
        return parse(text, decimal)
    except ValueError:
        return _sexagesimal(text)


def _sexagesimal(text: str) -> float | None:
    """Degrees, minutes and seconds, or degrees and minutes with a fraction."""
    if match := _DMS.match(text):
        return int(match[1]) + int(match[2]) / 60 + float(match[3].replace(",", ".")) / 3600
    if match := _DM.match(text):
        return int(match[1]) + float(match[2].replace(",", ".")) / 60
    return None


def pair(cell: object) -> tuple[float, float] | None:
    """Two numbers of one cell: ``10.4612, 105.6321`` or ``10,4612; 105,6321``."""
    for between in (";", ", ", ",", " "):
        parts = [part for part in str(cell).split(between) if part.strip()]
        if len(parts) != 2:
            continue
        sign = decimal_sign([(parts[0], parts[1])])
        one, other = number(parts[0], sign), number(parts[1], sign)
        if one is not None and other is not None:
            return one, other
    return None


def decimal_sign(cells: Sequence[tuple[object, object]]) -> Decimal | None:
    """The decimal sign by which most pairs of coordinates lie in Vietnam; None where it does not matter."""
    signs: tuple[Decimal | None, ...] = (".", ",", None)
    return max(signs, key=lambda sign: sum(_plausible(*pair, sign) for pair in cells))


def _plausible(one: object, other: object, sign: Decimal | None) -> bool:
    first, second = number(one, sign), number(other, sign)
    return first is not None and second is not None and northing_first([(first, second)]) is not None


def is_wkt(cell: object) -> bool:
    """Whether a cell holds a geometry: in words, as WKB in hexadecimal digits, or as GeoJSON."""
    return isinstance(cell, str) and (_SHAPE.match(cell) or _HEX.match(cell) or _JSON.match(cell)) is not None


def northing_first(pairs: Sequence[tuple[float, float]]) -> bool | None:
    """Whether the first numbers are northings (latitudes); None where the numbers tell nothing."""
    votes = [0, 0]
    for one, other in pairs:
        votes[0] += _within(one, NORTHINGS_M, LATITUDES) and _within(other, EASTINGS_M, LONGITUDES)
        votes[1] += _within(other, NORTHINGS_M, LATITUDES) and _within(one, EASTINGS_M, LONGITUDES)
    if votes[0] == votes[1]:
        return None
    return votes[0] > votes[1]


def _within(value: float, metres: tuple[float, float], degrees: tuple[float, float]) -> bool:
    return metres[0] <= value <= metres[1] or degrees[0] <= value <= degrees[1]


def _role(word: str) -> str | None:
    for role, pattern in (("first", _FIRST), ("second", _SECOND), ("edge", _EDGE), ("point", _POINT)):
        if pattern.match(word):
            return role
    if word in _BOTH:
        return "both"
    return "wkt" if word in _WKT else None
