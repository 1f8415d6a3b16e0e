"""What landings replaced, row by row and exactly: ``staging.before_<layer>``.

A line is a row of the layer as it was, personal data included, with the dataset that changed it and how.
Inserted rows need no line: they bear the dataset's stamp.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg.sql import SQL, Composed, Identifier

from geo.datasets.names import before, core, private
from geo.tables.types import column_types

if TYPE_CHECKING:
    from geo.datasets.names import Db
    from layers.description import Layer


def columns(layer: Layer) -> tuple[list[str], list[str]]:
    """Columns of the layer's own table that are kept (what is computed is not), and of its personal data."""
    personal = [each.name for each in layer.private_fields]
    system = ["id", "visibility", "unit", *(["valid_from", "valid_to"] if layer.valid_time else [])]
    own = [each.name for each in layer.fields if each.visible != "private"]
    return [*system, *own, "created_at", "updated_at"], personal


def ready(connection: Db, layer: Layer) -> None:
    """Make the journal of a layer, or give it the columns that the layer has got since."""
    own, personal = columns(layer)
    types = column_types(layer)
    connection.execute(
        SQL(
            "CREATE TABLE IF NOT EXISTS {} (dataset bigint NOT NULL, op text NOT NULL, had_personal boolean "
            "NOT NULL DEFAULT false, geom public.geometry NOT NULL, PRIMARY KEY (dataset, id), {})"
        ).format(before(layer.name), _typed([*own, *personal], types))
    )
    for name in [*own, *personal]:
        connection.execute(
            SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {}").format(
                before(layer.name), _typed([name], types)
            )
        )


def keep(connection: Db, number: int, layer: Layer, how: str, which: Composed) -> int:
    """Keep rows (c) of the layer before they are changed; how many."""
    own, personal = columns(layer)
    join = SQL("LEFT JOIN {} AS p ON p.id = c.id").format(private(layer.name)) if personal else SQL("")
    done = connection.execute(
        SQL(
            "INSERT INTO {before} (dataset, op, had_personal, geom, {names}) "
            "SELECT {number}, {how}, {had}, c.geom, {values} FROM {core} AS c {join} WHERE {which}"
        ).format(
            before=before(layer.name),
            names=SQL(", ").join(map(Identifier, [*own, *personal])),
            number=number,
            how=how,
            had=SQL("p.id IS NOT NULL") if personal else SQL("false"),
            values=SQL(", ").join(
                [SQL("c.{}").format(Identifier(name)) for name in own]
                + [SQL("p.{}").format(Identifier(name)) for name in personal]
            ),
            core=core(layer.name),
            join=join,
            which=which,
        )
    )
    return done.rowcount


def _typed(names: list[str], types: dict[str, str]) -> Composed:
    return SQL(", ").join(SQL("{} " + types[name]).format(Identifier(name)) for name in names)
