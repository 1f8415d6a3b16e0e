"""What is found in a file and told to people: notes, faults of rows, guesses and questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from layers.description import Text

Severity = Literal["info", "repaired", "quarantined", "refused"]

# At most so many row numbers stand in a note as examples.
SAMPLE_ROWS = 20


@dataclass(frozen=True, slots=True)
class Note:
    """One finding, counted. ``rows`` are examples (1 is the file's first), ``place`` is lon, lat in WGS 84.

    ``refused`` concerns the file as a whole: with one such note nothing lands.
    """

    code: str
    severity: Severity
    text: Text
    count: int = 1
    rows: tuple[int, ...] = ()
    place: tuple[float, float] | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row goes to quarantine. ``row`` counts from 1 in the file's order, ``value`` is as in it."""

    row: int
    code: str
    reason: Text
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Guess:
    """One reading of something that the file leaves open; ``key`` is what a user gives as the answer.

    ``score`` is a share from 0 to 1 and comparable within one question only; ``evidence`` says what it rests
    on, in words, best first.
    """

    key: str
    label: Text
    score: float
    evidence: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A question that a person must answer before anything lands.

    ``question`` is ``crs``, ``encoding``, ``inner_layer`` or ``column:FIELD``; ``option`` is how the command
    line takes the answer (``--crs``). ``guesses`` are ranked, best first.
    """

    question: str
    text: Text
    guesses: tuple[Guess, ...]
    option: str


def add_up(notes: list[Note]) -> tuple[Note, ...]:
    """Notes of one code and column as one: counts added, the first rows and the first place kept."""
    found: dict[tuple[str, str | None], Note] = {}
    for note in notes:
        key = (note.code, note.column)
        known = found.get(key)
        found[key] = note if known is None else _joined(known, note)
    return tuple(found.values())


def _joined(first: Note, second: Note) -> Note:
    return Note(
        first.code,
        first.severity,
        first.text,
        first.count + second.count,
        (*first.rows, *second.rows)[:SAMPLE_ROWS],
        first.place or second.place,
        first.column,
    )
