"""Layers out as vector tiles."""
