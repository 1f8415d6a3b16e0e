"""How a text table is written: its encoding and the sign between its cells, told by its first bytes."""

from __future__ import annotations

import codecs
import csv
import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from etl.sources.refusal import unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from etl.text.encodings import Transport

_HEAD = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ";,\t|"
# Coordinates among words that blanks divide.
_DECIMALS = re.compile(r"(?<!\S)\d{2,7}\.\d+(?!\S)")
# How codecs of Python are told to keep bytes that they cannot read.
KEEP_BYTES = "diaban-bytes"


def _single_bytes(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 in a file that mostly is: one letter each, for the detector to explain."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(KEEP_BYTES, _single_bytes)


class Dialect(NamedTuple):
    """``encoding`` is a codec of Python, ``transport`` as in ``etl.types.SourceLayer``.

    ``width``: the cells of a usual line.
    """

    encoding: str
    transport: Transport
    delimiter: str
    width: int


def dialect_of(path: Path) -> Dialect:
    """The dialect of a file. ``Refused`` for one with NUL bytes, which is no text."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if b"\x00" in head and not _wide(head):
        raise unreadable(path.name, "NUL")
    encoding, transport = _encoding(head)
    return Dialect(encoding, transport, *_delimiter(head.decode(encoding, errors=KEEP_BYTES)))


def _wide(head: bytes) -> str | None:
    """UTF-16 by its mark; without one by NUL bytes that stand beside signs of ASCII and nowhere else."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0:4_096:2].count(0), head[1:4_096:2].count(0)
    enough = min(len(head), 4_096) / 4
    return "utf-16-le" if odd > enough and not even else "utf-16-be" if even > enough and not odd else None


def _encoding(head: bytes) -> tuple[str, Transport]:
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, "unicode"
    if wide := _wide(head):
        return wide, "unicode"
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = error.end >= len(head) - 1 and error.start > len(head) - 4
        return ("utf-8", "unicode") if cut else ("latin-1", "bytes")
    return ("latin-1", "bytes") if text.isascii() else ("utf-8", "unicode")


def _delimiter(head: str) -> tuple[str, int]:
    """The sign that splits most of the first lines into the same number of cells, and that number.

    A comma where none does.
    """
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    best, most, width = (" ", 0.0, _columns(lines)) if _columns(lines) else (",", 0.0, 1)
    for sign in _DELIMITERS:
        # A comma before a blank is of a sentence: addresses have more of them than rows have cells.
        counts = [line.count(sign) - (sign == ",") * line.count(", ") + 1 for line in lines]
        common = max(set(counts), key=counts.count) if counts else 1
        score = counts.count(common) * min(common - 1, 20) + 0.5 * sum(count > 1 for count in counts)
        if common > 1 and score > most:
            best, most, width = sign, score, _cells(lines, sign)
    return best, width


def _columns(lines: list[str]) -> int:
    """How many words each line has where blanks divide coordinates, as total stations write; else 0."""
    words = [line.split() for line in lines]
    counts = Counter(map(len, words))
    width = max(counts, key=lambda count: counts[count]) if counts else 0
    placed = sum(len(_DECIMALS.findall(line)) >= 2 for line in lines)
    return width if width >= 3 and counts[width] == len(lines) == placed else 0


def _cells(lines: list[str], sign: str) -> int:
    """The usual number of cells of a line, by the rules of quotation."""
    counts = [len(row) for line in lines for row in csv.reader([line], delimiter=sign)]
    return max(set(counts), key=counts.count)
