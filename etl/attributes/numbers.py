"""Numbers as people write them: 12345,6 · 12.345,6 · 12,345.6 · 1 234 · "40–60 %" · "≤ 5".

A point before three digits may be a decimal point or group thousands. Which, the whole column decides;
where it does not, the value is refused and a person is asked: 1.234 m² and 1,234 m² differ a thousandfold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Decimal = Literal[",", "."]
_BLANKS = re.compile(r"[\s  ']+")
_NUMBER = re.compile(r"^[+-]?+[\d.,]*+(?<=\d)", re.ASCII)
_UNITS = re.compile(r"(?<=\d)\s*(m2|m²|ha|km2|km²|m|%|tầng|lần|người|hộ)\.?$", re.IGNORECASE)
_TRIPLES = re.compile(r"[+-]?\d{1,3}([.,])\d{3}", re.ASCII)


class AmbiguousNumber(ValueError):
    """One separator before three digits: thousands or decimals."""


def parse(text: str, decimal: Decimal | None = None) -> float:
    """A number, by the column's decimal sign where it is known. ``ValueError`` where it is none."""
    bare = _UNITS.sub("", _BLANKS.sub(" ", text.strip()))
    bare = re.sub(r"(?<=\d) (?=\d{3}(\D|$))", "", bare).replace("−", "-")
    if not _NUMBER.fullmatch(bare):
        raise ValueError(f"no number: {text[:40]}")
    sign = decimal or decimal_of([bare])
    if sign is None and _TRIPLES.fullmatch(bare) and not bare.lstrip("+-").startswith("0"):
        raise AmbiguousNumber(text[:40])
    sign = sign or ("," if "," in bare else ".")
    group = "." if sign == "," else ","
    whole, mark, rest = bare.partition(sign)
    if sign in rest or group in rest or (group in whole and not _grouped(whole, group)):
        raise ValueError(f"no number: {text[:40]}")
    return float(whole.replace(group, "") + ("." + rest if mark else ""))


def decimal_of(texts: Iterable[str]) -> Decimal | None:
    """The decimal sign that a column's texts agree on; None where none of them tells."""
    votes = {",": 0, ".": 0}
    for text in texts:
        bare = _UNITS.sub("", text.strip()).replace(" ", "")
        if (sign := _vote(bare)) is not None:
            votes[sign] += 1
    if votes[","] == votes["."]:
        return None
    return "," if votes[","] > votes["."] else "."


def _vote(bare: str) -> Decimal | None:
    points, commas = bare.count("."), bare.count(",")
    if not _NUMBER.fullmatch(bare) or points + commas == 0:
        return None
    if points and commas:
        return "," if bare.rfind(",") > bare.rfind(".") else "."
    sign: Decimal = "," if commas else "."
    other: Decimal = "." if commas else ","
    if points + commas > 1:
        return other
    if _TRIPLES.fullmatch(bare) and not bare.lstrip("+-").startswith("0"):
        return None
    return sign


def _grouped(whole: str, group: str) -> bool:
    first, *rest = whole.lstrip("+-").split(group)
    return 1 <= len(first) <= 3 and all(len(each) == 3 for each in rest)


@dataclass(frozen=True, slots=True)
class Range:
    """What a planning figure says: bounds, either of which may be open. The text is kept beside it."""

    low: float | None
    high: float | None


_BETWEEN = re.compile(
    r"^(?:từ\s*+)?([\d.,]++)\s*+%?+\s*+(?:-|–|—|÷|~|đến|tới|to)\s*+([\d.,]++)", re.IGNORECASE
)
_MOST = re.compile(r"^(?:≤|<=|=<|<|tối đa|không quá|dưới|max\.?)\s*+([\d.,]++)", re.IGNORECASE)
_LEAST = re.compile(r"^(?:≥|>=|=>|>|tối thiểu|ít nhất|từ|trên|min\.?)\s*+([\d.,]++)", re.IGNORECASE)
_EXACT = re.compile(r"^([\d.,]++)")
_AFTER = re.compile(r"^\s*+(?:%|tầng|lần|m²|m2)?+\s*+", re.IGNORECASE)


def span(text: str, decimal: Decimal | None = None) -> Range | None:
    """A figure such as "40–60", "≤ 5", "2-5 tầng", "tối đa 80 %"; None where it says something else."""
    bare = text.strip()
    if match := _whole(_BETWEEN, bare):
        low, high = _number(match[1], decimal), _number(match[2], decimal)
        return Range(low, high) if low is not None and high is not None and low <= high else None
    for pattern, most in ((_MOST, True), (_LEAST, False)):
        if match := _whole(pattern, bare):
            bound = _number(match[1], decimal)
            if bound is None:
                return None
            return Range(None, bound) if most else Range(bound, None)
    if match := _whole(_EXACT, bare):
        value = _number(match[1], decimal)
        return Range(value, value) if value is not None else None
    return None


def _whole(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    match = pattern.match(text)
    return match if match and _AFTER.fullmatch(text[match.end() :]) else None


def _number(text: str, decimal: Decimal | None) -> float | None:
    try:
        return parse(text.strip(".,"), decimal)
    except ValueError:
        return None
