"""Links of a page of features and of one feature, as RFC 8288 relations in JSON."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from api.ogc.config import OGC_URL
from api.ogc.files import TYPES as DOWNLOADS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from api.ogc.negotiation import Format, Language
    from geo.features import FeatureQuery, Page
    from layers.description import Layer

Link = dict[str, str]
TYPES: dict[Format, str] = {
    "json": "application/geo+json",
    "html": "text/html",
    "jsonld": "application/ld+json",
}
JSON_NAMES = {"application/json": "JSON", "application/geo+json": "GeoJSON"}
NAMES: dict[Format, str] = {"json": "GeoJSON", "html": "HTML", "jsonld": "JSON-LD"}
AS: dict[Language, str] = {"vi": "Trang này dạng", "en": "This page as"}
FILE: dict[Language, str] = {"vi": "Tải về dạng", "en": "Download as"}
ITEMS: dict[Language, str] = {"vi": "Các đối tượng dạng", "en": "Items as"}
# What an address holds as it is (RFC 3986, unreserved).
PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
# Where in the layer a page begins.
PLACES = ("offset", "cursor")
NEXT: dict[Language, str] = {"vi": "Trang sau", "en": "Next page"}
PREVIOUS: dict[Language, str] = {"vi": "Trang trước", "en": "Previous page"}


def titled(rel: str, href: str, title: str, kind: str = "application/json") -> Link:
    """A link of a document of ours."""
    return {"rel": rel, "type": kind, "title": title, "href": href}


def representations(
    url: str, language: Language, *, html: bool, json_type: str = "application/json"
) -> list[Link]:
    """Self and alternate of a page that is given as JSON and as HTML."""
    mark = "&" if "?" in url else "?"
    json_rel, html_rel = ("alternate", "self") if html else ("self", "alternate")
    return [
        titled(json_rel, f"{url}{mark}f=json", f"{AS[language]} {JSON_NAMES[json_type]}", json_type),
        titled(html_rel, f"{url}{mark}f=html", f"{AS[language]} HTML", "text/html"),
    ]


def items_url(layer: Layer) -> str:
    """The address of a layer's items."""
    return f"{OGC_URL}/collections/{layer.name}/items"


def items_links(layer: Layer, language: Language) -> list[Link]:
    """A collection's items in every encoding (17-069r4, requirement 15)."""
    url = items_url(layer)
    # GDAL puts a feature's id behind the address for GeoJSON as it stands: it must have no query.
    forms = [("GeoJSON", TYPES["json"], url)]
    forms += [(NAMES[form], TYPES[form], f"{url}?f={form}") for form in ("html", "jsonld")]
    forms += [(form, media_type, f"{url}?f={form}") for form, media_type in DOWNLOADS.items()]
    return [titled("items", href, f"{ITEMS[language]} {name}", kind) for name, kind, href in forms]


def page_links(
    layer: Layer,
    params: Mapping[str, str],
    query: FeatureQuery,
    page: Page,
    *,
    fmt: Format,
    language: Language,
) -> list[Link]:
    """self, alternates, prev, next and collection; each repeats the request's own parameters."""
    # Encoded once for all links: a filter may be long.
    kept = _asked({name: value for name, value in params.items() if name not in (*PLACES, "f")})
    here = _asked({name: params[name] for name in PLACES if name in params})

    def address(place: str) -> str:
        asked = "&".join(part for part in (kept, place, "f=") if part)
        return f"{items_url(layer)}?{asked}"

    def link(rel: str, place: str, title: str) -> Link:
        return titled(rel, address(place) + fmt, title, TYPES[fmt])

    same = address(here)
    found = [
        {"rel": rel, "type": kind, "title": title, "href": same + form}
        for rel, form, title, kind in _forms(fmt, language)
    ]
    if query.offset:
        before = max(0, query.offset - query.limit)
        found.append(link("prev", f"offset={before}" if before else "", PREVIOUS[language]))
    if page.next is not None:
        # A person who pages by hand keeps the way back, which only an offset knows.
        after = f"cursor={page.next}" if fmt != "html" else f"offset={query.offset + query.limit}"
        found.append(link("next", after, NEXT[language]))
    return [*found, _collection(layer, language)]


@cache
def _forms(fmt: Format, language: Language) -> list[tuple[str, str, str, str]]:
    """Relation, name, title and media type of the forms in which a page is given."""
    pages = [
        ("self" if form == fmt else "alternate", form, f"{AS[language]} {NAMES[form]}", kind)
        for form, kind in TYPES.items()
    ]
    return pages + [("alternate", form, f"{FILE[language]} {form}", kind) for form, kind in DOWNLOADS.items()]


def _asked(params: Mapping[str, str]) -> str:
    # Names were checked: they are ours. Most values are numbers and words.
    return "&".join(
        [f"{name}={value if PLAIN.fullmatch(value) else quote_plus(value)}" for name, value in params.items()]
    )


def item_links(layer: Layer, identifier: str, fmt: Format, language: Language) -> list[Link]:
    """self, alternates and collection of one feature."""
    url = f"{items_url(layer)}/{identifier}"
    found = [
        {
            "rel": "self" if form == fmt else "alternate",
            "type": TYPES[form],
            "title": f"{AS[language]} {NAMES[form]}",
            "href": f"{url}?f={form}",
        }
        for form in TYPES
    ]
    return [*found, _collection(layer, language)]


def _collection(layer: Layer, language: Language) -> Link:
    return {
        "rel": "collection",
        "type": "application/json",
        "title": getattr(layer.title, language),
        "href": f"{OGC_URL}/collections/{layer.name}",
    }
