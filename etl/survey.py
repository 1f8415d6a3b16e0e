"""One pass over a layer of a file: what is in it, how it is to be read, and what a person must be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl.attributes.codes import SCHEMES, scheme_of
from etl.attributes.match import match
from etl.georef import detect
from etl.glance import Glance
from etl.inner import inner_layer
from etl.lacking import CORNERS, EMPTY, NOWHERE, left_out, missing
from etl.sources import batches
from etl.text import Decoder, judge, words
from etl.types import Ambiguity, Answers, Guess, Reading, Survey, add_up
from geo.errors import InvalidInput
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.attributes.match import Matched
    from etl.georef import Found
    from etl.text import Judged
    from etl.types import CrsChoice, Ground, Note, Source, SourceLayer
    from layers.description import Layer

NOTHING_SAID = Answers()


def survey(source: Source, layer: Layer, ground: Ground | None, answers: Answers = NOTHING_SAID) -> Survey:
    """Read a layer of ``source`` once and decide how it goes into ``layer``.

    ``Survey.reading`` is None while ``Survey.ambiguities`` ask something or a note refuses.
    ``InvalidInput`` for answers that name what is not there; ``Refused`` for a file that cannot be read to
    its end.
    """
    chosen, told = inner_layer(source, layer, answers)
    if isinstance(chosen, Ambiguity):
        return _unread(source, chosen)
    glance = Glance()
    glance.notes += told
    for batch in batches(source, chosen.name):
        glance.take(batch)
    texts = judge(glance.texts(), chosen.transport, declared=chosen.encoding, answer=answers.encoding)
    known = frozenset(word.lower() for name in (ground.names if ground else ()) for word in words(name))
    decoders = {c: Decoder(key, chosen.transport, known, texts.present) for c, key in texts.keys.items()}
    samples = glance.values(decoders)
    personal = glance.personal(samples)
    matched = match(layer, samples, answers.columns, personal)
    crs = detect(glance.shapes(), chosen.crs_wkt, ground, answer=answers.crs, hint=chosen.crs_hint)
    if not len(glance.shapes()):
        crs = replace(crs, ambiguity=None)  # without a single place there is no system to ask for
    scheme = _scheme(layer, matched, samples, answers)
    return _Case(source, chosen, layer, answers, glance, texts, matched, crs, personal, scheme).survey()


@dataclass(frozen=True)
class _Case:
    """All that the survey's steps found, and what comes of it."""

    source: Source
    chosen: SourceLayer
    layer: Layer
    answers: Answers
    glance: Glance
    texts: Judged
    matched: Matched
    crs: Found
    personal: Mapping[str, str]
    scheme: str | Ambiguity | None

    def survey(self) -> Survey:
        asked = (self.crs.ambiguity, self.texts.ambiguity, self.scheme, *self.matched.ambiguities)
        questions = tuple(each for each in asked if isinstance(each, Ambiguity))
        notes = self._notes()
        refused = any(note.severity == "refused" for note in notes)
        reading = None
        if self.crs.system is not None and not questions and not refused:
            reading = self._reading(self.crs.system)
        samples = self.texts.samples.items()
        return Survey(
            source=self.source,
            inner_layer=self.chosen.name,
            rows=self.glance.rows,
            extent=self.glance.extent,
            geometry_types=dict(self.glance.geometry_types),
            crs=self.crs.guesses,
            encodings=self.texts.guesses,
            columns=self.matched.guesses,
            reading=reading,
            ambiguities=questions,
            notes=add_up(notes),
            samples={name: pairs for name, pairs in samples if name not in self.personal},
        )

    def _notes(self) -> list[Note]:
        notes = [*self.source.notes, *self.chosen.notes, *self.glance.notes, *self.crs.notes]
        if not self.glance.rows:
            return [*notes, EMPTY]
        scheme = self.scheme if isinstance(self.scheme, str) else None
        notes += missing(self.layer, self.matched, self.answers, scheme)
        notes += left_out(self.matched, self.personal)
        if not len(self.glance.shapes()):
            notes.append(NOWHERE)
        elif self.layer.geometry.endswith("Polygon") and set(self.glance.geometry_types) <= {"Point", "null"}:
            notes.append(CORNERS)
        return notes

    def _reading(self, system: CrsChoice) -> Reading:
        answers, columns = self.answers, self.matched.columns
        # One text said for all rows stands for whatever a column may hold.
        said = answers.constants.keys() - answers.columns.keys()
        return Reading(
            source=self.source,
            inner_layer=self.chosen.name,
            layer=self.layer.name,
            crs=system,
            columns={field: column for field, column in columns.items() if field not in said},
            ignored=(*self.matched.ignored, *(c for f, c in columns.items() if f in said)),
            encodings=self.texts.keys,
            also=self.texts.present,
            decimals=self.glance.decimals(),
            personal=self.personal,
            scheme=self.scheme if isinstance(self.scheme, str) else None,
            valid_from=answers.valid_from,
            constants=answers.constants,
        )


def _unread(source: Source, question: Ambiguity) -> Survey:
    return Survey(source, "", 0, None, {}, (), (), {}, None, (question,), source.notes)


def _scheme(
    layer: Layer, matched: Matched, samples: Mapping[str, list[object]], answers: Answers
) -> str | Ambiguity | None:
    """The scheme of land-use codes where the layer has such a field: a column, an answer, or witnesses."""
    fields = {each.name for each in layer.fields}
    if "scheme" not in fields or "scheme" in matched.columns or "scheme" in answers.constants:
        return None
    if answers.scheme is not None:
        if answers.scheme not in SCHEMES:
            raise InvalidInput("scheme", answers.scheme, ", ".join(SCHEMES), ", ".join(SCHEMES))
        return answers.scheme
    column = matched.columns.get("code")
    if column is None and "code" not in answers.constants:
        return None  # the missing codes are asked for first
    found, witnesses = scheme_of(str(value) for value in samples.get(column or "", []))
    if found is not None:
        return found
    said = ", ".join(sorted(witnesses)) or "—"
    evidence = Text(vi=f"mã chỉ có ở một thông tư: {said}", en=f"codes of one circular only: {said}")
    guesses = tuple(Guess(each, SCHEMES[each], 0.5, (evidence,)) for each in SCHEMES)
    text = Text(
        vi="Các mã loại đất có ở cả hai thông tư: cần chọn hệ mã.",
        en="The land-use codes stand in both circulars: their scheme must be chosen.",
    )
    return Ambiguity("scheme", text, guesses, "--scheme")
