"""Statistics of hotspots as pure functions of arrays: no database, no clock, no hidden randomness."""
