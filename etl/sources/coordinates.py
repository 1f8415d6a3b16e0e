"""Coordinates as people write them in cells: in metres, degrees, one cell for both, or a link to a map.

Which of two numbers is the northing is never read from the names of their columns: in Vietnam the ranges of
the two do not overlap, in metres or in degrees, so the numbers tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize
from urllib.parse import unquote

from etl.attributes.numbers import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.attributes.numbers import Decimal

    Pair = tuple[float, float]

# Cells come from files of strangers: quantifiers are possessive, and no two of them can share a text.
_HEAD, _TAIL = r"^(?:[NEBĐ]\s*+)?", r"\s*+[NEBĐ]?+$"
# 10°27'36.5"N, 10 27 36,5, B 10d27m36s, 10-27-36.5; and with minutes as the last: 10° 27.6083'.
_DMS = re.compile(
    _HEAD
    + r"""(\d{1,3})(?:\s*+[°ºo˚dđ:-]\s*+|\s++)(\d{1,2})(?:\s*+['’′´`m‘p:-]\s*+|\s++)(\d{1,2}(?:[.,]\d++)?+)"""
    r"""\s*+(?:["”″“sg]|['’′´]{2})?+""" + _TAIL,
    re.IGNORECASE,
)
_DM = re.compile(
    _HEAD + r"""(\d{1,3})\s*+[°ºo˚]\s*+(\d{1,2}(?:[.,]\d++)?+)\s*+['’′´]?+""" + _TAIL, re.IGNORECASE
)
# 105.5016°E, N 10.4007
_DEGREES = re.compile(_HEAD + r"(\d{1,3}(?:[.,]\d++)?+)\s*+[°º˚]?+" + _TAIL, re.IGNORECASE)
# "10 độ 27 phút 36 giây Bắc", in either normal form.
_WORDED = tuple(
    (normalize(form, word), sign)
    for word, sign in (("độ", "°"), ("phút", "'"), ("giây", '"'), ("Bắc", "B"), ("Đông", "E"), ("bắc", "B"),
                       ("đông", "E"))
    for form in ("NFC", "NFD")
)  # fmt: skip
_SIMPLE = {sign: re.compile(rf"-?\d+(?:[{sign}]\d+)?", re.ASCII) for sign in (",", ".")}
NORTHINGS_M, EASTINGS_M = (800_000.0, 2_700_000.0), (100_000.0, 1_000_000.0)
LATITUDES, LONGITUDES = (5.0, 24.0), (100.0, 119.0)
# Words before a number in a cell ("Vĩ độ: 10,46"), and brackets around a pair.
_LABEL = re.compile(r"(?<![^\W\d])[^\W\d]++(?:\s++[^\W\d]++)?+\.?+\s*+[:=]\s*+")
_OPENING, _CLOSING = "([{", ")]}."
# A letter of the compass ends the first of two, or begins the second.
_BY_LETTER = (
    re.compile(r"^([^NB\d]*+\d[^NB]*+[NB])([^\w]*+\d.*[EĐ])$", re.IGNORECASE | re.DOTALL),
    re.compile(r"^([NB]\s*+\d[^EĐ]*+)([EĐ]\s*+\d.*)$", re.IGNORECASE | re.DOTALL),
    re.compile(r"^([^EĐ\d]*+\d[^EĐ]*+[EĐ])([^\w]*+\d.*[NB])$", re.IGNORECASE | re.DOTALL),
    re.compile(r"^([EĐ]\s*+\d[^NB]*+)([NB]\s*+\d.*)$", re.IGNORECASE | re.DOTALL),
)
_BETWEEN = " \t\n,;/–-"
# A number, a pair and a link are no longer.
NUMBER_CHARS, PAIR_CHARS, LINK_CHARS = 80, 300, 4_000
_LINK = re.compile(r"https?://", re.IGNORECASE)
_SHORT_LINK = re.compile(r"(maps\.app\.)?goo\.gl/|bit\.ly/|zalo\.me/", re.IGNORECASE)
# The place itself goes before the middle of the view.
_IN_LINKS = (
    re.compile(r"!3d(-?\d+\.\d+)!4d(-?\d+\.\d+)"),
    re.compile(r"[?&](?:q|query|ll|daddr|destination|center)=(?:loc:)?\s*(-?\d+\.\d+),\s*\+?(-?\d+\.\d+)"),
    re.compile(r"/(?:place|search|dir)/(?:\w*/)?(-?\d+\.\d+),\s*\+?(-?\d+\.\d+)"),
    re.compile(r"[@=/](-?\d+\.\d+),\s*\+?(-?\d+\.\d+)"),
)
# A ring in one cell has so many corners at least.
RING = 3


def number(cell: object, decimal: Decimal | None = None) -> float | None:
    """A cell's number: a spreadsheet's, or a text in Vietnamese, English or sexagesimal notation."""
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    # The sign that makes a spreadsheet take a number for a text may come with it.
    text = str(cell).strip().lstrip("'’")
    if len(text) > NUMBER_CHARS:
        return None
    if decimal is not None and _SIMPLE[decimal].fullmatch(text):
        return float(text.replace(",", "."))  # the bulk of long tables
    try:
        return parse(text, decimal)
    except ValueError:
        return _sexagesimal(text)


def _sexagesimal(text: str) -> float | None:
    """Degrees, minutes and seconds, degrees and minutes with a fraction, or degrees with a letter or sign."""
    for word, sign in _WORDED:
        text = text.replace(word, sign)
    if match := _DMS.match(text):
        return int(match[1]) + int(match[2]) / 60 + float(match[3].replace(",", ".")) / 3600
    if match := _DM.match(text):
        return int(match[1]) + float(match[2].replace(",", ".")) / 60
    if (match := _DEGREES.match(text)) and re.search("[°º˚.,]", text):
        return float(match[1].replace(",", "."))
    return None


def pair(cell: object) -> Pair | None:
    """Two numbers of one cell: ``10.4612, 105.6321``, ``10,4612; 105,6321``, with letters, or in a link."""
    text = str(cell).strip().lstrip(_OPENING).rstrip(_CLOSING).strip()
    if _LINK.search(text[:LINK_CHARS]):
        return in_link(text[:LINK_CHARS])
    if len(text) > PAIR_CHARS:
        return None
    text = _LABEL.sub(" ", text).strip()
    for between in (";", "\n", ", ", ",", " - ", "/", " "):
        parts = [part for part in text.split(between) if part.strip()]
        if len(parts) == 2 and (found := _two(parts[0], parts[1])) is not None:
            return found
    for pattern in _BY_LETTER:
        match = pattern.match(text)
        if match and (found := _two(match[1].strip(_BETWEEN), match[2].strip(_BETWEEN))) is not None:
            return found
    return None


def _two(one: str, other: str) -> Pair | None:
    sign = decimal_sign([(one, other)])
    first, second = number(one, sign), number(other, sign)
    return None if first is None or second is None else (first, second)


def in_link(text: str) -> Pair | None:
    """Latitude and longitude that a link to a map carries; None for shortened ones, which carry nothing."""
    link = unquote(text)
    for pattern in _IN_LINKS:
        if match := pattern.search(link):
            return float(match[1]), float(match[2])
    return None


def is_short_link(cell: object) -> bool:
    """Whether a cell is a link that hides its place behind a server."""
    return isinstance(cell, str) and _SHORT_LINK.search(cell) is not None and in_link(cell) is None


def ring_of(cell: object) -> list[Pair] | None:
    """The corners of an area listed in one cell, one a line or between ``;`` or ``|``; None for others."""
    if not isinstance(cell, str):
        return None
    for between in ("\n", ";", "|", "->"):
        parts = [part for part in cell.split(between) if part.strip()]
        if len(parts) < RING:
            continue
        # A corner may bear its number: "1. 10.46, 105.63", "M1: …", "Điểm 2: …".
        found = [pair(_LABELLED.sub("", part)) for part in parts]
        corners = [each for each in found if each is not None and _somewhere(each)]
        if len(corners) == len(parts):
            return corners
    return None


_WORDS = r"^\s*+(?:[^\W\d]++\s*+)"
_LABELLED = re.compile(rf"{_WORDS}*+\d{{1,3}}\s*+[.:)]\s++(?=\S)|{_WORDS}++\d{{0,3}}\s*+[:.)]\s*+")


def _somewhere(found: Pair) -> bool:
    return northing_first([found]) is not None


def decimal_sign(cells: Sequence[tuple[object, object]]) -> Decimal | None:
    """The decimal sign by which most pairs of coordinates lie in Vietnam; None where it does not matter."""
    signs: tuple[Decimal | None, ...] = (".", ",", None)
    return max(signs, key=lambda sign: sum(_plausible(*pair, sign) for pair in cells))


def _plausible(one: object, other: object, sign: Decimal | None) -> bool:
    first, second = number(one, sign), number(other, sign)
    return first is not None and second is not None and northing_first([(first, second)]) is not None


def northing_first(pairs: Sequence[Pair]) -> bool | None:
    """Whether the first numbers are northings (latitudes); None where the numbers tell nothing."""
    votes = [0, 0]
    for one, other in pairs:
        votes[0] += is_northing(one) and is_easting(other)
        votes[1] += is_northing(other) and is_easting(one)
    if votes[0] == votes[1]:
        return None
    return votes[0] > votes[1]


def is_northing(value: float) -> bool:
    """Whether a number may be a northing in Vietnam, in metres or degrees."""
    return NORTHINGS_M[0] <= value <= NORTHINGS_M[1] or LATITUDES[0] <= value <= LATITUDES[1]


def is_easting(value: float) -> bool:
    """Whether a number may be an easting in Vietnam, in metres or degrees."""
    return EASTINGS_M[0] <= value <= EASTINGS_M[1] or LONGITUDES[0] <= value <= LONGITUDES[1]


def lost_decimals(one: float, other: float) -> Pair | None:
    """Degrees whose decimal sign a spreadsheet took away (105501656 for 105.501656), or None."""
    if not (one.is_integer() and other.is_integer() and one > 1_000 and other > 1_000):
        return None
    readings = [(_scaled(a, LATITUDES, b, LONGITUDES)) for a, b in ((one, other), (other, one))]
    return next((each for each in readings if each is not None), None)


def _scaled(lat: float, lats: Pair, lon: float, lons: Pair) -> Pair | None:
    found = [
        next((v / 10**k for k in range(3, 16) if low <= v / 10**k <= high), None)
        for v, (low, high) in ((lat, lats), (lon, lons))
    ]
    return None if found[0] is None or found[1] is None else (found[0], found[1])
