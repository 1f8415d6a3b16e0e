"""What must hold in the database before anything is served; asserted at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, LiteralString

from psycopg import sql

from geo.database.caller import Caller, Claims

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import AsyncConnection

    from geo.database.pools import Database

LEAKPROOF: LiteralString = """
SELECT NOT proleakproof FROM pg_proc
 WHERE oid = 'public.geometry_overlaps(public.geometry, public.geometry)'::regprocedure
"""
ROLES: LiteralString = """
SELECT string_agg(rolname, ', ') FROM pg_roles
 WHERE rolname IN ('diaban_public', 'diaban_reader', 'diaban_writer', 'diaban_pump')
   AND (rolsuper OR rolbypassrls OR rolcreaterole
        OR EXISTS (SELECT 1 FROM pg_class WHERE relowner = pg_roles.oid))
"""
OPEN_TABLES: LiteralString = """
SELECT string_agg(relname, ', ') FROM pg_class
 WHERE relnamespace = 'core'::regnamespace AND relkind = 'r' AND relname = ANY (%s)
   AND NOT (relrowsecurity AND relforcerowsecurity)
"""
NOBODY = Caller(Claims("startup-check", 1))


async def failures(db: Database, layers: Iterable[str]) -> list[str]:
    """Sentences about what does not hold; empty when all does."""
    found: list[str] = []
    async with db.read(NOBODY) as connection:
        if await _value(connection, LEAKPROOF, []):
            found.append("geometry_overlaps is not LEAKPROOF: policies would cost the spatial index")
        if roles := await _value(connection, ROLES, []):
            found.append(f"login roles with too many rights: {roles}")
        if tables := await _value(connection, OPEN_TABLES, [list(layers)]):
            found.append(f"tables without forced row-level security: {tables}")
        for layer in layers:
            if not await spatial_index_used(connection, layer):
                found.append(f"core.{layer}: the plan for && has no index condition under its policies")
    return found


async def spatial_index_used(connection: AsyncConnection[tuple[Any, ...]], layer: str) -> bool:
    """Whether the canonical box question of ``layer`` may use its GiST index as this connection's role."""
    await connection.execute("SET LOCAL enable_seqscan = off")
    question = sql.SQL("EXPLAIN SELECT 1 FROM {} WHERE geom_3857 && ST_TileEnvelope(14, 13000, 7700)").format(
        sql.Identifier(layer)
    )
    plan = await (await connection.execute(question)).fetchall()
    return any("Index Cond" in line for (line,) in plan)


async def _value(connection: AsyncConnection[tuple[Any, ...]], query: LiteralString, args: list[Any]) -> Any:  # noqa: ANN401
    row = await (await connection.execute(query, args)).fetchone()
    return row[0] if row else None
