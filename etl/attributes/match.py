"""Which column of a file is which field of a layer: by names in any dress, by dossier names, by values.

Every pair is scored, the best pairs are taken first. A name says most; values only confirm it, or, where
they are codes of a list, stand in for it. Two columns that fit one field alike are a question.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.attributes.names import SYSTEM, WITHIN, name_score, title_of
from etl.attributes.values import is_nothing, reader_of
from etl.attributes.wrong import Wrong
from etl.types import MEANING, Ambiguity, Guess
from geo.errors import InvalidInput
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.description import Layer

# What a column loses to its other half where both would do.
SECOND = 0.97
BY_VALUES = 0.55
# Below it a pair is not taken by itself, within the margin two columns are a question.
ENOUGH, MARGIN = 0.5, 0.005
FEWEST_CODES = 3


@dataclass(frozen=True, slots=True)
class Matched:
    """From fields to columns, the columns without a field, all candidates of each field, and questions.

    ``unreadable`` are fields without a column although one bears their name: its values are of another kind.
    """

    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    guesses: Mapping[str, tuple[Guess, ...]]
    ambiguities: tuple[Ambiguity, ...]
    unreadable: Mapping[str, Unreadable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A column named like a field, a value of it, and why the field does not take it."""

    column: str
    value: str
    why: Text


def match(
    layer: Layer,
    samples: Mapping[str, list[object]],
    chosen: Mapping[str, str],
    personal: Mapping[str, str],
) -> Matched:
    """``samples`` are distinct decoded values by column; ``chosen`` (field → column) goes first, "" is none.

    ``personal`` columns are only weighed for private fields. ``InvalidInput`` for a choice that names no
    field or column, and for one that would put personal data into a field that is not private.
    """
    fields = [each.name for each in layer.fields]
    system = [name for name in SYSTEM if layer.valid_time or name == "unit"]
    without = {name for name, column in chosen.items() if not column}
    chosen = {name: column for name, column in chosen.items() if column}
    _check(layer, [*fields, *system], list(samples), chosen, personal)
    scored = {name: _scores(layer, name, samples, personal) for name in [*fields, *system]}
    taken = dict(chosen)
    pairs = [(score, name, column) for name, found in scored.items() for column, score in found.items()]
    for score, name, column in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= ENOUGH and name not in {*taken, *without} and column not in taken.values():
            taken[name] = column
    ordered = {name: taken[name] for name in scored if name in taken}
    guesses = {name: _guesses(found, samples, personal) for name, found in scored.items() if found}
    asked = _questions(layer, scored, taken, chosen, guesses)
    ignored = tuple(c for c in samples if c not in taken.values())
    lacking = [name for name in fields if name not in {*taken, *without}]
    left = {column: values for column, values in samples.items() if column in ignored}
    return Matched(ordered, ignored, guesses, asked, _unreadable(layer, lacking, left, personal))


def _unreadable(
    layer: Layer, lacking: list[str], left: Mapping[str, list[object]], personal: Mapping[str, str]
) -> dict[str, Unreadable]:
    """Fields whose name a column bears that was not taken for its values."""
    found = {}
    for name in lacking:
        for column, values in left.items():
            if column in personal or name_score(layer, name, column) < WITHIN:
                continue
            wrong = _first_wrong(layer, name, values)
            if wrong is not None:
                found[name] = Unreadable(column, str(wrong[0])[:60], wrong[1].reason)
                break
    return found


def _first_wrong(layer: Layer, name: str, values: list[object]) -> tuple[object, Wrong] | None:
    read, _ = reader_of(layer, name)
    for value in values:
        try:
            if not is_nothing(value):
                read(value)
        except Wrong as wrong:
            return value, wrong
    return None


