"""Where reports concentrate: counts by H3 cell.

Callers use the names below; :func:`cell_of` is also the value of the field ``h3_9`` of every report.
"""

from geo.hotspots.cells import RESOLUTION, RESOLUTIONS, cell_of
from geo.hotspots.counts import METHOD, Count, Window, feature_collection, rolled_up, totals, touching
from geo.hotspots.query import counts, last_year_of_data

__all__ = [
    "METHOD",
    "RESOLUTION",
    "RESOLUTIONS",
    "Count",
    "Window",
    "cell_of",
    "counts",
    "feature_collection",
    "last_year_of_data",
    "rolled_up",
    "totals",
    "touching",
]
