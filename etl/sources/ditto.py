"""Ditto marks: cells that say "as above", as long lists by hand have them. They get what stands above."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.sources.frames import note
from etl.sources.places import cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.sources.cells import Row
    from etl.sources.roles import Header

MARKS = frozenset(
    {'"', "''", "``", "´´", "〃", "”", "“", "″", '"nt"', "nt", "-nt-", "(nt)", "nt.", "n/t", "như trên",
     "-như trên-", "-//-", "//", '-"-', '" "', "-”-"}
)  # fmt: skip
LONGEST = max(map(len, MARKS))


class Ditto:
    """Rows with their ditto marks filled; ``count`` of the cells that were."""

    def __init__(self, columns: Sequence[int]) -> None:
        self._columns = tuple(columns)
        self._above: dict[int, object] = {}
        self.count = 0

    def fill(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows in their order; a mark below nothing stays as it is."""
        for row in rows:
            out = row
            for at in self._columns:
                here = cell(row, at)
                if is_mark(here) and at in self._above:
                    out = list(out) if out is row else out
                    out[at] = self._above[at]
                    self.count += 1
                elif here not in (None, ""):
                    self._above[at] = here
            yield out

    def told(self) -> str | None:
        """The note of the cells that were filled since it was last asked for."""
        count, self.count = self.count, 0
        if not count:
            return None
        return note(
            "ditto_filled",
            "repaired",
            f'{count} ô ghi «như trên» (nt, 〃, ") được điền bằng giá trị của dòng ngay trên.',
            f"{count} cells with ditto marks were given the value of the row above.",
        )


def is_mark(told: object) -> bool:
    """Whether a cell says "as above"."""
    return isinstance(told, str) and len(told) <= LONGEST + 4 and told.strip().lower() in MARKS


def ditto_of(header: Header, rows: Iterable[Row]) -> Ditto | None:
    """For the columns in which the first rows have such marks; None where none has."""
    seen = [row for row in rows if any(map(is_mark, row))]
    columns = [at for at in header.other if any(is_mark(cell(row, at)) for row in seen)]
    return Ditto(columns) if columns else None
