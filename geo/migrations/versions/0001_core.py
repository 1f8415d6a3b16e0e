"""Schemas, rights, the change log and Vietnam's coordinate systems."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

from geo.crs import srid_rows
from geo.database.scripts import run_script

revision = "0001"
down_revision = None

INSERT_SRID = sa.text(
    "INSERT INTO public.spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text) "
    "VALUES (:srid, :auth_name, :auth_srid, :srtext, :proj4text) ON CONFLICT (srid) DO UPDATE SET "
    "auth_name = excluded.auth_name, auth_srid = excluded.auth_srid, "
    "srtext = excluded.srtext, proj4text = excluded.proj4text"
)


def upgrade() -> None:
    """Run the SQL beside this file, then register the VN-2000 systems pinned to EPSG:6960."""
    connection = op.get_bind()
    for name in ("0001_rights.sql", "0001_changes.sql"):
        run_script(connection, Path(__file__).with_name(name).read_text(encoding="utf-8"))
    names = ("srid", "auth_name", "auth_srid", "srtext", "proj4text")
    for row in srid_rows():
        connection.execute(INSERT_SRID, dict(zip(names, row, strict=True)))
