"""Shapes: geodesic areas, and the mending of what may be hostile, in a process that can be killed."""
