"""Many things named in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def listed(things: Sequence[object], most: int = 5) -> str:
    """The first of them, separated by commas, and a sign where there are more."""
    return ", ".join(map(str, things[:most])) + ("…" if len(things) > most else "")
