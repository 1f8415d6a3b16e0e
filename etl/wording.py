"""How sentences for people name many things, and write numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_VIETNAMESE = str.maketrans(",.", ".,")


def listed(things: Sequence[object], most: int = 5) -> str:
    """The first of them, separated by commas, and a sign where there are more."""
    return ", ".join(map(str, things[:most])) + ("…" if len(things) > most else "")


def number_vi(value: float, digits: int = 0) -> str:
    """A number as Vietnam writes it: 1.234,56."""
    return f"{value:,.{digits}f}".translate(_VIETNAMESE)


def percent_vi(share: float) -> str:
    """A share (0 to 1) as Vietnam writes it: 98,7 %."""
    return f"{number_vi(share * 100, 1)} %"
