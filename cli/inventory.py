"""``python -m cli.inventory``: versions and rows of the database, for ``./diaban status``."""

from __future__ import annotations

import os
import platform
import sys

import psycopg
from psycopg import sql

from geo.settings import Settings

LAYERS = "SELECT name, description->'title'->>'vi' FROM ops.layer ORDER BY (description->>'order')::int, name"


def main() -> int:
    """Print a line for the versions and one for each layer."""
    try:
        with psycopg.connect(Settings().admin_dsn, connect_timeout=5) as connection:
            postgres, postgis = connection.execute(
                "SELECT current_setting('server_version'), "
                "(SELECT extversion FROM pg_extension WHERE extname = 'postgis')"
            ).fetchone() or ("?", "?")
            print(f"{'Phiên bản · versions':<28} Python {platform.python_version()}, ", end="")
            print(f"PostgreSQL {postgres.split()[0]}, PostGIS {postgis}")
            for name, title in connection.execute(LAYERS).fetchall():
                query = sql.SQL("SELECT count(*) FROM core.{}").format(sql.Identifier(name))
                row = connection.execute(query).fetchone()
                print(f"  {name:<26} {row[0] if row else 0:>9}  {title}")
    except BrokenPipeError:
        # The reader of our output has seen enough (`./diaban status | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except psycopg.Error as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
