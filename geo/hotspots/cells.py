"""H3 cells: the cell of a place, its coarser parents, true areas and outlines. Pure."""

from __future__ import annotations

from functools import lru_cache

import h3

# Stored with every report: about 0.1 km² here. Coarser resolutions are parents of it, finer ones are not
# offered: they would tell where a report was made.
RESOLUTION = 9
RESOLUTIONS = range(5, RESOLUTION + 1)


def cell_of(lon: float, lat: float) -> str:
    """The cell of resolution 9 that holds a place (degrees, WGS 84), as hexadecimal text."""
    return str(h3.latlng_to_cell(lat, lon, RESOLUTION))


@lru_cache(maxsize=65_536)
def area_km2(cell: str) -> float:
    """The true area: cells of one resolution differ by 8.8 % within Vietnam."""
    return float(h3.cell_area(cell, "km^2"))


@lru_cache(maxsize=65_536)
def ring(cell: str) -> tuple[tuple[float, float], ...]:
    """The outline as closed ring of lon, lat in degrees, counter-clockwise (RFC 7946), rounded to 0.1 m."""
    corners = [(round(lon, 6), round(lat, 6)) for lat, lon in h3.cell_to_boundary(cell)]
    return (*corners, corners[0])


@lru_cache(maxsize=131_072)
def parent(cell: str, resolution: int) -> str:
    """The cell of a coarser resolution to which ``cell`` belongs; itself at its own resolution."""
    return cell if resolution == RESOLUTION else str(h3.cell_to_parent(cell, resolution))
