"""OGC API Tiles 1.0 (20-057) in front of the tile room: its routes, links, operations and classes."""
