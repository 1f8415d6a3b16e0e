"""The PostGIS core: database, coordinate systems, layers as tables, changes, units, reports, hotspots."""
