"""The refusal of one value."""

from __future__ import annotations

from layers.description import Text

# Vietnamese and English.
Words = tuple[str, str]


class Wrong(Exception):
    """A value that cannot be taken: ``why`` goes on after the field's title, ``allowed`` is what it takes.

    The value itself is in neither: it may be personal, and who tells of it has it beside the reason.
    ``undecided``: it is of the field's kind, and a column's habit or a person can settle what it says.
    """

    def __init__(self, why: Words, allowed: Words, *, undecided: bool = False) -> None:
        super().__init__(why[1])
        self.why, self.allowed, self.undecided = why, allowed, undecided

    @property
    def reason(self) -> Text:
        """What is wrong, and what is wanted."""
        (vi, en), (wanted_vi, wanted_en) = self.why, self.allowed
        return Text(vi=f"{vi}; cần {wanted_vi}", en=f"{en}; wanted: {wanted_en}")
