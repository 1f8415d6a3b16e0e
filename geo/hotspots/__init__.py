"""Where reports concentrate: counts by H3 cell.

Callers use the names below; :func:`cell_of` is also the value of the field ``h3_9`` of every report.
"""

from geo.hotspots.cells import RESOLUTION, cell_of

__all__ = ["RESOLUTION", "cell_of"]
