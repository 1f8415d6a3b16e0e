"""Publishing: a layer's description becomes its tables, rights and entry in the catalogue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.schema import CreateColumn, CreateTable

from geo.database.scripts import run_script
from geo.errors import Conflict
from geo.tables import rules
from geo.tables.columns import core_table, private_table, pub_table
from layers.registry import BUILT_IN, load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Table
    from sqlalchemy.types import TypeEngine

    from geo.settings import Settings
    from layers.description import Layer

# Behaviour beyond a layer (routing, cases) brings its own SQL; it runs after the layers' tables are there:
# room by room in the order of their names, a room's one file or the files of its folder in theirs.
ROOMS = Path(__file__).parent
INSTALL = sorted([*ROOMS.glob("*/install.sql"), *ROOMS.glob("*/install/*.sql")])
PUBLISH_LOCK = 7_236_002


def publish_folders(settings: Settings, folders: Iterable[Path] = ()) -> list[str]:
    """Publish the built-in layers, those of ``settings.layers_dirs`` and of ``folders``; their names.

    One transaction. Raises ``ValueError`` for a wrong description and :class:`geo.errors.Conflict` where a
    description contradicts the table that is there.
    """
    described = load((BUILT_IN, *settings.layers_dirs, *folders))
    engine = create_engine(settings.admin_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PUBLISH_LOCK})
            for layer in described.values():
                publish(connection, layer)
            for script in INSTALL:
                run_script(connection, script.read_text(encoding="utf-8"))
    finally:
        engine.dispose()
    return list(described)


def publish(connection: Connection, layer: Layer) -> None:
    """Make or extend one layer's tables and put its description into the catalogue."""
    for table in (core_table(layer), pub_table(layer), private_table(layer)):
        if table is not None:
            _create_or_extend(connection, table)
            connection.exec_driver_sql(f"ALTER TABLE {table.fullname} OWNER TO diaban_owner")
    for make in (rules.indexes, rules.projection, rules.policies, rules.personal_data):
        for statement in make(layer):
            run_script(connection, statement)
    connection.execute(
        text(
            "INSERT INTO ops.layer (name, description) VALUES (:name, :description) "
            "ON CONFLICT (name) DO UPDATE SET description = excluded.description, "
            "revision = nextval('ops.layer_revision'), published_at = now() "
            "WHERE ops.layer.description <> excluded.description"
        ),
        {"name": layer.name, "description": json.dumps(layer.model_dump(mode="json"))},
    )
    connection.execute(
        text("INSERT INTO ops.layer_state (layer) VALUES (:name) ON CONFLICT DO NOTHING"),
        {"name": layer.name},
    )


def _create_or_extend(connection: Connection, table: Table) -> None:
    inspector = inspect(connection)
    if not inspector.has_table(table.name, schema=table.schema):
        connection.execute(CreateTable(table))
        return
    there = {column["name"]: column["type"] for column in inspector.get_columns(table.name, table.schema)}
    for column in table.columns:
        if column.name not in there:
            _add_column(connection, table, column.name)
        elif column.computed is None and not _same_type(connection, there[column.name], column.type):
            raise Conflict(
                f"Lớp {table.fullname}: cột {column.name} đã có với kiểu {there[column.name]}.",
                f"Layer {table.fullname}: the column {column.name} is there with type {there[column.name]}.",
            )


def _add_column(connection: Connection, table: Table, name: str) -> None:
    definition = CreateColumn(table.columns[name]).compile(dialect=connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {table.fullname} ADD COLUMN {definition}")


def _same_type(connection: Connection, there: TypeEngine[Any], wanted: TypeEngine[Any]) -> bool:
    return str(there.compile(connection.dialect)).upper() == str(wanted.compile(connection.dialect)).upper()
