"""Attributes in words: titles of codes, numbers and dates as readers of each language write them. Pure."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NotRequired, TypedDict

from geo.calendar import ICT
from geo.features.columns import VALID_FROM, VALID_TO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from layers.description import Layer, LayerField, Text


class Words(TypedDict):
    """One text in both languages."""

    vi: str
    en: str


class Row(TypedDict):
    """One attribute: ``value`` is one string where both languages write it alike."""

    name: str
    title: Words
    value: str | Words
    unit: NotRequired[str | None]


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
VALIDITY = {"valid_from": VALID_FROM, "valid_to": VALID_TO}
# A code of an official scheme that people write themselves (LUC, ODT) stands beside its words.
SHOWN_CODE_LENGTH = 4


def both(text: Text) -> Words:
    """A text of a description as it stands in JSON."""
    return Words(vi=text.vi, en=text.en)


def rows(layer: Layer, fields: tuple[LayerField, ...], values: Mapping[str, object]) -> list[Row]:
    """The attributes that have a value, in the order of the description; validity in time comes last."""
    found: list[Row] = [
        {
            "name": field.name,
            "title": both(field.title),
            "value": value_words(layer, field, values[field.name]),
            "unit": field.unit,
        }
        for field in fields
        if field.shown and values.get(field.name) not in (None, "")
    ]
    for name, title in VALIDITY.items():
        day = values.get(name)
        if layer.valid_time and isinstance(day, date):
            found.append({"name": name, "title": both(title), "value": date_words(day), "unit": None})
    return found


def value_words(layer: Layer, field: LayerField, value: object) -> str | Words:
    """One value as people read it; a code that its list does not have stays as it is."""
    match value:
        case bool():
            return Words(vi="Có", en="Yes") if value else Words(vi="Không", en="No")
        case datetime():
            return time_words(value)
        case date():
            return date_words(value)
        case int():
            # Numbers without a unit are numbers of sheets, levels, years: never grouped.
            return number_words(value) if field.unit else str(value)
        case float():
            return number_words(value)
    return _code_words(layer, field, str(value))


def _code_words(layer: Layer, field: LayerField, code: str) -> str | Words:
    entry = next((each for each in layer.codes.get(field.codes or "", ()) if each.code == code), None)
    if entry is None:
        return code
    shown = f" ({code})" if entry.scheme and len(code) <= SHOWN_CODE_LENGTH else ""
    return Words(vi=entry.title.vi + shown, en=entry.title.en + shown)


def number_words(value: float) -> str | Words:
    """``12345.678`` → ``12.345,678`` / ``12,345.678``: three decimals, of small numbers three digits."""
    if isinstance(value, float) and 0 < abs(value) < 0.001:
        english = f"{value:.3g}"
    else:
        english = f"{value:,.3f}".rstrip("0").rstrip(".")
    vietnamese = english.translate(str.maketrans(",.", ".,"))
    return english if english == vietnamese else Words(vi=vietnamese, en=english)


def date_words(day: date) -> Words:
    """``05/07/2026`` / ``5 Jul 2026``."""
    return Words(vi=f"{day:%d/%m/%Y}", en=f"{day.day} {MONTHS[day.month - 1]} {day.year}")


def time_words(moment: datetime) -> Words:
    """The minute on the Asia/Ho_Chi_Minh clock: ``14:05 05/07/2026`` / ``5 Jul 2026, 14:05``."""
    local = moment.astimezone(ICT)
    words = date_words(local.date())
    return Words(vi=f"{local:%H:%M} {words['vi']}", en=f"{words['en']}, {local:%H:%M}")


def feature_title(layer: Layer, values: Mapping[str, object]) -> str | Words:
    """What a feature is called: its label in words, else the layer's title with the feature's id."""
    label = values.get(layer.label) if layer.label else None
    if layer.label is None or label in (None, ""):
        return Words(vi=f"{layer.title.vi} {values['id']}", en=f"{layer.title.en} {values['id']}")
    return value_words(layer, layer.field(layer.label), label)


def subtitle(
    layer: Layer, fields: tuple[LayerField, ...], values: Mapping[str, object], parts: int = 2
) -> Words:
    """What tells features of one name apart: the words of their first ``parts`` coded or searched fields."""
    telling = [field for field in fields if field.name != layer.label and (field.codes or field.search)]
    shown = [
        value_words(layer, field, values[field.name])
        for field in telling
        if values.get(field.name) not in (None, "")
    ][:parts]
    return Words(
        vi=" · ".join(text if isinstance(text, str) else text["vi"] for text in shown),
        en=" · ".join(text if isinstance(text, str) else text["en"] for text in shown),
    )
