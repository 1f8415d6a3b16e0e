"""Everything that can go wrong and that a caller should hear of, in Vietnamese and in English.

The doors map each class to one HTTP status; a text never carries a row's data or a statement.
"""

from __future__ import annotations


class DiabanError(Exception):
    """The base of all: ``vi`` and ``en`` say what happened and what to do."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


class InvalidInput(DiabanError):
    """A value that cannot be taken: which parameter, which value, and what is allowed."""

    def __init__(self, parameter: str, value: object, allowed_vi: str, allowed_en: str) -> None:
        shown, parameter = _shown(value), _shown(parameter)
        super().__init__(
            f"Giá trị {shown} của «{parameter}» không hợp lệ. Cho phép: {allowed_vi}.",
            f"The value {shown} of '{parameter}' is not valid. Allowed: {allowed_en}.",
        )
        self.parameter = parameter
        self.value = shown
        self.allowed_vi = allowed_vi
        self.allowed_en = allowed_en


class NotFound(DiabanError):
    """Nothing of that name, or nothing that this caller may see: the two are told apart to nobody."""


class Conflict(DiabanError):
    """The state of the data does not permit it."""


class Unauthenticated(DiabanError):
    """A token was sent that is not valid."""


class Forbidden(DiabanError):
    """The caller is known and may not do this."""


class TooLarge(DiabanError):
    """A body beyond the limit."""


class TooMany(DiabanError):
    """A rate limit; ``retry_after_s`` says when to come back."""

    def __init__(self, vi: str, en: str, retry_after_s: int) -> None:
        super().__init__(vi, en)
        self.retry_after_s = retry_after_s


class TooCostly(DiabanError):
    """The question is well formed and would take longer than is allowed."""


class Left(DiabanError):
    """Who asked is gone before the answer: nobody reads it."""


class Unavailable(DiabanError):
    """The database cannot be reached or is at its limit; the same call may go through later."""


def _shown(value: object, limit: int = 80) -> str:
    text = "".join(char if char.isprintable() else "�" for char in str(value))
    return text if len(text) <= limit else text[:limit] + "…"
