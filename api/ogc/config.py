"""pygeoapi's configuration, made from the catalogue's layers; no file and no environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.features import CRS84, DEFAULT_LIMIT, MAX_LIMIT, offered_crs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from geo.features import Extent
    from geo.settings import Settings
    from layers.description import Layer, Text

# Stands for the server's address, which is the request's where none is configured; replaced in every answer.
PLACEHOLDER = "http://diaban.invalid"
OGC_URL = f"{PLACEHOLDER}/ogc"
TEMPLATES = Path(__file__).with_name("templates")
# Where a layer is empty: the mainland, Hoàng Sa and Trường Sa.
VIETNAM = (102.1, 6.5, 117.9, 23.4)


def build_config(
    layers: Mapping[str, Layer],
    extents: Mapping[str, Extent],
    notes: Mapping[str, Text],
    settings: Settings,
) -> dict[str, Any]:
    """The dictionary that :class:`pygeoapi.api.API` takes. ``extents`` are those of public rows."""
    crs = list(offered_crs(settings.province_code))
    return {
        "server": {
            "url": OGC_URL,
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "languages": ["vi", "en"],
            "gzip": False,
            "pretty_print": False,
            "limits": {"default_items": DEFAULT_LIMIT, "max_items": MAX_LIMIT, "on_exceed": "throttle"},
            "templates": {"path": str(TEMPLATES)},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": _metadata(settings),
        "resources": {
            name: _collection(layer, extents[name], notes.get(name) or layer.approximate, crs)
            for name, layer in layers.items()
        },
    }


def _metadata(settings: Settings) -> dict[str, Any]:
    place = settings.province_name
    return {
        "identification": {
            "title": {"vi": f"Dữ liệu không gian {place}", "en": f"Spatial data of {place}"},
            "description": {
                "vi": "Các lớp dữ liệu theo chuẩn OGC API: mở trong QGIS, ArcGIS, GDAL hoặc bằng HTTP.",
                "en": "The layers by the OGC API standard: open them in QGIS, ArcGIS, GDAL or by HTTP.",
            },
            "keywords": {
                "vi": ["địa bàn", "quy hoạch", "đất đai", "vùng trồng"],
                "en": ["administrative units", "zoning", "land use", "crop areas"],
            },
            "keywords_type": "theme",
            "terms_of_service": f"{PLACEHOLDER}/docs/layers",
            "url": f"{PLACEHOLDER}/",
        },
        "license": {
            "name": {"vi": "Theo từng lớp dữ liệu", "en": "As stated for each layer"},
            "url": f"{PLACEHOLDER}/docs/layers",
        },
        "provider": {"name": place, "url": f"{PLACEHOLDER}/"},
        "contact": {"name": place, "url": f"{PLACEHOLDER}/"},
    }


def _collection(layer: Layer, extent: Extent, note: Text | None, crs: list[str]) -> dict[str, Any]:
    extents: dict[str, Any] = {"spatial": {"bbox": list(extent.bbox or VIETNAM), "crs": CRS84.uri}}
    if layer.valid_time:
        extents["temporal"] = {"begin": _midnight(extent.first_day), "end": _midnight(extent.last_day)}
    return {
        "type": "collection",
        "title": layer.title.model_dump(),
        "description": {
            "vi": f"{layer.description.vi} {note.vi}" if note else layer.description.vi,
            "en": f"{layer.description.en} {note.en}" if note else layer.description.en,
        },
        "keywords": {"vi": [layer.title.vi], "en": [layer.title.en]},
        "links": _links(layer),
        "extents": extents,
        "providers": [
            {
                "type": "feature",
                "name": "api.ogc.provider.LayerProvider",
                "data": layer.name,
                "id_field": "id",
                "title_field": layer.label,
                "crs": crs,
                "storage_crs": CRS84.uri,
            }
        ],
    }


def _links(layer: Layer) -> list[dict[str, Any]]:
    page = f"{PLACEHOLDER}/docs/layers/{layer.name}"
    about = {"vi": "Các trường, mã và cách mở lớp dữ liệu", "en": "Fields, codes and how to open the layer"}
    return [
        {"rel": "describedby", "type": "text/html", "title": about, "href": page},
        {"rel": "license", "type": "text/html", "title": layer.licence.model_dump(), "href": page},
        {
            "rel": "related",
            "type": "application/json",
            "title": {"vi": "Ô bản đồ vectơ (TileJSON)", "en": "Vector tiles (TileJSON)"},
            "href": f"{PLACEHOLDER}/tiles/{layer.name}.json",
        },
    ]


def _midnight(day: date | None) -> str | None:
    # Days of valid time begin at midnight in Vietnam.
    return None if day is None else f"{day.isoformat()}T00:00:00+07:00"
