"""How much a filter may hold, looked at before any parser runs.

Nesting is what kills parsers: another one dies, with its whole process, of 1 kB of parentheses. Here the
depth is known from one pass over the characters.
"""

from __future__ import annotations

from geo.features.cql2.nodes import wrong

MAX_LENGTH = 8_192
MAX_DEPTH = 32
# An operator of CQL2 JSON opens an object and a list; coordinates nest four deep.
MAX_DEPTH_JSON = 2 * MAX_DEPTH + 6
MAX_NODES = 600
# Operators in a row nest without brackets: the parts of 1 + 1 + 1 lie one in another.
MAX_LEVELS = 64
MAX_VERTICES = 1_000


def scan_text(text: str) -> None:
    """``InvalidInput`` for CQL2 text that is too long or nested too deeply."""
    _length(text)
    _depth(text, "'\"", "(", ")", MAX_DEPTH, escaped=False)


def scan_json(text: str) -> None:
    """``InvalidInput`` for CQL2 JSON that is too long or nested too deeply."""
    _length(text)
    _depth(text, '"', "{[", "}]", MAX_DEPTH_JSON, escaped=True)


def _length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise wrong(f"{len(text)}", f"tối đa {MAX_LENGTH} ký tự", f"at most {MAX_LENGTH} characters")
    if "\x00" in text:
        raise wrong("NUL", "chữ không có ký tự NUL", "text without NUL")


def _depth(text: str, quotes: str, opening: str, closing: str, most: int, *, escaped: bool) -> None:
    depth, quote, skip = 0, "", False
    for char in text:
        if quote:
            if skip:
                skip = False
            elif escaped and char == "\\":
                skip = True
            elif char == quote:
                quote = ""
        elif char in quotes:
            quote = char
        elif char in opening:
            depth += 1
            if depth > most:
                raise wrong(text, f"tối đa {most} lớp ngoặc lồng nhau", f"at most {most} nested brackets")
        elif char in closing:
            depth -= 1
