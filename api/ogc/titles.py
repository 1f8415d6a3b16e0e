"""Vietnamese for the English link titles that pygeoapi brings (its wheel carries no translations)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from api.ogc.negotiation import Language

VIETNAMESE = {
    "This document as JSON": "Trang này dạng JSON",
    "This document as GeoJSON": "Trang này dạng GeoJSON",
    "This document as RDF (JSON-LD)": "Trang này dạng RDF (JSON-LD)",
    "This document as HTML": "Trang này dạng HTML",
    "The OpenAPI definition as JSON": "Mô tả OpenAPI dạng JSON",
    "The OpenAPI definition as HTML": "Mô tả OpenAPI dạng HTML",
    "Conformance": "Các lớp tuân thủ",
    "Collections": "Các lớp dữ liệu",
    "The landing page of this server as JSON": "Trang đầu dạng JSON",
    "The landing page of this server as HTML": "Trang đầu dạng HTML",
    "Schema of collection in JSON": "Cấu trúc dạng JSON",
    "Schema of collection in HTML": "Cấu trúc dạng HTML",
    "Queryables for this collection as JSON": "Các trường lọc được dạng JSON",
    "Queryables for this collection as HTML": "Các trường lọc được dạng HTML",
}


def translate_links(links: list[dict[str, Any]], language: Language) -> None:
    """Put the titles of ``links`` into Vietnamese where that is asked for, in place."""
    if language == "vi":
        for link in links:
            link["title"] = VIETNAMESE.get(link.get("title", ""), link.get("title", ""))
