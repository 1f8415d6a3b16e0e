"""How a long step says how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called with the share done (0 to 1) and a word for what is being done."""

    def __call__(self, share: float, remark: str = "") -> None:
        """Take note."""


def silent(share: float, remark: str = "") -> None:
    """For callers who do not want to know."""
