"""Values of coded fields by code or words, whatever their case, marks and punctuation; and their schemes.

A land-use code means what its circular says: ``LUC`` changed its title between TT 27/2018 and TT 08/2024, and
some codes exist in one of the two only. Those are the witnesses of a file's scheme.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from etl.attributes.combined import Combined, combined
from etl.attributes.wrong import Wrong
from etl.text import plain, spoken
from etl.wording import listed
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layers.description import Code

SCHEMES = {
    "TT27_2018": Text(vi="Thông tư 27/2018/TT-BTNMT", en="Circular 27/2018/TT-BTNMT"),
    "TT08_2024": Text(vi="Thông tư 08/2024/TT-BTNMT", en="Circular 08/2024/TT-BTNMT"),
}
# Codes of one circular only. TT 27/2018 had HNK as the group of BHK and NHK, so it is no witness.
ONLY = {
    "TT27_2018": frozenset({"BHK", "NHK", "LUN", "DTS", "DDT", "DDL", "DSH", "SKT", "SKX"}),
    "TT08_2024": frozenset({"CNT", "CNC", "SCT", "DMT", "DKT", "DPC", "DCT", "DDD", "CGT", "MCS"}),
}
# Layers of a drawing carry the stage of the plan before and the owner's level behind the function's name.
_STAGE = re.compile(r"^(HT|QHDD|QHDH)_", re.IGNORECASE)
# Layers of drawings of the present state say so: LUC_hien trang, LUC_HT, LUC 2024. (A plan's are not cut.)
_PRESENT = re.compile(
    r"(?<![_\s-])[_\s-]++(?:hi[eệ]n[_\s]?+tr[aạ]ng|ht)?+[_\s-]*+(?:20\d\d)?+$", re.IGNORECASE
)
_LEVEL = re.compile(r"_(QG|CV|CT|DVO)$", re.IGNORECASE)
# Each code of a combined one is a witness.
_CODE = re.compile(r"[A-ZĐ]{3}")
# The end of an alias that stands for all words which begin with it.
_MORE = " *"
SHOWN = 12
# No code, no title and no list of codes with areas is longer.
LONGEST = 500


class CodeReader:
    """A reader of one code list; words stand for their code where only one code has them.

    Words with marks are compared with their marks: ``dứa`` is not ``dừa``. Those without, and sloppy ones of
    several syllables, are compared without.

    ``several``: a text with several codes is read as the main one of them (``combined`` tells all); else it
    is refused.
    """

    def __init__(self, entries: Iterable[Code], *, several: bool = False) -> None:
        entries = tuple(entries)
        self.several = several
        self._known = {entry.code: entry.code for entry in entries}
        # Codes that are words of a program (mango) are shown by their titles, which files may write as well.
        self._codes = (
            "một trong các mã: "
            + listed([e.title.vi if e.code.islower() else e.code for e in entries], SHOWN),
            "one of the codes: " + listed([e.code for e in entries], SHOWN),
        )
        self._folded = _unambiguous((entry.code, plain(entry.code)) for entry in entries)
        named = [(e.code, word) for e in entries for word in (e.title.vi, e.title.en, *e.aliases)]
        whole = [(code, word) for code, word in named if not word.endswith(_MORE)]
        # What begins like a word is that word too: the shorter of two is not for the longer one's values.
        self._begin = _unambiguous((c, spoken(w.removesuffix(_MORE))) for c, w in named if w.endswith(_MORE))
        self._spoken = _unambiguous((code, spoken(word)) for code, word in whole) | self._begin
        self._words = _unambiguous((code, plain(word.removesuffix(_MORE))) for code, word in named)

    def __call__(self, value: object) -> str:
        """The code. ``Wrong`` for what is none."""
        text = _text(value)
        if len(text) <= LONGEST and (found := self._one(text)) is not None:
            return found
        several = combined(text, self._one) if len(text) <= LONGEST else None
        if several is not None and self.several:
            return several.main
        if several is not None and len(several.codes) > 1 and not several.unknown:
            raise Wrong(
                ("là mã kết hợp", "is a combined code"),
                (
                    "một mã: tách thành từng phần hoặc chọn mã chính",
                    "one code: split it or choose the main one",
                ),
                undecided=True,
            )
        raise Wrong(("không có trong danh mục mã", "is not in the list of codes"), self._codes)

    def combined(self, value: object) -> Combined | None:
        """What a text says beyond one code; None where it is just a code."""
        text = _text(value)
        if not self.several or len(text) > LONGEST or self._one(text) is not None:
            return None
        return combined(text, self._one)

    def _one(self, text: str) -> str | None:
        bare = _PRESENT.sub("", _LEVEL.sub("", _STAGE.sub("", text)))
        return (
            self._known.get(text)
            or self._folded.get(plain(text))
            or self._folded.get(plain(bare))
            or self._in_words(text)
        )

    def _in_words(self, text: str) -> str | None:
        """``Đất trồng lúa`` or ``trồng lúa``: the words of a title, with or without its first."""
        said = spoken(text)
        found = self._spoken.get(said) or self._spoken.get(f"đất {said}") or self._longest(said)
        if found is None and (text.isascii() or " " in said):
            folded = plain(text)
            found = self._words.get(folded) or self._words.get(f"dat{folded}")
        return found

    def _longest(self, said: str) -> str | None:
        """The code whose word with ``*`` begins the text; the longest such word."""
        syllables = said.split()
        heads = (" ".join(syllables[:count]) for count in range(len(syllables) - 1, 0, -1))
        return next((self._begin[head] for head in heads if head in self._begin), None)


def _text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return unicodedata.normalize("NFC", str(value)).strip()


def scheme_of(codes: Iterable[str]) -> tuple[str | None, frozenset[str]]:
    """The circular that a file's codes tell, and the witnesses; None where none or both speak."""
    present = {word for code in codes for word in _CODE.findall(code.upper())}
    witnesses = {scheme: present & only for scheme, only in ONLY.items()}
    speaking = [scheme for scheme, found in witnesses.items() if found]
    found = frozenset().union(*witnesses.values())
    return (speaking[0] if len(speaking) == 1 else None), found


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for code, word in pairs:
        found[word] = code if found.get(word, code) == code else None
    return {word: code for word, code in found.items() if code is not None}
