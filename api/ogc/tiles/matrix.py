"""The tile matrix set WebMercatorQuad (OGC 17-083r4, annex D.1) and the limits of data within it. Pure."""

from __future__ import annotations

import math
from typing import Any

from geo.types import MAX_ZOOM

WEB_MERCATOR_QUAD = "WebMercatorQuad"
URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
CRS = "http://www.opengis.net/def/crs/EPSG/0/3857"
TITLE = "Google Maps Compatible for the World"
# Half the equator's length on the sphere of EPSG:3857, metres.
HALF_M = 20037508.3427892
TILE_PX = 256
# The standardised size of a rendered pixel, metres.
PIXEL_M = 0.00028
# Where Web Mercator ends.
NORTHERNMOST = 85.0511287798066

Bounds = tuple[float, float, float, float]


def definition() -> dict[str, Any]:
    """The set as JSON; its matrices are those that tiles are served of, 0 to ``MAX_ZOOM``."""
    return {
        "id": WEB_MERCATOR_QUAD,
        "title": TITLE,
        "uri": URI,
        "crs": CRS,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [_matrix(zoom) for zoom in range(MAX_ZOOM + 1)],
    }


def _matrix(zoom: int) -> dict[str, Any]:
    cell_m = 2 * HALF_M / TILE_PX / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": cell_m / PIXEL_M,
        "cellSize": cell_m,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF_M, HALF_M],
        "tileWidth": TILE_PX,
        "tileHeight": TILE_PX,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def limits(bounds: Bounds, min_zoom: int, max_zoom: int) -> list[dict[str, Any]]:
    """Of each matrix the rows and columns (both ends included) that ``bounds`` meets.

    ``bounds``: west, south, east, north in degrees.
    """
    west, south, east, north = bounds
    return [
        {
            "tileMatrix": str(zoom),
            "minTileRow": _row(north, zoom),
            "maxTileRow": _row(south, zoom),
            "minTileCol": _column(west, zoom),
            "maxTileCol": _column(east, zoom),
        }
        for zoom in range(min_zoom, max_zoom + 1)
    ]


def within(bounds: Bounds, min_zoom: int, max_zoom: int, place: tuple[int, int, int]) -> bool:
    """Whether the tile (matrix, row, column) stands within :func:`limits`."""
    zoom, row, column = place
    west, south, east, north = bounds
    return (
        min_zoom <= zoom <= max_zoom
        and _row(north, zoom) <= row <= _row(south, zoom)
        and _column(west, zoom) <= column <= _column(east, zoom)
    )


def _column(lon: float, zoom: int) -> int:
    return _clamped((lon + 180.0) / 360.0, zoom)


def _row(lat: float, zoom: int) -> int:
    inside = max(-NORTHERNMOST, min(NORTHERNMOST, lat))
    return _clamped((1.0 - math.asinh(math.tan(math.radians(inside))) / math.pi) / 2.0, zoom)


def _clamped(part: float, zoom: int) -> int:
    last = (1 << zoom) - 1
    return max(0, min(last, math.floor(part * (1 << zoom))))
