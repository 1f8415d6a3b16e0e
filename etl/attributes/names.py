"""How well the name of a file's column is that of a field, in any dress and encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.text import plain, spellings
from etl.types import MEANING
from layers.description import Text

if TYPE_CHECKING:
    from layers.description import Layer

# Columns beside the fields that a file may bring.
SYSTEM = {
    "unit": (Text(vi="Mã đơn vị phụ trách", en="Responsible unit"), ()),
    "valid_from": (Text(vi="Hiệu lực từ", en="Valid from"), ("ngày hiệu lực",)),
    "valid_to": (Text(vi="Hiệu lực đến", en="Valid to"), ()),
}
# Scores: the field's name, one of its titles, an alias, a name that was cut, one that goes on behind.
NAME, TITLE, ALIAS, CUT, WITHIN = 1.0, 0.97, 0.95, 0.85, 0.6
# dBase cuts names at ten characters: so many letters of a name may be a cut one.
CUT_AT = 8


def title_of(layer: Layer, name: str) -> Text:
    """How people call a field or a system column."""
    return SYSTEM[name][0] if name in SYSTEM else layer.field(name).title


def name_score(layer: Layer, name: str, column: str) -> float:
    """How well a column's name is the field's, in whatever encoding the name is.

    A column of codes and that of their names bear one name.
    """
    return max(_name_score(layer, name, each) for each in spellings(column.removesuffix(MEANING)))


def _name_score(layer: Layer, name: str, column: str) -> float:  # noqa: PLR0911 - one case a line
    """Its name, its titles, its aliases (earlier ones better), whole or in part."""
    title, aliases = SYSTEM[name] if name in SYSTEM else (layer.field(name).title, layer.field(name).aliases)
    folded = plain(column)
    if not folded:
        return 0.0
    if folded == plain(name):
        return NAME
    if folded in (plain(title.vi), plain(title.en)):
        return TITLE
    words = [plain(each) for each in aliases]
    if folded in words:
        return ALIAS - 0.01 * words.index(folded)
    every = [plain(name), plain(title.vi), plain(title.en), *words]
    if len(folded) >= CUT_AT and any(word.startswith(folded) for word in every):
        return CUT
    if any(len(word) >= 6 and folded.startswith(word) for word in every):
        return WITHIN
    return 0.0
