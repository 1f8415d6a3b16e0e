"""The table in which a dataset waits: unlogged, so that filling it costs half; a crash empties it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composable, Identifier

from geo.datasets.names import OWNER, PACKED, READING_LOCK, matched, staged
from geo.tables.types import column_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg import Copy

    from geo.datasets.names import Db
    from layers.description import Layer


# Tables without a dataset that reads into them or waits.
ORPHANS = """
SELECT DISTINCT substring(relname FROM '\\d+$')::bigint FROM pg_class
 WHERE relnamespace = 'staging'::regnamespace AND relname ~ '^(dataset|match)_\\d+$'
   AND NOT EXISTS (SELECT FROM ops.dataset AS d WHERE d.id = substring(relname FROM '\\d+$')::bigint
                    AND d.state IN ('reading', 'staged'))
"""


def create(connection: Db, number: int, layer: Layer, columns: Sequence[str]) -> None:
    """Make the table: ``row_no`` of the file, the columns that it brings, ``geom``.

    Rows with personal data get their ids here: two tables must agree on them.
    """
    types = column_types(layer)
    parts: list[Composable] = [SQL("row_no bigint NOT NULL")]
    if layer.private_fields:
        make = "ops.random_id()" if layer.random_ids else f"nextval('core.{layer.name}_id_seq')"
        parts.append(SQL("new_id bigint NOT NULL DEFAULT " + make))
    parts += [SQL("{} " + types[name]).format(Identifier(name)) for name in columns]
    parts.append(SQL(f"geom public.geometry({layer.geometry}, 4326) NOT NULL"))
    with connection.transaction():
        connection.execute(OWNER)
        connection.execute(
            SQL("CREATE UNLOGGED TABLE {} ({}) WITH (autovacuum_enabled = false)").format(
                staged(number), SQL(", ").join(parts)
            )
        )


@contextmanager
def filling(connection: Db, number: int, columns: Sequence[str]) -> Iterator[Copy]:
    """A binary COPY into the staged table: row_no, the columns in order, geom as EWKB. One transaction."""
    with connection.transaction():
        connection.execute(OWNER)
        connection.execute(PACKED)
        statement = SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(
            staged(number), SQL(", ").join(map(Identifier, ("row_no", *columns, "geom")))
        )
        with connection.cursor().copy(statement) as copy:
            yield copy


def finish(connection: Db, number: int) -> int:
    """Index and statistics; how many rows there are."""
    with connection.transaction():
        connection.execute(OWNER)
        connection.execute(SQL("CREATE INDEX ON {} (row_no)").format(staged(number)))
        connection.execute(SQL("ANALYZE {}").format(staged(number)))
        row = connection.execute(SQL("SELECT count(*) FROM {}").format(staged(number))).fetchone()
        return int(row[0]) if row else 0


def drop(connection: Db, number: int) -> None:
    """Forget the staged rows and their matches."""
    with connection.transaction():
        connection.execute(OWNER)
        connection.execute(SQL("DROP TABLE IF EXISTS {}, {}").format(staged(number), matched(number)))


@contextmanager
def reading(connection: Db, number: int) -> Iterator[None]:
    """While a dataset is being read: says to others that somebody is at it."""
    connection.execute("SELECT pg_advisory_lock(%s, %s)", [READING_LOCK, number])
    try:
        yield
    finally:
        if not connection.closed and not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", [READING_LOCK, number])


def sweep(connection: Db) -> int:
    """Put away what readers left that were killed; how many datasets."""
    numbers = connection.execute("SELECT id FROM ops.dataset WHERE state = 'reading'").fetchall()
    swept = 0
    for (number,) in numbers:
        got = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [READING_LOCK, number]).fetchone()
        if not (got and got[0]):
            continue
        try:
            drop(connection, number)
            connection.execute("UPDATE ops.dataset SET state = 'abandoned' WHERE id = %s", [number])
            swept += 1
        finally:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", [READING_LOCK, number])
    for (number,) in connection.execute(ORPHANS).fetchall():
        drop(connection, number)
    return swept
