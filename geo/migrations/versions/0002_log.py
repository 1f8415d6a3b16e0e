"""The change log's trigger with kept plans: an edit of one row pays half of what it did."""

from pathlib import Path

from alembic import op

from geo.database.scripts import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_script(op.get_bind(), Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
