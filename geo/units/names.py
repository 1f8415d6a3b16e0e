"""Names of units as people write them: marks left out, abbreviated, with district and province. Pure.

``core.name_spaced``, ``core.name_compact`` and ``core.name_bare`` in ``install.sql`` make the same keys of
stored names; a test holds the two together. Without marks the place of a tone (Hoà, Hòa) makes no difference.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What PostgreSQL's unaccent makes of letters that have no decomposition.
SINGLE = str.maketrans({"đ": "d", "Đ": "D", "ð": "d", "Ð": "D"})
APOSTROPHES = str.maketrans("", "", "'’‘`´")
KIND_WORDS = {
    "phường": "phuong",
    "xã": "xa",
    "thị trấn": "thi_tran",
    "đặc khu": "dac_khu",
}
# Kinds of what stands around a ward. A bare "TP." may be a city in a province or a province itself.
AROUND_WORDS = {
    "quận": "quan",
    "huyện": "huyen",
    "thị xã": "thi xa",
    "thành phố": "thanh pho",
    "tỉnh": "tinh",
}
_BARE = re.compile(r"^(?:phuong|xa|thi tran|dac khu|quan|huyen|thi xa|thanh pho|tinh) (?=.)")
# An abbreviation stands before a point, a digit ("P15") or, of more than one letter or alone, before a blank.
_ABBREVIATIONS = [
    (re.compile(rf"^(?:{pattern})(?:\s*\.\s*|\s+|(?=\d))", re.IGNORECASE), word)
    for pattern, word in (
        (r"đ\s*\.?\s*k|dk|dac\.?\s*khu", "đặc khu"),
        (r"t\s*\.?\s*t|tt", "thị trấn"),
        (r"t\s*\.?\s*p|tp", "thành phố"),
        (r"t\s*\.?\s*x|tx", "thị xã"),
        (r"p|ph", "phường"),
        (r"x", "xã"),
        (r"q", "quận"),
        (r"h", "huyện"),
        (r"t", "tỉnh"),
    )
]
# Within a text without commas a district or province begins at its own word. Only with its marks or as an
# abbreviation with its point: without marks "huyen" and "quan" are parts of names.
_INNER = re.compile(
    r"\s+(?=(?:quận|huyện|thị\s+xã|thành\s+phố|tỉnh)\s)|\s+(?=(?:q|h|tp|tx|t\.p|t\.x)\s*\.)", re.IGNORECASE
)
# What people write for two provinces.
SHORT_PROVINCES = {"hcm": "hochiminh", "tphcm": "hochiminh", "hn": "hanoi", "saigon": "hochiminh"}


@dataclass(frozen=True, slots=True)
class NameQuery:
    """A name taken apart. ``bare`` is compact and without its kind; ``kind`` None: not said.

    ``around``: compact keys of district and province, with their kinds where they were written.
    """

    spaced: str
    bare: str
    kind: str | None
    marked: str
    around: tuple[str, ...] = ()


def spaced(name: str) -> str:
    """No marks, lower case, apostrophes gone, other signs one blank, numbers without leading zeros."""
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFC", name)).translate(SINGLE)
    plain = "".join(c for c in letters if not unicodedata.combining(c)).lower().translate(APOSTROPHES)
    words = re.sub(r"[^a-z0-9]+", " ", plain).strip()
    return re.sub(r"\b0+(\d)", r"\1", words)


def compact(name: str) -> str:
    """The same without blanks: the key by which names are equal."""
    return spaced(name).replace(" ", "")


def bare(name: str) -> str:
    """Compact, without the word for the kind of unit."""
    return _BARE.sub("", spaced(name)).replace(" ", "")


def kind_of(name: str) -> str | None:
    """The kind that a full name begins with, or None."""
    lowered = unicodedata.normalize("NFC", name).strip().lower()
    return next((kind for word, kind in KIND_WORDS.items() if lowered.startswith(word + " ")), None)


def marked(name: str) -> str:
    """Lower case with its marks, tones at the end of words: hoà and hòa are equal, hoa and hòa are not."""
    return " ".join(_tone_last(word) for word in unicodedata.normalize("NFC", name).lower().split())


def parse(text: str) -> NameQuery:
    """A name as it was typed: "P. 15, Q. Tân Bình", "xa tan thanh", "TT. Mỹ Thọ, H. Cao Lãnh, Đồng Tháp"."""
    first, *others = [
        expand(part) for piece in text.split(",") for part in _INNER.split(piece) if part.strip()
    ] or [""]
    return query(first, others)


def query(name: str, others: Sequence[str]) -> NameQuery:
    """A name written out, with what stands around it, written out too."""
    around = tuple(key for other in others if (key := _around(other)))
    return NameQuery(spaced(name), bare(name), _kind(name), marked(name), around)


def expand(part: str) -> str:
    """One part with its abbreviation written out."""
    plain = " ".join(unicodedata.normalize("NFC", part).split())
    for pattern, word in _ABBREVIATIONS:
        if found := pattern.match(plain):
            return f"{word} {plain[found.end() :]}"
    return plain


def _kind(part: str) -> str | None:
    words = spaced(part)
    for word, kind in KIND_WORDS.items():
        if words.startswith(spaced(word) + " "):
            return kind
    return None


def _around(part: str) -> str:
    return SHORT_PROVINCES.get(bare(part), compact(part))


def _tone_last(word: str) -> str:
    tones, letters = "\u0300\u0301\u0303\u0309\u0323", unicodedata.normalize("NFD", word)
    return "".join(c for c in letters if c not in tones) + "".join(c for c in letters if c in tones)
