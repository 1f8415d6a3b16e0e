"""Alembic's entry: it runs in the connection and transaction that :func:`geo.migrations.upgrade` opened."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="migration", version_table_schema="public")
context.run_migrations()