def _check(
    layer: Layer, names: list[str], columns: list[str], chosen: Mapping[str, str], personal: Mapping[str, str]
) -> None:
    private = {each.name for each in layer.private_fields}
    for name, column in chosen.items():
        if name not in names:
            raise InvalidInput("columns", name, ", ".join(names), ", ".join(names))
        if column not in columns:
            raise InvalidInput("columns", column, ", ".join(columns), ", ".join(columns))
        if column in personal and name not in private:
            raise InvalidInput(
                "columns",
                f"{name}={column}",
                "cột không chứa dữ liệu cá nhân, hoặc trường riêng tư: "
                + (", ".join(sorted(private)) or "—"),
                "a column without personal data, or a private field: "
                + (", ".join(sorted(private)) or "none"),
            )


def _scores(
    layer: Layer, name: str, samples: Mapping[str, list[object]], personal: Mapping[str, str]
) -> dict[str, float]:
    private = name in {each.name for each in layer.private_fields}
    found = {}
    for column, values in samples.items():
        if column in personal and not private:
            continue
        score = name_score(layer, name, column)
        share, distinct = _readable(layer, name, values)
        if score:
            score *= 0.4 + 0.6 * share
        elif _coded(layer, name) and distinct >= FEWEST_CODES and share >= 0.9:
            score = BY_VALUES * share
        # Of codes and their names a text takes the names, every other field the codes where it knows them.
        second = column + MEANING in samples if _wordy(layer, name) else column.endswith(MEANING)
        score *= SECOND if second else 1.0
        if score > 0.2:
            found[column] = round(score, 4)
    return found


def _wordy(layer: Layer, name: str) -> bool:
    return name not in SYSTEM and layer.field(name).type == "text" and layer.field(name).codes is None


def _coded(layer: Layer, name: str) -> bool:
    return name not in SYSTEM and layer.field(name).codes is not None


def _readable(layer: Layer, name: str, values: list[object]) -> tuple[float, int]:
    """The share of a column's values that the field takes, and how many different results they give."""
    read, _ = reader_of(layer, name)
    told = [value for value in values if not is_nothing(value)]
    results = set()
    good = 0
    for value in told:
        try:
            results.add(read(value))
            good += 1
        except Wrong as wrong:
            good += wrong.undecided
    return (good / len(told) if told else 0.5), len(results)


def _guesses(
    found: Mapping[str, float], samples: Mapping[str, list[object]], personal: Mapping[str, str]
) -> tuple[Guess, ...]:
    """Best first, with some values as evidence; those of personal columns are shown to nobody."""
    ranked = sorted(found.items(), key=lambda pair: -pair[1])
    return tuple(
        Guess(
            column,
            Text(vi=column, en=column),
            score,
            (_PERSONAL if column in personal else _shown(samples[column]),),
        )
        for column, score in ranked
    )


_PERSONAL = Text(vi="dữ liệu cá nhân: không hiện giá trị", en="personal data: values are not shown")


def _shown(values: list[object]) -> Text:
    text = " · ".join(str(value)[:30] for value in values[:4])
    return Text(vi=f"ví dụ: {text}", en=f"such as: {text}")


def _questions(
    layer: Layer,
    scored: Mapping[str, Mapping[str, float]],
    taken: Mapping[str, str],
    chosen: Mapping[str, str],
    guesses: Mapping[str, tuple[Guess, ...]],
) -> tuple[Ambiguity, ...]:
    """Fields for which a second free column fits as well as the taken one."""
    asked = []
    for name, column in taken.items():
        if name in chosen:
            continue
        mine = scored[name][column]
        rivals = {
            c
            for c, s in scored[name].items()
            if c != column and mine - s <= MARGIN and c not in taken.values()
        }
        if rivals:
            title = title_of(layer, name)
            text = Text(
                vi=f"Nhiều cột khớp với «{title.vi}»: cần người chọn.",
                en=f"Several columns fit '{title.en}': a person must choose.",
            )
            options = tuple(each for each in guesses[name] if each.key in {column, *rivals})
            asked.append(Ambiguity(f"column:{name}", text, options, f"--column {name}=…"))
    return tuple(asked)
