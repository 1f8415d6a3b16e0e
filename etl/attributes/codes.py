"""Values of coded fields by code or words, whatever their case, marks and punctuation; and their schemes.

A land-use code means what its circular says: ``LUC`` changed its title between TT 27/2018 and TT 08/2024, and
some codes exist in one of the two only. Those are the witnesses of a file's scheme.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from etl.attributes.wrong import Wrong
from etl.text import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from layers.description import Code

SCHEMES = ("TT27_2018", "TT08_2024")
# Codes of one circular only. TT 27/2018 had HNK as the group of BHK and NHK, so it is no witness.
ONLY = {
    "TT27_2018": frozenset({"BHK", "NHK", "LUN", "DTS", "DDT", "DDL", "DSH", "SKT", "SKX"}),
    "TT08_2024": frozenset({"CNT", "CNC", "SCT", "DMT", "DKT", "DPC", "DCT", "DDD", "CGT", "MCS"}),
}
_COMBINED = re.compile(r"\s*(?:\([\d.,\s]*(?:m2|m²)?\))?\s*[+;,/&]\s*|\s*\([\d.,\s]*(?:m2|m²)?\)\s*$")
# Layers of a drawing carry the stage of the plan before and the owner's level behind the function's name.
_STAGE = re.compile(r"^(HT|QHDD|QHDH)_", re.IGNORECASE)
_LEVEL = re.compile(r"_(QG|CV|CT|DVO)$", re.IGNORECASE)
SHOWN = 12


def code_reader(entries: Iterable[Code]) -> Callable[[object], str]:
    """A reader of one code list; words stand for their code where only one code has them."""
    entries = tuple(entries)
    known = {entry.code: entry.code for entry in entries}
    folded = _unambiguous((entry.code, plain(entry.code)) for entry in entries)
    words = _unambiguous((e.code, plain(word)) for e in entries for word in (e.title.vi, e.title.en))

    def read(value: object) -> str:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = unicodedata.normalize("NFC", str(value)).strip()
        bare = _LEVEL.sub("", _STAGE.sub("", text))
        found = (
            known.get(text) or folded.get(plain(text)) or folded.get(plain(bare)) or _in_words(text, words)
        )
        if found is not None:
            return found
        parts = [part for part in _COMBINED.split(text) if part]
        if len(parts) > 1 and all(plain(part) in folded for part in parts):
            raise Wrong(
                f"là mã kết hợp ({text[:40]}): tách thành từng phần hoặc chọn mã chính",
                f"is a combined code ({text[:40]}): split it or choose the main one",
            )
        shown = ", ".join(list(known)[:SHOWN]) + ("…" if len(known) > SHOWN else "")
        raise Wrong(f"không có mã {text[:40]}; các mã: {shown}", f"has no code {text[:40]}; codes: {shown}")

    return read


def scheme_of(codes: Iterable[str]) -> tuple[str | None, frozenset[str]]:
    """The circular that a file's codes tell, and the witnesses; None where none or both speak."""
    present = {code.strip().upper() for code in codes}
    witnesses = {scheme: present & only for scheme, only in ONLY.items()}
    speaking = [scheme for scheme, found in witnesses.items() if found]
    found = frozenset().union(*witnesses.values())
    return (speaking[0] if len(speaking) == 1 else None), found


def _in_words(text: str, words: dict[str, str]) -> str | None:
    """``Đất trồng lúa`` or ``trồng lúa``: the words of a title, with or without its first."""
    folded = plain(text)
    if folded in words:
        return words[folded]
    if not folded.startswith("dat") and f"dat{folded}" in words:
        return words[f"dat{folded}"]
    return None


def _unambiguous(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str | None] = {}
    for code, word in pairs:
        found[word] = code if found.get(word, code) == code else None
    return {word: code for word, code in found.items() if code is not None}
