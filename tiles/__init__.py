"""Layers out as vector tiles: the SQL, the cache in front of it, TileJSON and MapLibre styles.

Callers use :class:`tiles.service.TileService`, :func:`tiles.tilejson.tilejson` and :mod:`tiles.style`.
"""
