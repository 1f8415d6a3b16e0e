"""JSON from outside, read so that what comes out can be stored and sent again. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

# The longest whole number that a double can be: 1.8e308.
DIGITS = 309


def read_json(body: bytes | str) -> Any:  # noqa: ANN401 - any document
    """A document in UTF-8; ``ValueError`` where it is no JSON (RFC 8259) or cannot be kept.

    Python's reader takes more than the standard and than PostgreSQL: NaN, numbers beyond a double, NUL and
    halves of surrogate pairs, which no UTF-8 can carry. Each would fail later, in the middle of the work.
    """
    text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
    try:
        document = json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if "\\u" in text:
        # Only an escape can bring in what a text in UTF-8 cannot hold.
        _storable(document)
    return document


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is no number of JSON")


def _integer(text: str) -> int:
    if len(text) >= DIGITS:
        raise ValueError("a number beyond a double")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number beyond a double")
    return value


def _storable(document: object) -> None:
    waiting = [document]
    while waiting:
        match waiting.pop():
            case str(text):
                text.encode()
                if "\x00" in text:
                    raise ValueError("NUL")
            case dict(members):
                waiting += [*members, *members.values()]
            case list(parts):
                waiting += parts
