"""In which format and language a page is given: ``f`` and ``lang``, then the request's headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from geo.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

Format = Literal["json", "html", "jsonld"]
Language = Literal["vi", "en"]
FORMATS: tuple[Format, ...] = ("json", "html", "jsonld")
# Of documents that JSON-LD has no words for.
PLAIN: tuple[Format, ...] = ("json", "html")
LANGUAGES: tuple[Language, ...] = ("vi", "en")
MEDIA_TYPES: dict[str, Format] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/ld+json": "jsonld",
    "application/json": "json",
    "application/geo+json": "json",
    "application/schema+json": "json",
    "application/vnd.oai.openapi+json": "json",
    "*/*": "json",
    "application/*": "json",
}


def chosen_format(params: Mapping[str, str], accept: str, formats: tuple[Format, ...] = FORMATS) -> Format:
    """``f`` decides, else the best of ``Accept``, else JSON; ``InvalidInput`` for another ``f``."""
    asked = params.get("f")
    if asked is not None:
        found = next((known for known in formats if known == asked), None)
        if found is None:
            raise InvalidInput("f", asked, ", ".join(formats), ", ".join(formats))
        return found
    accepted = (MEDIA_TYPES.get(media_type) for media_type in _by_quality(accept))
    return next((known for known in accepted if known in formats), None) or "json"


def chosen_language(params: Mapping[str, str], accept_language: str) -> Language:
    """``lang`` decides, else the best of ``Accept-Language``, else Vietnamese."""
    asked = params.get("lang")
    if asked is not None:
        found = _language(asked)
        if found is None:
            raise InvalidInput("lang", asked, ", ".join(LANGUAGES), ", ".join(LANGUAGES))
        return found
    return next((found for tag in _by_quality(accept_language) if (found := _language(tag))), "vi")


def _language(tag: str) -> Language | None:
    primary = tag.replace("_", "-").split("-")[0].lower()
    return next((language for language in LANGUAGES if language == primary), None)


def _by_quality(header: str) -> list[str]:
    """The values of an Accept header, best first; those with quality 0 or a broken one are left out."""
    if not header:
        return []
    ranked: list[tuple[float, str]] = []
    for part in header.split(","):
        value, *parameters = (piece.strip() for piece in part.split(";"))
        try:
            quality = next((float(p[2:]) for p in parameters if p.startswith("q=")), 1.0)
        except ValueError:
            continue
        if value and quality > 0:
            ranked.append((quality, value.lower()))
    return [value for _, value in sorted(ranked, key=lambda item: -item[0])]
