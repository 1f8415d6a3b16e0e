"""``/api/hotspots``: where reports concentrate, over HTTP."""
