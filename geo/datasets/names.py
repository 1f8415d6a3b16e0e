"""Names of staged tables, and pieces of SQL that several steps share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.sql import SQL, Composed, Identifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import Connection

    from geo.datasets.types import Plan
    from layers.description import Layer

    Db = Connection[tuple[Any, ...]]

LANDING_LOCK = 7_236_050  # with the layer's name: one landing or undoing at a time
READING_LOCK = 7_236_051  # with the dataset's number: held by the session that fills its table
OWNER = "SET LOCAL ROLE diaban_owner"
# Shapes are most of what a landing writes: lz4 packs them as small as pglz in a fifth of its time. Until the
# end of the transaction, and where the server was built with it.
PACKED = """
SELECT set_config('default_toast_compression', 'lz4', true) FROM pg_settings
 WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)
"""


def staged(number: int) -> Identifier:
    """The rows of a dataset, as its layer wants them."""
    return Identifier("staging", f"dataset_{number}")


def matched(number: int) -> Identifier:
    """Which staged rows the layer has already."""
    return Identifier("staging", f"match_{number}")


def before(layer: str) -> Identifier:
    """What landings replaced in a layer."""
    return Identifier("staging", f"before_{layer}")


def core(layer: str) -> Identifier:
    """The layer's table."""
    return Identifier("core", layer)


def private(layer: str) -> Identifier:
    """The layer's personal data."""
    return Identifier("private", layer)


def listed(names: Iterable[str], alias: str = "") -> Composed:
    """Columns, separated by commas."""
    return SQL(", ").join(Identifier(alias, name) if alias else Identifier(name) for name in names)


def in_units(plan: Plan, alias: str = "c") -> Composed:
    """Rows of the layer that this landing may change or end."""
    if plan.units is None:
        return SQL("true").format()
    return SQL("{}.unit = ANY ({})").format(Identifier(alias), list(plan.units))


def key_of(layer: Layer, name: str, alias: str) -> Composed:
    """One part of a row's identity, such that two absent values are equal (and can be hashed)."""
    column = Identifier(alias, name)
    if name in ("unit",) or not (name == "valid_from" or layer.field(name).required):
        return SQL("coalesce({}::text, chr(1))").format(column)
    return SQL("{}").format(column)
