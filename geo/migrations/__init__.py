"""Alembic's migrations of everything but the layers' own tables (those follow from the layer folders)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from geo.database.roles import ensure_roles

if TYPE_CHECKING:
    from geo.settings import Settings

HERE = Path(__file__).parent
LEAKPROOF = text("ALTER FUNCTION public.geometry_overlaps(public.geometry, public.geometry) LEAKPROOF")


def upgrade(settings: Settings) -> None:
    """Bring the database to the newest revision and the login roles to the passwords of this deployment.

    Idempotent. Raises SQLAlchemy's or psycopg's error where ``database_url`` may not do this.
    """
    engine = create_engine(settings.admin_url)
    try:
        with engine.begin() as connection:
            ensure_roles(connection, settings)
            config = Config()
            config.set_main_option("script_location", str(HERE))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            # As shipped no PostGIS function is leakproof, and under a policy PostgreSQL then drops the GiST
            # index for && (docs/adr/0001). geometry_overlaps compares two boxes and raises no error that
            # depends on a row. Not part of a revision: dump and restore, or an update of PostGIS, drop it.
            connection.execute(LEAKPROOF)
    finally:
        engine.dispose()
