"""Parts of a report's matter: its children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import AsyncConnection

_ADD = "SELECT core.add_child(%s, %s)"


async def add_child(connection: AsyncConnection[tuple[Any, ...]], parent: str, child: str) -> bool:
    """Make a report the child of another, both by their codes; False where the parent is unknown or closed.

    ``Forbidden`` for anyone but the operation centre and the unit that has the parent.
    """
    row = await (await connection.execute(_ADD, [parent, child])).fetchone()
    return row is not None and row[0] is True
