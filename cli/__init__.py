"""Thin commands, one file a group; no logic of their own."""
