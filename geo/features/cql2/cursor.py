"""A place in a list of tokens, and the steps that every part of the grammar takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.features.cql2.lexer import Token, tokens
from geo.features.cql2.literals import number
from geo.features.cql2.nodes import wrong

if TYPE_CHECKING:
    from geo.errors import InvalidInput


class Cursor:
    """Walks forward over the tokens of one filter."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._at = 0

    def peek(self, ahead: int = 0) -> Token:
        """The token here or further on; the end goes on for ever."""
        return self._tokens[min(self._at + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """The token here; the next one is here afterwards."""
        token = self.peek()
        self._at += 1
        return token

    def accept(self, *keywords: str) -> bool:
        """Step over ``keywords`` if they all follow, else stay."""
        if all(self.peek(i).keyword == word for i, word in enumerate(keywords)):
            self._at += len(keywords)
            return True
        return False

    def expect(self, keyword: str) -> None:
        """Step over ``keyword``; ``InvalidInput`` where something else stands."""
        if not self.accept(keyword):
            raise self.unexpected(keyword)

    def signed_number(self) -> int | float:
        """A number with or without a sign."""
        minus = self.accept("-")
        if not minus:
            self.accept("+")
        if self.peek().kind != "number":
            raise self.unexpected("1.5")
        value = number(self.take().text)
        return -value if minus else value

    def text_literal(self) -> str:
        """A text in single quotes."""
        if self.peek().kind != "text":
            raise self.unexpected("'…'")
        return self.take().text

    def unexpected(self, wanted: str | None = None) -> InvalidInput:
        """The error of this place."""
        at = self.peek().at
        here, there = f"sai ở ký tự {at + 1}", f"wrong at character {at + 1}"
        if wanted:
            here, there = f"{here}, cần {wanted}", f"{there}, {wanted} is needed"
        return wrong(self._text[at:] or self._text, f"CQL2 ({here})", f"CQL2 ({there})")
