"""Values that name several codes: ``ONT(300.0);CLN(120.5)``, ``ONT+CLN``, ``BHK 541,2; ONT 200m2``.

Registers of parcels write them where one parcel has several uses. A layer that keeps the words (a text field
``NAME_text`` beside the coded ``NAME``) takes the code of the largest declared area; where no areas are
written, or one can be read in two ways, the first: registers write the main purpose first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.attributes.numbers import AmbiguousNumber, parse
from etl.attributes.units import SQUARE_METRES

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.attributes.numbers import Decimal

# Several codes stand in one text; more are no land-use column.
MOST_PARTS = 12
_AREA = r"\d[\d.,\s]*+"
_UNIT = r"(?:m2|m²|ha|%)"
# A comma divides only before a word: within a number it is a decimal sign. A line's end divides like ``;``.
_SIGNS = (
    r"(?<!\s)\s*+(?:[;+/&|]\s*+)++|(?<!\s)\s*+,\s*+(?=[^\W\d]|\()|(?<!\s)\s++(?:và|-)\s++"
    r"|(?<=[A-ZĐ]{3})[\s-]++(?=[A-ZĐ]{3}\b)"
)
_LINES = re.compile(r"[\r\n]++")
# Without a sign between them areas stand behind all codes (ONT 200 CLN 300), or before all (200 ONT 300 CLN).
_BETWEEN = re.compile(rf"{_SIGNS}|(?<=[)])\s*+(?=[A-ZĐ]{{3}}\b)|(?<=[\d²%])\s++(?=[A-ZĐ]{{3}}\b)")
_BETWEEN_NUMBER_FIRST = re.compile(rf"{_SIGNS}|(?<=[A-ZĐ]{{3}})\s++(?=\d)")
_REMARK = re.compile(r"\((?=[^()]*?[^\W\d]{2})([^()]*+)\)")
_BRACKETS = re.compile(r"[\[\]{}]")
_UNITS = re.compile(rf"\d\s*+{_UNIT}\s*+$")
_INSIDE = re.compile(rf"^(.*)[(\[{{:=]\s*+({_AREA})({_UNIT}?)\s*+[)\]}}]?$", re.DOTALL)
_BEHIND = re.compile(rf"^(.*?[^\W\d])\s*+[:=-]?+\s*+({_AREA})({_UNIT}?)\.?$", re.DOTALL)
_BEFORE = re.compile(rf"^({_AREA})({_UNIT}?)\s*+(?:đất\s++)?(?=[^\W\d])(.*)$", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Combined:
    """``main`` is one of the valid codes, ``codes`` all of them as written, ``unknown`` what is no code."""

    main: str
    codes: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def combined(text: str, code_of: Callable[[str], str | None]) -> Combined | None:
    """The codes of a text that is more than one code; None where no part of it is one.

    ``code_of`` gives the code that a word or a title stands for.
    """
    text = _BRACKETS.sub(lambda sign: "(" if sign[0] in "[{" else ")", _LINES.sub(";", text.strip()))
    # Words in brackets say for how long the use holds, unless they are the code itself.
    text = _REMARK.sub(lambda remark: _remark(remark, code_of), text)
    between = _BETWEEN_NUMBER_FIRST if text[:1].isdigit() else _BETWEEN
    pieces = [piece.strip(" .,") for piece in between.split(text) if piece.strip(" .,")]
    if len(pieces) > MOST_PARTS:
        return None
    found: list[tuple[str, str | None]] = []
    unknown = []
    for piece in pieces:
        word, area = _apart(piece)
        code = code_of(piece) or code_of(word)
        if code is None:
            unknown.append(word)
        else:
            found.append((code, area))
    if not found:
        return None
    codes = tuple(dict.fromkeys(code for code, _ in found))
    return Combined(_largest(found) or codes[0], codes, tuple(unknown))


def _remark(remark: re.Match[str], code_of: Callable[[str], str | None]) -> str:
    """Areas stay; ``Đất ở tại nông thôn (ONT)``: the code behind its title says the same once more."""
    if _UNITS.search(remark[1]):
        return remark[0]
    return remark[0] if code_of(remark[1]) and not code_of(remark.string[: remark.start()].strip()) else " "


def _apart(piece: str) -> tuple[str, str | None]:
    """The word and the area of ``ONT(300.5)``, ``ONT 300m2``, ``ONT: 300``, ``300 m² ONT``."""
    for pattern in (_INSIDE, _BEHIND):
        if match := pattern.match(piece):
            return match[1].strip(" ()[]:=-"), match[2] + match[3]
    if match := _BEFORE.match(piece):
        return match[3].strip(" ()[]:=-"), match[1] + match[2]
    return piece.strip(" ()[]"), None


def _largest(found: list[tuple[str, str | None]]) -> str | None:
    """The code with the largest sum of areas, where all say theirs and whichever way they are read."""
    winners = set()
    signs: tuple[Decimal, ...] = (",", ".")
    for decimal in signs:
        sums: dict[str, float] = {}
        for code, area in found:
            try:
                size = _size(area, decimal)
            except (ValueError, AmbiguousNumber):
                break
            sums[code] = sums.get(code, 0.0) + size
        else:
            winners.add(max(sums, key=lambda code: sums[code]))
    return winners.pop() if len(winners) == 1 else None


def _size(area: str | None, decimal: Decimal) -> float:
    if area is None:
        raise ValueError("no area")
    unit = SQUARE_METRES["ha"] if area.rstrip().endswith("ha") else 1.0
    return parse(area, decimal) * unit
