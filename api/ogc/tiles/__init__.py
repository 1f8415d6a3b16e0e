"""OGC API Tiles 1.0 (20-057) in front of the tile room: its routes, links, operations and classes."""

from api.ogc.tiles.documents import CONFORMANCE, collection_links, landing_links
from api.ogc.tiles.openapi import add_tiles
from api.ogc.tiles.router import ROUTES

__all__ = ["CONFORMANCE", "ROUTES", "add_tiles", "collection_links", "landing_links"]
