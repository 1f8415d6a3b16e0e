"""One pass over a layer of a file: what is in it, how it is to be read, and what a person must be asked."""

from __future__ import annotations

from dataclasses import replace
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
    from etl.types import Ground, Source, SourceLayer
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
    return _survey(source, chosen, layer, answers, glance, _Parts(texts, matched, crs, personal, scheme))


class _Parts:
    """What the survey's steps found."""

    def __init__(
        self,
        texts: Judged,
        matched: Matched,
        crs: Found,
        personal: Mapping[str, str],
        scheme: str | Ambiguity | None,
    ) -> None:
        self.texts, self.matched, self.crs, self.personal = texts, matched, crs, personal
        self.scheme = scheme if isinstance(scheme, str) else None
        asked = (crs.ambiguity, texts.ambiguity, scheme if isinstance(scheme, Ambiguity) else None)
        self.ambiguities = (*(each for each in asked if each is not None), *matched.ambiguities)


def _survey(  # noqa: PLR0917 - each is used once
    source: Source, chosen: SourceLayer, layer: Layer, answers: Answers, glance: Glance, parts: _Parts
) -> Survey:
    notes = [*source.notes, *chosen.notes, *glance.notes, *parts.crs.notes]
    if glance.rows:
        notes += missing(layer, parts.matched, answers, parts.scheme)
        notes += left_out(parts.matched, parts.personal)
    if not glance.rows:
        notes.append(EMPTY)
    elif not len(glance.shapes()):
        notes.append(NOWHERE)
    elif layer.geometry.endswith("Polygon") and set(glance.geometry_types) <= {"Point", "null"}:
        notes.append(CORNERS)
    refused = any(note.severity == "refused" for note in notes)
    # One text said for all rows stands for whatever a column may hold.
    said = answers.constants.keys() - answers.columns.keys()
    reading = None
    if parts.crs.system is not None and not parts.ambiguities and not refused:
        reading = Reading(
            source=source,
            inner_layer=chosen.name,
            layer=layer.name,
            crs=parts.crs.system,
            columns={field: column for field, column in parts.matched.columns.items() if field not in said},
            ignored=(*parts.matched.ignored, *(c for f, c in parts.matched.columns.items() if f in said)),
            encodings=parts.texts.keys,
            also=parts.texts.present,
            decimals=glance.decimals(),
            personal=parts.personal,
            scheme=parts.scheme,
            valid_from=answers.valid_from,
            constants=answers.constants,
        )
    return Survey(
        source=source,
        inner_layer=chosen.name,
        rows=glance.rows,
        extent=glance.extent,
        geometry_types=dict(glance.geometry_types),
        crs=parts.crs.guesses,
        encodings=parts.texts.guesses,
        columns=parts.matched.guesses,
        reading=reading,
        ambiguities=parts.ambiguities,
        notes=add_up(notes),
        samples={name: pairs for name, pairs in parts.texts.samples.items() if name not in parts.personal},
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
