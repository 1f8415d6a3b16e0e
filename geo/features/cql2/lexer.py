"""CQL2 text as tokens."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from geo.features.cql2.nodes import wrong

TOKEN = re.compile(
    r"""(?P<space>\s+)
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<text>'(?:''|\\'|[^'])*')
    | (?P<quoted>"[^"]*")
    | (?P<word>(?:[^\W\d]|:)[\w.:\u0300-\u036f\u203f\u2040]*)
    | (?P<sign><>|<=|>=|[=<>+\-*/%^(),])""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """``kind``: number, text, quoted, word, sign or end; ``text``: with quotes and escapes undone."""

    kind: str
    text: str
    at: int

    @property
    def keyword(self) -> str:
        """The word in upper case, or the sign: what the grammar's words are compared with."""
        return self.text.upper() if self.kind in ("word", "sign") else ""


def tokens(text: str) -> list[Token]:
    """All tokens and one of the kind ``end``; ``InvalidInput`` at a character that begins none."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise wrong(text[at:], f"CQL2 (sai từ ký tự {at + 1})", f"CQL2 (wrong from character {at + 1})")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(Token(kind, _undone(kind, match[0]), at))
        at = match.end()
    return [*found, Token("end", "", len(text))]


def _undone(kind: str, raw: str) -> str:
    match kind:
        case "text":
            return unicodedata.normalize("NFC", raw[1:-1].replace("''", "'").replace("\\'", "'"))
        case "quoted":
            return raw[1:-1]
    return raw
