"""What a citizen may send: each value is taken or refused with a sentence that says what is allowed. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from geo.errors import InvalidInput
from geo.reports.types import NewReport
from geo.routing.place import checked_place
from geo.types import parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.description import Code

TEXT_MIN = 10
TEXT_MAX = 1_000
NAME_MAX = 120
ADDRESS_MIN, ADDRESS_MAX = 5, 300
WARD_MAX = 40
ACCURACY_MAX_M = 10_000
# Ten or eleven digits at home; with a country code as E.164 has it.
PHONE = re.compile(r"0\d{9,10}|\+\d{8,15}", re.ASCII)
# Characters that turn the direction of writing make a text show as something else than it says.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def new_report(
    values: Mapping[str, object],
    categories: tuple[Code, ...],
    channels: tuple[str, ...] = ("web", "app"),
) -> NewReport:
    """A report out of a form's or a JSON object's values (missing, None and "" are alike).

    ``channels``: those that the sender may name. Raises ``InvalidInput`` for the first value that cannot be
    taken.
    """
    phone = _short(values, "contact_phone", 30)
    accuracy = _given(values, "accuracy_m")
    address = _short(values, "address", ADDRESS_MAX, ADDRESS_MIN)
    lon, lat = _given(values, "lon"), _given(values, "lat")
    nowhere = lon is None and lat is None and address is not None
    return NewReport(
        position=None if nowhere else checked_place(lon, lat),
        address=address,
        chosen_ward=_short(values, "chosen_ward", WARD_MAX),
        channel=_one_of("channel", _given(values, "channel") or channels[0], channels),
        category=_one_of("category", _given(values, "category"), [entry.code for entry in categories]),
        text=text(_given(values, "text")),
        accuracy_m=None if accuracy is None else parse_number("accuracy_m", accuracy, 0, ACCURACY_MAX_M),
        contact_name=_short(values, "contact_name", NAME_MAX),
        contact_phone=None if phone is None else _phone(phone),
    )


def text(value: object) -> str:
    """The report's words: NFC, trimmed, 10 to 1,000 code points, without control characters."""
    allowed = (
        f"{TEXT_MIN} đến {TEXT_MAX} ký tự, không có ký tự điều khiển",
        f"{TEXT_MIN} to {TEXT_MAX} characters, no control characters",
    )
    if not isinstance(value, str):
        raise InvalidInput("text", "" if value is None else value, *allowed)
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    words = unicodedata.normalize("NFC", lines).strip()
    if not TEXT_MIN <= len(words) <= TEXT_MAX or not _clean(words.replace("\n", " ").replace("\t", " ")):
        raise InvalidInput("text", value, *allowed)
    return words


def _given(values: Mapping[str, object], name: str) -> object:
    value = values.get(name)
    return None if value == "" else value


def _clean(words: str) -> bool:
    # Cc control, Cs lone surrogate (JSON can carry one, UTF-8 cannot), Co private use, Cn unassigned.
    return not any(unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn") or char in _BIDI for char in words)


def _one_of(name: str, value: object, known: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in known:
        listed = ", ".join(known)
        raise InvalidInput(name, "" if value is None else value, listed, listed)
    return value


def _short(values: Mapping[str, object], name: str, longest: int, least: int = 1) -> str | None:
    value = _given(values, name)
    if value is None:
        return None
    words = unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""
    if not least <= len(words) <= longest or not _clean(words):
        # The value itself is not shown: it may be someone's name, number or home.
        raise InvalidInput(
            name,
            "…",
            f"{least} đến {longest} ký tự trên một dòng",
            f"{least} to {longest} characters on one line",
        )
    return words


def _phone(typed: str) -> str:
    digits = re.sub(r"[\s().-]", "", typed)
    if not PHONE.fullmatch(digits):
        raise InvalidInput(
            "contact_phone",
            "…",
            "số điện thoại, ví dụ 0912 345 678 hoặc +84 912 345 678",
            "a telephone number, e.g. 0912 345 678 or +84 912 345 678",
        )
    return digits
