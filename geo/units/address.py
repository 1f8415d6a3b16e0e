"""From an address in words to a unit, when there is no point: only where nothing has to be guessed. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize

from geo.units.names import AROUND_WORDS, expand, query, spaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from geo.units.names import NameQuery
    from geo.units.types import Unit

# Where one part of an address ends: commas and the like, and before the word for a kind of unit. "xã" in
# "thị xã" is none. Abbreviations need their point, or the number that follows ("P15").
_PARTS = re.compile(
    r"[,;\n]+|\s+[-–—]\s+"
    r"|(?<!thị)\s+(?=xã\s)|\s+(?=(?:phường|thị\s+trấn|đặc\s+khu|quận|huyện|thị\s+xã|thành\s+phố|tỉnh)\s)"
    r"|\s+(?=(?:p|x|tt|đk|q|h|tp|tx|t\.p|t\.x|t\.t)\s*\.)|\s+(?=[pq]\s*\d)",
    re.IGNORECASE,
)
# Where a thing lies by a landmark, which may be a unit's name: what is near a ward is not in it.
_NEAR = re.compile(
    r"(?<!\w)(?:gần|giáp|cạnh|sát|kế\s+bên|đối\s+diện|trước|sau|ngay|chỗ|đoạn|khu\s+vực|phía|gan|doi\s+dien)\s[^,;\n]*",
    re.IGNORECASE,
)
# Hamlets and streets. With their marks: Dương Minh Châu is a district, and so is Buôn Đôn.
_SMALLER = re.compile(
    r"(?:ấp|thôn|xóm|khóm|tổ|khu\s+phố|kp|khu\s+pho|đường|hẻm|hẽm|ngõ|ngách|số|quốc\s+lộ|ql|tỉnh\s+lộ|hương\s+lộ|km)"
    r"(?=[\s.\d])",
    re.IGNORECASE,
)
_NOTHING = re.compile(r"(?:viet ?nam|vn|\d{5,6})?")
_STARTS_AROUND = tuple(f"{word} " for word in AROUND_WORDS.values())


@dataclass(frozen=True, slots=True)
class Addressed:
    """``one``: the only unit in ``units``; ``ask``: a person chooses among them; else ``none``.

    ``through``: the units that the address names, with those in which they live on.
    """

    answer: Literal["one", "ask", "none"]
    units: tuple[Unit, ...] = ()
    through: tuple[tuple[Unit, tuple[Unit, ...]], ...] = ()


def readings(text: str) -> Iterator[NameQuery]:
    """The names of a ward that an address may mean, the surest first, each with what is said after it.

    A part that says its kind ("P.15", "xã Tân Thạnh") is a ward; else whatever is no house number, district
    or province, and not the last part of several, which is the province.
    """
    plain = _NEAR.sub("", normalize("NFC", text))
    parts = [expand(part) for part in _PARTS.split(plain) if part and not _is_aside(part)]
    listed = [query(part, parts[place + 1 :]) for place, part in enumerate(parts)]
    yield from (each for each in listed if each.kind is not None)
    for place, each in enumerate(listed):
        last = place == len(listed) - 1 and place > 0
        other = each.spaced[:1].isdigit() or each.spaced.startswith(_STARTS_AROUND)
        if each.kind is None and each.bare and not last and not other:
            yield each


def _is_aside(part: str) -> bool:
    return _NOTHING.fullmatch(spaced(part)) is not None or _SMALLER.match(part.strip()) is not None


def settled(
    found: Sequence[Unit], living: Mapping[str, Sequence[Unit]], province_code: str | None = None
) -> Addressed:
    """What units of a name, of whatever day the address is from, mean for the units of today.

    ``living``: by identity the units in which one lives on, itself while it lives. A name is one unit's only
    within its province: 246 names of wards stand in several. A split unit has several heirs, and no centroid
    decides among them.
    """
    through = [
        (unit, here)
        for unit in found
        if (
            here := tuple(
                heir
                for heir in living.get(unit.unit_id, ())
                if province_code is None or heir.province_code == province_code
            )
        )
    ]
    units = {heir.unit_id: heir for _, here in through for heir in here}
    if not units:
        return Addressed("none")
    answer: Literal["one", "ask"] = "one" if len(units) == 1 else "ask"
    return Addressed(answer, tuple(units[name] for name in sorted(units)), tuple(through))
