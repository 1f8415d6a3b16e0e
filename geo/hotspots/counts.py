"""Counts by cell: value types, rolling up to coarser cells, and the GeoJSON of it. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from geo.hotspots.cells import RESOLUTION, area_km2, parent, ring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from geo.types import Bbox


@dataclass(frozen=True, slots=True)
class Window:
    """Which reports are counted: received in ``[start, end)``, of one of ``categories`` (empty: of any)."""

    start: datetime
    end: datetime
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """A cell's counts. ``contacts``: reports. ``incidents``: matters, however many people reported each."""

    cell: str
    incidents: int
    contacts: int

    @property
    def per_km2(self) -> float:
        """Incidents per km² of the cell's true area."""
        return self.incidents / area_km2(self.cell)


def rolled_up(counts: Iterable[Count], resolution: int) -> list[Count]:
    """Counts of resolution 9 as those of coarser cells, in the cells' order.

    Sums are right because an incident stands in exactly one cell of resolution 9, that of its first report.
    """
    if resolution == RESOLUTION:
        return sorted(counts, key=lambda count: count.cell)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for count in counts:
        total = sums[parent(count.cell, resolution)]
        total[0] += count.incidents
        total[1] += count.contacts
    return [Count(cell, *sums[cell]) for cell in sorted(sums)]


def touching(counts: Iterable[Count], bbox: Bbox) -> list[Count]:
    """The cells whose outline's box meets ``bbox``, each with its whole count: none is cut at the edge."""
    return [count for count in counts if _meets(count.cell, bbox)]


def feature_collection(counts: Iterable[Count], parameters: dict[str, Any]) -> str:
    """GeoJSON (RFC 7946) of the cells with ``parameters`` beside the features; equal input, equal bytes."""
    features = ",".join(_feature(count) for count in counts)
    shown = json.dumps(parameters, ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"FeatureCollection","parameters":{shown},"features":[{features}]}}'


def totals(counts: Iterable[Count]) -> dict[str, int]:
    """How many cells, incidents and contacts."""
    listed = list(counts)
    return {
        "cells": len(listed),
        "incidents": sum(count.incidents for count in listed),
        "contacts": sum(count.contacts for count in listed),
    }


def _meets(cell: str, bbox: Bbox) -> bool:
    corners = ring(cell)
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    east_west = min(lons) <= bbox.east and max(lons) >= bbox.west
    return east_west and min(lats) <= bbox.north and max(lats) >= bbox.south


def _feature(count: Count) -> str:
    cell = count.cell
    return (
        f'{_outline(cell)}"incidents":{count.incidents},"contacts":{count.contacts},'
        f'"per_km2":{count.incidents / area_km2(cell):.3f}}}}}'
    )


@lru_cache(maxsize=65_536)
def _outline(cell: str) -> str:
    """A feature's text up to its counts: the same in every answer, and the dear part of making one."""
    corners = ",".join(f"[{lon},{lat}]" for lon, lat in ring(cell))
    return (
        f'{{"type":"Feature","id":"{cell}","geometry":{{"type":"Polygon","coordinates":[[{corners}]]}},'
        f'"properties":{{"cell":"{cell}",'
    )


METHOD = {
    "name": "h3-count",
    "stored_resolution": RESOLUTION,
    "time": "received_at, [from, to), Asia/Ho_Chi_Minh",
    "incidents": "reports of one incident count once, in the cell of the first of them in the window",
    "contacts": "every report counts",
    "per_km2": "incidents / true area of the cell",
}
