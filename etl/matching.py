"""Which column of a file is which field of a layer: by name or title, marks, case and punctuation ignored."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from geo.errors import InvalidInput
from layers.description import Text

if TYPE_CHECKING:
    from layers.description import Layer

# Columns beside the fields that a file may bring.
SYSTEM_COLUMNS = {
    "unit": Text(vi="Mã đơn vị phụ trách", en="Responsible unit"),
    "valid_from": Text(vi="Hiệu lực từ", en="Valid from"),
    "valid_to": Text(vi="Hiệu lực đến", en="Valid to"),
}


def match(layer: Layer, columns: list[str], chosen: dict[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """From fields to columns, and the columns without a field.

    ``chosen`` (field → column) goes first; ``InvalidInput`` where it names no field or column.
    """
    names = {each.name: (each.name, each.title.vi, each.title.en) for each in layer.fields}
    system = ("unit", "valid_from", "valid_to") if layer.valid_time else ("unit",)
    names |= {name: (name, SYSTEM_COLUMNS[name].vi, SYSTEM_COLUMNS[name].en) for name in system}
    for name, column in chosen.items():
        if name not in names:
            raise InvalidInput("columns", name, ", ".join(names), ", ".join(names))
        if column not in columns:
            raise InvalidInput("columns", column, ", ".join(columns), ", ".join(columns))
    matched = dict(chosen)
    free = [column for column in columns if column not in chosen.values()]
    folded = {fold(column): column for column in reversed(free)}
    for words in zip(*(names[name] for name in names), strict=True):
        # All names before any title: a column called like a field is that field.
        for name, word in zip(names, words, strict=True):
            found = folded.get(fold(word))
            if name not in matched and found is not None and found not in matched.values():
                matched[name] = found
    ordered = {name: matched[name] for name in names if name in matched}
    return ordered, tuple(column for column in columns if column not in matched.values())


def fold(text: str) -> str:
    """Letters and digits only, lower case, without marks."""
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d")).lower()
    return "".join(char for char in plain if char.isalnum())
