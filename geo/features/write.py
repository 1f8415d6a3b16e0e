"""Features written as the caller, one transaction each; whom it is allowed to is decided by the database.

A version is the row's ``updated_at`` in microseconds: who edits on top of another's edit is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.sql import SQL, Composed, Identifier, Placeholder

from geo.errors import Conflict, Forbidden, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg import AsyncConnection

    from geo.database import Caller, Database
    from geo.features.draft import Draft
    from layers.description import Layer

VERSION = SQL("(extract(epoch FROM updated_at) * 1000000)::bigint")


class Overtaken(Conflict):
    """The feature is not as the caller last saw it."""


async def create_feature(database: Database, caller: Caller, layer: Layer, draft: Draft) -> int:
    """Insert; the new id. ``Forbidden`` without the right, ``Conflict`` where a rule of the layer is broken.

    A member of staff of one unit writes for that unit.
    """
    units = caller.claims.units if caller.claims else ()
    values: dict[str, Any] = {**draft.values, "unit": units[0] if len(units) == 1 else None}
    statement = SQL(
        "INSERT INTO {} (geom, {}) VALUES (ST_GeomFromWKB(%(geom)s, 4326), {}) RETURNING id"
    ).format(
        _table(layer),
        SQL(", ").join(map(Identifier, values)),
        SQL(", ").join(map(Placeholder, values)),
    )
    async with database.write(caller) as connection:
        cursor = await connection.execute(statement, {**values, "geom": draft.geometry})
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - an insert that returns nothing has raised
    return int(row[0])


async def change_feature(
    database: Database,
    caller: Caller,
    layer: Layer,
    identifier: int,
    draft: Draft,
    *,
    versions: Sequence[int] | None,
) -> None:
    """Set what the draft holds. ``Overtaken`` where none of ``versions`` (None: any) is the row's."""
    parts = [SQL("{} = {}").format(Identifier(name), Placeholder(name)) for name in draft.values]
    if draft.geometry is not None:
        parts.append(SQL("geom = ST_GeomFromWKB(%(geom)s, 4326)").format())
    if not parts:
        parts.append(SQL("id = id").format())
    statement = SQL("UPDATE {} SET {} WHERE {}").format(_table(layer), SQL(", ").join(parts), _row())
    async with database.write(caller) as connection:
        bound = {**draft.values, "geom": draft.geometry}
        await _touch(connection, layer, identifier, statement, bound, versions=versions)


async def remove_feature(
    database: Database, caller: Caller, layer: Layer, identifier: int, versions: Sequence[int] | None
) -> None:
    """Delete. ``Overtaken`` where none of ``versions`` (None: any) is the row's."""
    statement = SQL("DELETE FROM {} WHERE {}").format(_table(layer), _row())
    async with database.write(caller) as connection:
        await _touch(connection, layer, identifier, statement, {}, versions=versions)


async def read_version(database: Database, caller: Caller, layer: Layer, identifier: int) -> int | None:
    """The row's version, None where there is none that the caller may see."""
    statement = SQL("SELECT {} FROM {} WHERE id = %s").format(VERSION, Identifier(caller.schema, layer.name))
    async with database.read(caller) as connection:
        row = await (await connection.execute(statement, [identifier])).fetchone()
    return int(row[0]) if row else None


async def _touch(
    connection: AsyncConnection[tuple[Any, ...]],
    layer: Layer,
    identifier: int,
    statement: Composed,
    values: dict[str, Any],
    *,
    versions: Sequence[int] | None,
) -> None:
    bound = {**values, "row_id": identifier, "row_versions": None if versions is None else list(versions)}
    cursor = await connection.execute(statement, bound)
    if cursor.rowcount:
        return
    seen = SQL("SELECT {} FROM {} WHERE id = %s").format(VERSION, _table(layer))
    row = await (await connection.execute(seen, [identifier])).fetchone()
    if row is None:
        raise NotFound("Không có đối tượng này.", "There is no such feature.")
    if versions is not None and row[0] not in versions:
        raise Overtaken(
            "Có người khác đã sửa đối tượng này. Xin đọc lại rồi sửa.",
            "Someone else has changed this feature. Read it again first.",
        )
    raise Forbidden("Không có quyền sửa đối tượng này.", "No right to change this feature.")


def _table(layer: Layer) -> Identifier:
    return Identifier("core", layer.name)


def _row() -> Composed:
    any_version = SQL("(%(row_versions)s::bigint[] IS NULL OR {} = ANY (%(row_versions)s))").format(VERSION)
    return SQL("id = %(row_id)s AND {}").format(any_version)
