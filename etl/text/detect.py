"""Which encoding a file's texts are in: a column is scored under every table, no cell is judged alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.text.column import key_of
from etl.text.encodings import ENCODINGS, VIQR_SIGN, decode
from etl.text.syllables import is_syllable, is_whole, words
from etl.types import Ambiguity, Guess
from geo.errors import InvalidInput
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.text.encodings import Encoding, Transport

# Fewer telling words than this say nothing about a column of their own.
TELLING = 5
MARGIN = 0.1
# A cell with so many marked words tells its encoding by itself.
LONG = 3
# Below this share of well-formed syllables a text is not taken for Vietnamese in that encoding.
VIETNAMESE = 0.6
# A declared or evident reading is given up only for one that is better by so much.
TRUST = 0.3
LABELS = {
    "unicode": "Unicode",
    "utf-8": "Unicode (UTF-8)",
    "tcvn3": "TCVN3 (ABC)",
    "vni": "VNI-Windows",
    "cp1258": "Windows-1258",
    "viqr": "VIQR",
    "cp1252": "Windows-1252",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """The outcome: a decoder key for each column (``tcvn3:title``), and all candidates for the whole file."""

    keys: Mapping[str, str]
    guesses: tuple[Guess, ...]
    present: tuple[Encoding, ...]
    ambiguity: Ambiguity | None = None
    samples: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Score:
    good: int = 0
    telling: int = 0
    impossible: int = 0

    @property
    def share(self) -> float:
        total = self.telling + self.impossible
        return self.good / total if total else 0.0


def judge(
    columns: Mapping[str, list[str]],
    transport: Transport,
    *,
    declared: str | None = None,
    answer: str | None = None,
) -> Judged:
    """Weigh the distinct texts of each column. ``answer`` is the user's encoding for all of them.

    ``InvalidInput`` for an answer that is no encoding, or none in which the file's bytes can be.
    """
    tried = tuple(each for each in ENCODINGS if transport != "bytes" or each != "unicode")
    given = _given(answer, tried)
    scores = {
        name: {each: _score(texts, each, transport) for each in tried} for name, texts in columns.items()
    }
    total = {each: _sum([scores[name][each] for name in columns]) for each in tried}
    ranked = sorted(tried, key=lambda each: -_rank(total, each, transport, declared))
    whole = ranked[0]
    keys, present = {}, {whole}
    for name, texts in columns.items():
        chosen = given or _of_column(scores[name], whole, transport, declared)
        present.add(chosen)
        keys[name] = key_of(chosen, [decode(text, chosen, transport) or text for text in texts])
    guesses = tuple(_guess(each, total[each]) for each in ranked if total[each].good or each == whole)
    ambiguity = None if given else _question(columns, total, ranked, transport, declared)
    others = _minority(columns, whole, tried, transport)
    return Judged(keys, guesses, tuple(present | others), ambiguity, _samples(columns, keys, transport))


def _score(texts: list[str], encoding: Encoding, transport: Transport) -> _Score:
    """Words that tell: those with letters beyond ASCII before or after decoding."""
    score = _Score()
    if encoding == "viqr" and not any(VIQR_SIGN.search(text) for text in texts):
        return score
    for text in texts:
        decoded = decode(text, encoding, transport)
        if decoded is None:
            score.impossible += sum(not word.isascii() for word in words(text))
            continue
        if decoded.isascii():
            continue
        for word in words(decoded):
            if not word.isascii():
                score.telling += 1
                score.good += is_syllable(word)
    return score


def _sum(scores: list[_Score]) -> _Score:
    return _Score(
        *(sum(getattr(each, name) for each in scores) for name in ("good", "telling", "impossible"))
    )


def _rank(
    scores: Mapping[Encoding, _Score], encoding: Encoding, transport: Transport, declared: str | None
) -> float:
    """Well-formed share, with trust in what the format defines, the file says, or only UTF-8 can be."""
    score = scores[encoding]
    trusted = encoding == _evident(transport) or (declared is not None and encoding == declared)
    if transport == "bytes" and encoding == "utf-8":
        trusted = not score.impossible
    return score.share + (TRUST if trusted else 0.0) - (0.01 * ENCODINGS.index(encoding))


def _evident(transport: Transport) -> Encoding:
    return "unicode" if transport == "unicode" else "cp1252"


def _of_column(
    scores: Mapping[Encoding, _Score], whole: Encoding, transport: Transport, declared: str | None
) -> Encoding:
    """A column's own best where it has enough to say and says it clearly, else the file's."""
    best = max(scores, key=lambda each: _rank(scores, each, transport, declared))
    if best == whole or max(each.telling + each.impossible for each in scores.values()) < TELLING:
        return whole
    own = _rank(scores, best, transport, declared) - _rank(scores, whole, transport, declared)
    return best if own >= MARGIN else whole


def _question(
    columns: Mapping[str, list[str]],
    total: Mapping[Encoding, _Score],
    ranked: list[Encoding],
    transport: Transport,
    declared: str | None,
) -> Ambiguity | None:
    """Whether two readings fit alike and differ in what they make of the texts."""
    best = ranked[0]
    top = _rank(total, best, transport, declared)
    close = [
        each
        for each in ranked[1:]
        if total[each].share >= VIETNAMESE and top - _rank(total, each, transport, declared) < MARGIN
    ]
    rivals = [each for each in close if _differs(columns, best, each, transport)]
    if not rivals or total[best].telling < TELLING:
        return None
    guesses = tuple(_guess(each, total[each]) for each in (best, *rivals))
    text = Text(
        vi="Chữ tiếng Việt đọc được theo nhiều bảng mã khác nhau: cần người chọn.",
        en="The texts are well formed under several encodings: a person must choose.",
    )
    return Ambiguity("encoding", text, guesses, "--encoding")


def _differs(columns: Mapping[str, list[str]], one: Encoding, other: Encoding, transport: Transport) -> bool:
    pairs = (
        (decode(text, one, transport), decode(text, other, transport)) for t in columns.values() for text in t
    )
    return any(first != second for first, second in pairs)


def _minority(
    columns: Mapping[str, list[str]], whole: Encoding, tried: tuple[Encoding, ...], transport: Transport
) -> set[Encoding]:
    """Encodings of single cells: those that make whole what the main one breaks, in two, or a long one."""
    found: dict[Encoding, int] = dict.fromkeys(tried, 0)
    broken = [text for texts in columns.values() for text in texts if not _fine(text, whole, transport)]
    for text in broken:
        for each in tried:
            if each not in (whole, "cp1252") and _fine(text, each, transport):
                marked = sum(not word.isascii() for word in words(decode(text, each, transport) or ""))
                found[each] += 2 if marked >= LONG else 1
    return {each for each, count in found.items() if count >= 2}


def _fine(text: str, encoding: Encoding, transport: Transport) -> bool:
    decoded = decode(text, encoding, transport)
    return decoded is not None and is_whole(decoded)


def _guess(encoding: Encoding, score: _Score) -> Guess:
    evidence = Text(
        vi=f"{score.good} trong {score.telling} từ có dấu đúng chính tả tiếng Việt",
        en=f"{score.good} of {score.telling} marked words are well-formed Vietnamese",
    )
    label = LABELS[encoding]
    return Guess(encoding, Text(vi=label, en=label), round(score.share, 4), (evidence,))


def _given(answer: str | None, tried: tuple[Encoding, ...]) -> Encoding | None:
    if not answer:
        return None
    for each in tried:
        if each == answer.strip().lower():
            return each
    raise InvalidInput("encoding", answer, ", ".join(tried), ", ".join(tried))


def _samples(
    columns: Mapping[str, list[str]], keys: Mapping[str, str], transport: Transport
) -> dict[str, tuple[tuple[str, str], ...]]:
    """Some texts of each column before and after, where decoding changes them."""
    out = {}
    for name, texts in columns.items():
        encoding = next(each for each in ENCODINGS if each == keys[name].partition(":")[0])
        pairs = ((text, decode(text, encoding, transport) or text) for text in texts)
        changed = tuple(pair for pair in pairs if pair[0] != pair[1])[:3]
        if changed:
            out[name] = changed
    return out
