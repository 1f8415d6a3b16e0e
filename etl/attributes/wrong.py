"""The refusal of one value."""

from __future__ import annotations


class Wrong(Exception):
    """A value that cannot be taken; ``vi`` and ``en`` end a sentence that begins with the field's title."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en
