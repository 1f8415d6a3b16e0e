"""Columns with personal data, by their names and by their values.

Law: Luật Bảo vệ dữ liệu cá nhân 91/2025/QH15 and NĐ 356/2025/NĐ-CP. Such a column goes into a private field
or nowhere: never into one that the public or other staff see.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.text import plain, spellings

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAMES = {
    "name": ("chusudung", "chusd", "tenchu", "chuho", "hovaten", "hoten", "nguoisudung", "nguoidaidien",
             "chudat", "chunha", "chuthua", "tenchusdd", "ownername", "fullname", "nguoinop",
             "nguoilienhe",
             "chuvungtrong"),
    "id": ("cmnd", "cccd", "socmt", "sodinhdanh", "cancuoc", "socmnd", "hochieu", "sogiayto", "idnumber",
           "masothue"),
    "phone": ("dienthoai", "sdt", "sodt", "phone", "didong", "mobile", "zalo", "telephone"),
    "email": ("email", "thudientu"),
    "birth": ("ngaysinh", "namsinh", "birth"),
    "home": ("diachichu", "diachinguoi", "diachithuongtru", "hokhau", "noio"),
}  # fmt: skip
_PHONE = re.compile(r"(?:\+?84|0)[\s.-]?\d{2,3}[\s.-]?\d{3}[\s.-]?\d{3,4}")
_CITIZEN = re.compile(r"0\d{11}")
_EMAIL = re.compile(r"^[^@\s]++@[^@\s]+\.[a-zA-Z]{2,}")
_SURNAME_WORDS = """
nguyen tran le pham huynh hoang phan vu vo dang bui do ho ngo duong ly dinh trinh doan lam mai truong cao
luong luu ta thai chau quach kieu phung la tong to ha diep tang thach
"""
_SURNAMES = frozenset(_SURNAME_WORDS.split())
_TITLE = re.compile(r"^(ông|bà|hộ ông|hộ bà|hộ)\s+", re.IGNORECASE)
MOST = 0.6
FEW = 5


def by_name(column: str) -> str | None:
    """What kind of personal data a column's name tells, if any."""
    every = [plain(spelling) for spelling in spellings(column)]
    for kind, words in _NAMES.items():
        if any(word in folded for word in words for folded in every):
            return kind
    return None


def by_values(texts: Iterable[str]) -> str | None:
    """What kind its values are: telephone numbers, identity numbers, e-mail addresses, people's names."""
    values = [text.strip() for text in texts if text.strip()]
    if len(values) < FEW:
        return None
    tests = (("phone", _is_phone), ("id", _is_id), ("email", _is_email), ("name", _is_person))
    for kind, test in tests:
        if sum(map(test, values)) >= MOST * len(values):
            return kind
    return None


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and not _CITIZEN.fullmatch(text)


def _is_id(text: str) -> bool:
    return bool(_CITIZEN.fullmatch(text))


def _is_email(text: str) -> bool:
    return bool(_EMAIL.fullmatch(text))


def _is_person(text: str) -> bool:
    """A surname, a middle name and a given name, each beginning with a capital; with a title two words do."""
    bare = _TITLE.sub("", text)
    parts = bare.split()
    titled = bare != text
    if not (2 if titled else 3) <= len(parts) <= 5 or plain(parts[0]) not in _SURNAMES:
        return False
    return all(part[0].isupper() and part.isalpha() for part in parts)
