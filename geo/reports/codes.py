"""Tracking codes such as ``DT-7K3M-9QXF``: forty random bits that can be read out over a telephone. Pure."""

from __future__ import annotations

import re
import secrets
import unicodedata

# Crockford's base 32: no I, L, O (mistaken for 1 and 0) and no U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISTAKEN = str.maketrans("OIL", "011")
_BODY = 8
_TYPED = re.compile(rf"([A-Z]{{1,6}})([0-9A-Z]{{{_BODY}}})", re.ASCII)


def prefix_of(province_name: str) -> str:
    """The initials of a province: "Tỉnh Đồng Tháp" is DT, "Thành phố Hồ Chí Minh" is HCM."""
    plain = unicodedata.normalize("NFD", province_name.replace("Đ", "D").replace("đ", "d"))
    letters = "".join(char for char in plain if not unicodedata.combining(char)).upper()
    words = re.sub(r"^(TINH|THANH PHO|TP\.?)\s+", "", letters).split()
    return "".join(word[0] for word in words if word[0].isascii() and word[0].isalpha())[:6] or "X"


def new_code(prefix: str) -> str:
    """A new random code; that it is not taken is the database's to say."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(_BODY))
    return f"{prefix}-{body[:4]}-{body[4:]}"


def normalise(typed: str) -> str | None:
    """The code that a person meant: any case, blanks or hyphens; O is read as 0, I and L as 1.

    None where it cannot be a code.
    """
    if len(typed) > 64:
        return None
    found = _TYPED.fullmatch(re.sub(r"[\s\-–—_.]+", "", typed).upper())
    if found is None:
        return None
    body = found[2].translate(_MISTAKEN)
    if any(char not in ALPHABET for char in body):
        return None
    return f"{found[1]}-{body[:4]}-{body[4:]}"
