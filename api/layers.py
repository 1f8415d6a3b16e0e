"""What layers there are: ``/api/layers`` for programs, ``/docs/layers`` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from api import pages
from api.deps import BaseUrl, Layers, Who
from geo.features import columns_for
from geo.words import both
from tiles.style import legend

if TYPE_CHECKING:
    from geo.catalogue import Catalogue
    from geo.database import Caller
    from layers.description import Layer

router = APIRouter(tags=["map"])


@router.get("/api/layers")
async def all_layers(catalogue: Layers, caller: Who, base_url: BaseUrl) -> dict[str, Any]:
    """Every layer in drawing order: texts, geometry, zooms, legend, the caller's fields, addresses."""
    return {"layers": [_described(layer, catalogue, caller, base_url) for layer in catalogue.layers.values()]}


def _described(layer: Layer, catalogue: Catalogue, caller: Caller, base_url: str) -> dict[str, Any]:
    note = catalogue.note(layer.name) or layer.approximate
    return {
        "name": layer.name,
        "title": both(layer.title),
        "description": both(layer.description),
        "owner": both(layer.owner),
        "licence": both(layer.licence),
        "approximate": both(note) if note else None,
        "geometry": layer.geometry,
        "order": layer.order,
        "shown": layer.shown,
        "valid_time": layer.valid_time,
        "min_zoom": layer.tiles.min_zoom,
        "max_zoom": layer.tiles.max_zoom,
        "label": layer.label,
        "legend": legend(layer),
        "fields": [
            {"name": column.name, "title": both(column.title), "unit": column.unit, "type": column.type}
            for column in columns_for(layer, caller).values()
        ],
        "links": links(layer, base_url),
    }


def links(layer: Layer, base_url: str) -> dict[str, str]:
    """Where the layer's items, tiles, style and page are."""
    return {
        "items": f"{base_url}/ogc/collections/{layer.name}/items",
        "tilejson": f"{base_url}/tiles/{layer.name}.json",
        "style": f"{base_url}/styles/{layer.name}.json",
        "page": f"{base_url}/docs/layers/{layer.name}",
    }


@router.get("/docs/layers", response_class=HTMLResponse)
async def layers_page(catalogue: Layers) -> HTMLResponse:
    """The list of layers as a page."""
    return pages.page("layers.html", layers=list(catalogue.layers.values()))


@router.get("/docs/layers/{name}", response_class=HTMLResponse)
async def layer_page(name: str, catalogue: Layers, base_url: BaseUrl) -> HTMLResponse:
    """One layer as a page: public fields, code lists, licence, how to open it; 404 lists the layers."""
    layer = catalogue.layer(name)
    return pages.page(
        "layer.html",
        layer=layer,
        note=catalogue.note(name) or layer.approximate,
        columns=list(columns_for(layer, pages.ANONYMOUS).values()),
        code_lists=pages.code_lists(layer),
        links=links(layer, base_url),
        base_url=base_url,
    )


@router.get("/docs/static/docs.css", include_in_schema=False)
async def stylesheet() -> FileResponse:
    """The pages' one style sheet."""
    return FileResponse(pages.STYLESHEET, media_type="text/css", headers={"Cache-Control": "no-cache"})
