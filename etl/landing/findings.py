"""What the reading of a file gathers on its way: counts, notes, faults, and where its rows lie. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.geometry import Tally
from etl.types import SAMPLE_ROWS, Fault, Note, add_up

if TYPE_CHECKING:
    from layers.description import Text

# Faults one by one; beyond that they are counted, and all of them are in the quarantine.
FAULTS_SHOWN = 200
NOTES_KEPT = 10_000


@dataclass
class Findings:
    """What is known so far of a file's rows.

    ``by_kind`` counts faults by code and column, ``kinds`` has the reason and the first rows of each, and
    ``faults`` are the first of all. In WGS 84: ``places`` are lon, lat by a fault's code, ``extent`` is west,
    south, east, north of the good rows. ``read`` rows came, ``quarantined`` of them were refused, ``taken``
    are staged.
    """

    tally: Tally = field(default_factory=Tally)
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    by_kind: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    kinds: dict[tuple[str, str | None], tuple[Text, list[int]]] = field(default_factory=dict)
    places: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    read: int = 0
    taken: int = 0
    quarantined: int = 0
    extent: tuple[float, float, float, float] | None = None

    def take_notes(self, notes: tuple[Note, ...]) -> None:
        """Notes of a batch; one of a kind is kept."""
        self.notes = list(add_up([*self.notes, *notes]))[:NOTES_KEPT]

    def take_faults(self, faults: list[Fault], places: dict[int, tuple[float, float]]) -> None:
        """Faults of a batch, and where their rows lie as far as that is known."""
        for fault in faults:
            kind = (fault.code, fault.column)
            self.by_kind[kind] += 1
            _, rows = self.kinds.setdefault(kind, (fault.reason, []))
            if len(rows) < SAMPLE_ROWS:
                rows.append(fault.row)
            if len(self.faults) < FAULTS_SHOWN:
                self.faults.append(fault)
            here = self.places.setdefault(fault.code, [])
            if fault.row in places and len(here) < FAULTS_SHOWN:
                here.append(places[fault.row])

    def widen(self, box: tuple[float, float, float, float]) -> None:
        """Take a batch's box into the whole's."""
        known = self.extent or box
        self.extent = (
            min(known[0], box[0]),
            min(known[1], box[1]),
            max(known[2], box[2]),
            max(known[3], box[3]),
        )
