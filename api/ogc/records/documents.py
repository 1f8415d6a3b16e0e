"""The catalogue as a collection, its pages and records as documents. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from api.ogc.config import OGC_URL, PLACEHOLDER, VIETNAM
from api.ogc.links import representations, titled
from api.ogc.records.record import systems
from api.ogc.records.search import KINDS, SORTABLE
from api.ogc.records.words import TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.ogc.links import Link
    from api.ogc.negotiation import Language
    from api.ogc.records.record import Record
    from api.ogc.records.search import Search

Document = dict[str, Any]
CATALOGUE = "catalogue"
ROOT = f"{OGC_URL}/collections/{CATALOGUE}"
ITEMS = f"{ROOT}/items"
GEOJSON, SCHEMA = "application/geo+json", "application/schema+json"
REL = "http://www.opengis.net/def/rel/ogc/1.0/"
SPEC = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/"
CONFORMANCE = tuple(
    f"{SPEC}{name}"
    for name in (
        "record-core",
        "record-collection",
        "record-core-query-parameters",
        "records-api",
        # So it is called in drafts of the standard, and clients look for it (camptocamp/ogc-client).
        "record-api",
        "sorting",
        "searchable-catalog",
        "searchable-catalog/sorting",
        "json",
        "html",
        "oas30",
    )
)


def _link(rel: str, href: str, word: str, language: Language, kind: str = "application/json") -> Link:
    return titled(rel, href, getattr(TITLES[word], language), kind)


def landing_links(language: Language) -> list[Document]:
    """What the landing page says of the catalogue."""
    return [_link(f"{REL}ogc-catalog", ROOT, "catalogue", language)]


def collection_document(language: Language, *, html: bool = False) -> Document:
    """The catalogue in /collections and at its own address."""
    page = f"{PLACEHOLDER}/docs/layers"
    return {
        "id": CATALOGUE,
        "title": getattr(TITLES["catalogue"], language),
        "description": getattr(TITLES["described"], language),
        "itemType": "record",
        "type": "Collection",
        "conformsTo": [f"{SPEC}record-collection"],
        "language": {"code": language},
        "languages": [{"code": "vi"}, {"code": "en"}],
        "license": getattr(TITLES["by_layer"], language),
        "extent": {"spatial": {"bbox": [list(VIETNAM)], "crs": systems()[0]}},
        "crs": systems(),
        "storageCrs": systems()[0],
        "links": [
            *representations(ROOT, language, html=html),
            _link("items", ITEMS, "items", language, GEOJSON),
            _link("items", f"{ITEMS}?f=html", "items", language, "text/html"),
            _link(
                f"{REL}queryables",
                f"{ROOT}/queryables",
                "queryables",
                language,
                SCHEMA,
            ),
            _link(f"{REL}sortables", f"{ROOT}/sortables", "sortables", language, SCHEMA),
            _link("describedby", page, "page", language, "text/html"),
            _link("license", page, "by_layer", language, "text/html"),
        ],
    }


def page(
    found: Sequence[Record], wanted: Search, params: Mapping[str, str], language: Language, *, html: bool
) -> Document:
    """A page of records; ``found``: all that match."""
    kept = {name: value for name, value in params.items() if name not in ("f", "offset")}

    def at(offset: int, **more: str) -> str:
        asked = urlencode({**kept, **({"offset": str(offset)} if offset else {}), **more})
        return f"{ITEMS}?{asked}" if asked else ITEMS

    form = "html" if html else "json"
    kind = "text/html" if html else GEOJSON
    links = [
        *representations(at(wanted.offset), language, html=html, json_type=GEOJSON),
        _link("collection", ROOT, "catalogue", language),
    ]
    if wanted.offset:
        before = max(0, wanted.offset - wanted.limit)
        links.append(_link("prev", at(before, f=form), "prev", language, kind))
    if wanted.offset + wanted.limit < len(found):
        links.append(_link("next", at(wanted.offset + wanted.limit, f=form), "next", language, kind))
    shown = [record_document(one, language) for one in found[wanted.offset : wanted.offset + wanted.limit]]
    return {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "numberMatched": len(found),
        "numberReturned": len(shown),
        "features": shown,
        "links": links,
    }


def record_document(record: Record, language: Language, *, html: bool = False) -> Document:
    """One record with the links of its own page before those of what it describes."""
    here = f"{ITEMS}/{record.id}"
    own = [
        *representations(here, language, html=html, json_type=GEOJSON),
    ]
    belongs = _link("collection", ROOT, "catalogue", language)
    described = record.document
    # One link says which collection a record is of; that of a layer is what the record is about.
    rest = [one | ({"rel": "about"} if one["rel"] == "collection" else {}) for one in described["links"]]
    return {**described, "links": [*own, belongs, *rest]}


def queryables(language: Language) -> Document:
    """What records are chosen by, beside the parameters of the standard."""
    kinds = {"type": "string", "title": "type", "enum": list(KINDS)}
    return _schema("queryables", {"type": kinds}, language)


def sortables(language: Language) -> Document:
    """What records are ordered by (20-004r1, requirements class sorting)."""
    return _schema(
        "sortables", {name: {"title": name, **schema} for name, schema in SORTABLE.items()}, language
    )


def _schema(name: str, properties: Document, language: Language) -> Document:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{ROOT}/{name}",
        "type": "object",
        "title": getattr(TITLES["catalogue"], language),
        "properties": properties,
        "additionalProperties": False,
    }
