"""What TCVN3 loses and a table cannot give back: capitals with a tone, and letters ư that a tool stripped.

Capitals: Á and á share a byte, capitals come from the font. A word whose unambiguous letters are all capitals
is in capitals; the first letter of a word follows its column: names begin each word with a capital, sentences
the first one. Stripped ư: byte AD is the soft hyphen of Latin-1, and tools drop it ("Mường" becomes "Mờng").
Only a word that the tenant's place names know is restored; others are told.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.text.syllables import TONES, is_syllable

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[^\W\d_]+")
# So much of a column's words (or of its cells' first words) must begin with capitals.
MOST = 0.9


@dataclass(frozen=True, slots=True)
class Case:
    """A column's habit: ``title`` for names, ``sentence`` for a capital at the start of a cell."""

    title: bool = False
    sentence: bool = False


def habit(texts: Iterable[str]) -> Case:
    """Read a column's habit from those of its letters whose case is certain."""
    capital = words = starts = cells = 0
    for text in texts:
        for n, match in enumerate(_WORD.finditer(text)):
            first = match[0][0]
            if ambiguous(first):
                continue
            words += 1
            capital += first.isupper()
            if n == 0:
                cells += 1
                starts += first.isupper()
    return Case(words >= 5 and capital >= MOST * words, cells >= 5 and starts >= MOST * cells)


def ambiguous(letter: str) -> bool:
    """Whether TCVN3 has one byte for both cases: letters with a tone."""
    return any(char in TONES for char in unicodedata.normalize("NFD", letter))


def capitals(text: str, case: Case) -> str:
    """A cell with its lost capitals given back."""
    parts = list(_WORD.finditer(text))
    if not any(ambiguous(char) for match in parts for char in match[0]):
        return text
    shouted = _shouted(parts)
    out, end = [], 0
    for n, match in enumerate(parts):
        out += [text[end : match.start()], _word(match[0], shouted, case.title or (case.sentence and n == 0))]
        end = match.end()
    return "".join([*out, text[end:]])


def _certain(word: str) -> str:
    return "".join(char for char in word if not ambiguous(char))


def _shouted(parts: list[re.Match[str]]) -> bool:
    """Whether all words with two certain letters or more are in capitals."""
    telling = [known for match in parts if len(known := _certain(match[0])) >= 2]
    return bool(telling) and all(known.isupper() for known in telling)


def _word(word: str, shouted: bool, capitalised: bool) -> str:
    known = _certain(word)
    if (len(known) >= 2 and known.isupper()) or (shouted and (not known or known.isupper())):
        return word.upper()
    if capitalised and ambiguous(word[0]):
        return word[0].upper() + word[1:]
    return word


def stripped(text: str, known: frozenset[str]) -> tuple[str, int, int]:
    """The text with known words restored, how many were, and how many words look stripped and are not known.

    ``known`` are the lower-case words of the tenant's place names.
    """
    restored = suspicious = 0

    def mend(match: re.Match[str]) -> str:
        nonlocal restored, suspicious
        word = match[0]
        if is_syllable(word):
            return word
        whole = {made for made in _with_u_horn(word) if is_syllable(made)}
        named = {made for made in whole if made.lower() in known}
        if len(named) == 1:
            restored += 1
            return named.pop()
        suspicious += bool(whole)
        return word

    return _WORD.sub(mend, text), restored, suspicious


def _with_u_horn(word: str) -> list[str]:
    letter = "Ư" if word.isupper() and len(word) > 1 else "ư"
    return [word[:n] + letter + word[n:] for n in range(1, len(word) + 1)]
