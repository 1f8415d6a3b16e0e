"""Which of the units that are there a vintage replaces, and whether it may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.errors import Conflict
from geo.vintages import store
from geo.vintages.types import Coverage, Known

if TYPE_CHECKING:
    from geo.vintages.tables import LinkTable
    from geo.vintages.types import Request


def no_units() -> Known:
    """No units at all."""
    return Known((), Coverage((), np.zeros(0, dtype=object)))


def refuse_later(connection: store.Db, staged: Coverage, request: Request) -> None:
    """Units that begin on the day or later would be there twice."""
    first = request.valid_from + timedelta(days=1) if request.correct else request.valid_from
    later = store.later_units(connection, first, request.valid_from, request.valid_to)
    if request.scope == "listed":
        codes = staged.at()
        later = [each for each in later if each[0] in codes]
    if later:
        named = ", ".join(f"{code} {name}" for code, name in later[:3])
        raise Conflict(
            f"Đã có {len(later)} đơn vị có hiệu lực từ ngày {first:%d/%m/%Y} hoặc sau đó ({named}…)."
            " Sửa chính ngày ấy: --correct; nạp thời kỳ trước: --to; hoặc hoàn tác bản sau trước: revert.",
            f"{len(later)} units are there that begin on {first} or later ({named}…). To correct that"
            " very day use --correct, to load an earlier time --to, or revert the later vintage first.",
        )


def in_scope(everything: Known, staged: Coverage, table: LinkTable, request: Request) -> tuple[Known, Known]:
    """The units that the vintage replaces, and those that it leaves as they are."""
    if request.scope == "whole":
        return everything, no_units()
    named = {link.old for link in table.links} | staged.at().keys()
    chosen = np.array([row.code in named for row in everything.units.rows], dtype=bool)
    return pick(everything, chosen), pick(everything, ~chosen)


def pick(known: Known, chosen: np.ndarray[Any, Any]) -> Known:
    """Some of the units; ``chosen``: a mask."""
    at = np.flatnonzero(chosen)
    units = Coverage(tuple(known.units.rows[i] for i in at), known.units.shapes[at])
    return Known(tuple(known.versions[i] for i in at), units)
