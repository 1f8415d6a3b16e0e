"""CQL2 (OGC 21-065r2) in text and JSON, compiled to SQL with bound values.

Callers use :func:`parse_filter`. In order: length and nesting are counted, the text becomes values
(:mod:`nodes`), names and types are checked against the caller's queryables, SQL is composed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from geo.features.cql2.compile import Predicate, compile_filter
from geo.features.cql2.from_json import parse_json
from geo.features.cql2.functions import FUNCTIONS, Function
from geo.features.cql2.text import parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from geo.features.columns import Column
    from geo.features.crs import Crs

    FilterLang = Literal["cql2-text", "cql2-json"]

__all__ = ["FUNCTIONS", "Function", "Predicate", "parse_filter"]


def parse_filter(text: str, lang: FilterLang, columns: Mapping[str, Column], crs: Crs) -> Predicate:
    """The filter as SQL over the columns that a caller may know; ``InvalidInput`` says what is wrong.

    ``crs`` is that of the coordinates in it, in the axis order of the system's definition.
    """
    node = parse_json(text) if lang == "cql2-json" else parse_text(text)
    return compile_filter(node, columns, crs)
