"""The one way in which a command gives up: a sentence for a person, in both languages, never a traceback."""

from __future__ import annotations


class Stop(Exception):
    """Something that the person at the keyboard has to do; both sentences name the exact command to type."""

    def __init__(self, vi: str, en: str, code: int = 1) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
        self.code = code
