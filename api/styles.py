"""MapLibre styles: ``/styles/map.json`` for all shown layers, ``/styles/{layer}.json`` for one."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.caching import OPEN
from api.deps import BaseUrl, Layers
from tiles.style import style

MAP = "map"

router = APIRouter(prefix="/styles", tags=["tiles"])


@router.get("/{name}.json")
async def style_document(name: str, catalogue: Layers, base_url: BaseUrl) -> JSONResponse:
    """A MapLibre style (version 8) with a vector source for each layer; 404 lists the layers."""
    if name == MAP and MAP not in catalogue.layers:
        title, chosen = "Diaban", [layer for layer in catalogue.layers.values() if layer.shown]
    else:
        layer = catalogue.layer(name)
        title, chosen = layer.title.vi, [layer]
    return JSONResponse(style(name, title, chosen, base_url), headers={"Cache-Control": "no-cache", **OPEN})
