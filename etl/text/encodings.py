"""The encodings of Vietnamese text, each a function from the text as read to NFC.

Text arrives in one of three transports (see ``etl.types.Source``); legacy encodings need the file's bytes
back, so the first step is always :func:`raw`. TCVN3 (ABC) is TCVN 5712's table without its toned capitals,
which fonts drew; VNI-Windows writes a base letter and a mark beside it, read here as Windows-1252; VIQR is
ASCII (RFC 1456).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Transport = Literal["unicode", "bytes", "cp1252"]
Encoding = Literal["unicode", "utf-8", "tcvn3", "vni", "cp1258", "viqr", "cp1252"]
ENCODINGS: tuple[Encoding, ...] = ("unicode", "utf-8", "tcvn3", "vni", "cp1258", "viqr", "cp1252")

_TCVN3_ROWS = (
    (0xA1, "ĂÂÊÔƠƯĐăâêôơưđ"), (0xB5, "àảãáạ"), (0xBB, "ằẳẵắ"), (0xC6, "ặầẩẫấậè"), (0xCE, "ẻẽéẹềểễếệìỉ"),
    (0xDC, "ĩíịò"), (0xE1, "ỏõóọồổỗốộờở"), (0xEC, "ỡớợù"), (0xF1, "ủũúụừửữứựỳỷỹýỵ"),
)  # fmt: skip
TCVN3: dict[int, str] = {start + n: letter for start, row in _TCVN3_ROWS for n, letter in enumerate(row)}

_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT, _HAT, _BREVE = "̀", "́", "̉", "̃", "̣", "̂", "̆"
_VNI_TONES = {"ø": _GRAVE, "ù": _ACUTE, "û": _HOOK, "õ": _TILDE, "ï": _DOT}
_VNI_HATS = {
    "â": _HAT, "á": _HAT + _ACUTE, "à": _HAT + _GRAVE, "å": _HAT + _HOOK, "ã": _HAT + _TILDE,
    "ä": _HAT + _DOT,
}  # fmt: skip
_VNI_BREVES = {
    "ê": _BREVE, "é": _BREVE + _ACUTE, "è": _BREVE + _GRAVE, "ú": _BREVE + _HOOK, "ü": _BREVE + _TILDE,
    "ë": _BREVE + _DOT,
}  # fmt: skip
_VNI_ALONE = {"ñ": "đ", "ô": "ơ", "ö": "ư", "ì": "ì", "í": "í", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}


def _vni_table() -> dict[str, str]:
    made = dict(_VNI_ALONE)
    made |= {base + mark: base + to for base in "aeouy" for mark, to in _VNI_TONES.items()}
    made |= {
        base + mark: letter + to
        for base, letter in (("ô", "ơ"), ("ö", "ư"))
        for mark, to in _VNI_TONES.items()
    }
    made |= {base + mark: base + to for base in "aeo" for mark, to in _VNI_HATS.items()}
    made |= {"a" + mark: "a" + to for mark, to in _VNI_BREVES.items()}
    capital = {key.upper(): value.upper() for key, value in made.items()}
    title = {
        key[0].upper() + key[1:]: value[0].upper() + value[1:] for key, value in made.items() if len(key) == 2
    }
    return {key: unicodedata.normalize("NFC", value) for key, value in (title | capital | made).items()}


def _viqr_table() -> dict[str, str]:
    tones = {"'": _ACUTE, "`": _GRAVE, "?": _HOOK, "~": _TILDE, ".": _DOT}
    marked = {"a^": "â", "e^": "ê", "o^": "ô", "a(": "ă", "o+": "ơ", "u+": "ư", "dd": "đ"}
    made = dict(marked)
    made |= {base + sign: base + to for base in "aeiouy" for sign, to in tones.items()}
    made |= {
        key + sign: value + to for key, value in marked.items() if key != "dd" for sign, to in tones.items()
    }
    capital = {key.upper(): value.upper() for key, value in made.items()} | {"Dd": "Đ"}
    return {key: unicodedata.normalize("NFC", value) for key, value in (made | capital).items()}


_HEADERS: tuple[Encoding, ...] = ("utf-8", "tcvn3", "vni", "cp1258")
VNI, VIQR = _vni_table(), _viqr_table()


def _longest_first(table: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))


_VNI_PATTERN, _VIQR_PATTERN = _longest_first(VNI), _longest_first(VIQR)
# A mark that only VIQR puts after these letters; tone signs alone are common punctuation.
VIQR_SIGN = re.compile(r"[aeo]\^|[ou]\+|a\(|dd", re.IGNORECASE)
# Bytes without a letter in Windows-1252, and those of Latin-1 that some drivers put in its stead.
_HOLES = frozenset({0x81, 0x8D, 0x8F, 0x90, 0x9D})
_CONTROLS = range(0x80, 0xA0)


def raw(text: str, transport: Transport) -> bytes | None:
    """The file's bytes; None where the text holds letters that no single byte stands for."""
    try:
        return text.encode("latin-1" if transport == "bytes" else "cp1252")
    except UnicodeEncodeError:
        pass
    out = bytearray()
    for char in text:
        try:
            out += char.encode("cp1252")
        except UnicodeEncodeError:
            if ord(char) not in _CONTROLS:
                return None
            out.append(ord(char))
    return bytes(out)


def decode(text: str, encoding: Encoding, transport: Transport) -> str | None:
    """A text in NFC, or None where it cannot be in that encoding."""
    if encoding == "unicode":
        return unicodedata.normalize("NFC", text)
    found = raw(text, transport)
    decoded = None if found is None else _READERS[encoding](found)
    return None if decoded is None else unicodedata.normalize("NFC", decoded)


def spellings(name: str) -> list[str]:
    """A column's name as it stands and as every table reads it: headers are in the file's encoding too."""
    made = [decode(name, "unicode", "unicode") or name]
    if not name.isascii():
        made += [found for each in _HEADERS if (found := decode(name, each, "cp1252")) and found not in made]
    return made


def _utf8(found: bytes) -> str | None:
    """Strict, but for a last letter that a field's fixed width cut through."""
    for cut in range(min(4, len(found)) if len(found) >= 10 else 1):
        try:
            return found[: len(found) - cut].decode("utf-8")
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data":
                return None
    return None


def _cp1252(found: bytes) -> str:
    return "".join(chr(byte) if byte in _HOLES else bytes([byte]).decode("cp1252") for byte in found)


def _cp1258(found: bytes) -> str | None:
    try:
        return found.decode("cp1258")
    except UnicodeDecodeError:
        return None


def _tcvn3(found: bytes) -> str:
    return "".join(TCVN3.get(byte) or bytes([byte]).decode("latin-1") for byte in found)


def _vni(found: bytes) -> str:
    return _VNI_PATTERN.sub(lambda match: VNI[match[0]], _cp1252(found))


def _viqr(found: bytes) -> str | None:
    if not found.isascii():
        return None
    return _VIQR_PATTERN.sub(lambda match: VIQR[match[0]], found.decode("ascii"))


_READERS: dict[str, Callable[[bytes], str | None]] = {
    "utf-8": _utf8,
    "cp1252": _cp1252,
    "cp1258": _cp1258,
    "tcvn3": _tcvn3,
    "vni": _vni,
    "viqr": _viqr,
}
