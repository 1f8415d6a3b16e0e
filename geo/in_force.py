"""Validity in time: the half-open test that every door uses."""

from __future__ import annotations

from psycopg import sql


def in_force(parameter: str) -> sql.Composed:
    """The test that a row with ``valid_from``/``valid_to`` (half-open, null is open) holds on a day."""
    day = sql.Placeholder(parameter)
    return sql.SQL(
        "(valid_from IS NULL OR valid_from <= {day}) AND (valid_to IS NULL OR valid_to > {day})"
    ).format(day=day)
