"""All doors of hotspots, in the order in which paths are tried."""

from __future__ import annotations

from api.hotspots import alarms, counts, more, pictures, runs, sheet, time

HOTSPOTS = (counts, more, pictures, runs, alarms, sheet, time)
