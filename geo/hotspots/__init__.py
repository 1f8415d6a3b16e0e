"""Where reports concentrate: counts kept by the editing transaction, statistics, what the public is told.

``cells`` is light and used by intake; ``facts`` and ``load`` answer questions of staff, ``release`` those
of the
public, ``stats`` are pure functions, ``keeper`` works beside the application.
"""

from geo.hotspots.cells import RESOLUTION, RESOLUTIONS, cell_of

__all__ = ["RESOLUTION", "RESOLUTIONS", "cell_of"]
