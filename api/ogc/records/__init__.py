"""OGC API Records 1.0 (20-004r1): the catalogue of layers, services and what was loaded, as a collection."""
