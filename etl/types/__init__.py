"""What the parts of an import hand to each other. Value types only: no I/O, nothing decided here.

The road of a file, streaming, in memory that does not grow with its length::

    open_source(path, limits)          etl.sources     what the file is, without its rows
      → survey(source, layer, …)       etl.survey      one pass: system, encoding, columns as ranked guesses
      → Reading                                        everything decided; missing while a person must answer
      → rows(reading, …)               etl.rows        second pass: rows of the layer's fields, in WGS 84
      → repair, staging, diff, landing etl.geometry, etl.landing

Nothing is chosen silently where two guesses fit: then the survey carries an :class:`Ambiguity`, and the user
answers it by an option (:class:`Answers`). Every finding that a person should hear of is a :class:`Note`;
every row that cannot be taken has a :class:`Fault`.
"""

from typing import TYPE_CHECKING

from etl.types.findings import SAMPLE_ROWS, Ambiguity, Fault, Guess, Note, Severity, add_up
from etl.types.reading import Answers, CrsChoice, Ground, Reading, Rows, Survey
from etl.types.source import MEANING, Batch, Column, Limits, Source, SourceLayer

if TYPE_CHECKING:
    from etl.types.source import Geometries as Geometries  # for annotations: numpy is not loaded for it

__all__ = [
    "MEANING",
    "SAMPLE_ROWS",
    "Ambiguity",
    "Answers",
    "Batch",
    "Column",
    "CrsChoice",
    "Fault",
    "Ground",
    "Guess",
    "Limits",
    "Note",
    "Reading",
    "Rows",
    "Severity",
    "Source",
    "SourceLayer",
    "Survey",
    "add_up",
]
