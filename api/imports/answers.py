"""What a person answers to a file's questions, out of JSON, checked: a job meets no wrong type."""

from __future__ import annotations

from datetime import date
from typing import Any

from geo.errors import InvalidInput

MODES = ("update", "append", "replace")
TEXTS = ("inner_layer", "crs", "encoding", "scheme")
DAYS = ("valid_from", "gone_from")
MAPS = ("columns", "constants")


def answers_of(body: object) -> tuple[str, dict[str, Any]]:
    """Mode and answers of a request; every one checked here, so that a job never meets a wrong type."""
    if not isinstance(body, dict):
        raise InvalidInput("body", body, "một đối tượng JSON", "a JSON object")
    mode = body.get("mode", "update")
    if mode not in MODES:
        raise InvalidInput("mode", mode, ", ".join(MODES), ", ".join(MODES))
    given = body.get("answers", {})
    if not isinstance(given, dict) or (unknown := set(given) - {*TEXTS, *DAYS, *MAPS}):
        known = ", ".join((*TEXTS, *DAYS, *MAPS))
        raise InvalidInput(
            "answers", ", ".join(sorted(unknown)) if isinstance(given, dict) else given, known, known
        )
    for name, value in given.items():
        if value is None:
            continue
        if name in MAPS:
            pairs = isinstance(value, dict) and len(value) <= 200
            if not pairs or not all(isinstance(v, str) and len(v) <= 500 for v in value.values()):
                raise InvalidInput(f"answers.{name}", value, "trường: cột", "field: column")
        elif not isinstance(value, str) or len(value) > 200:
            raise InvalidInput(
                f"answers.{name}", value, "chữ, tối đa 200 ký tự", "text of at most 200 characters"
            )
        elif name in DAYS:
            _day(name, value)
    return mode, {name: value for name, value in given.items() if value is not None}


def _day(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise InvalidInput(f"answers.{name}", value, "YYYY-MM-DD", "YYYY-MM-DD") from None
