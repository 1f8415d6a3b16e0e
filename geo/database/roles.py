"""The login roles and their limits. Schemas and grants come from the migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from geo.settings import ROLES

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from geo.settings import Settings

OWNER = "diaban_owner"
SEARCH_PATH = {
    "diaban_public": "pub, ops, public",
    "diaban_reader": "core, ops, public",
    "diaban_writer": "core, ops, public",
    "diaban_pump": "ops, public",
}
# Two migrations of a database must not create the same role at once. (Of two databases of one cluster they
# may: advisory locks are a database's own. One of them then fails, has changed nothing, and is run again.)
ROLE_LOCK = 7_236_001


def ensure_roles(connection: Connection, settings: Settings) -> None:
    """Create what is missing; set passwords, paths and timeouts (so that no query runs without one).

    None of the login roles owns anything, is superuser or bypasses row-level security.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ROLE_LOCK})
    found = set(connection.scalars(text("SELECT rolname FROM pg_roles WHERE rolname LIKE 'diaban_%'")))
    if OWNER not in found:
        connection.execute(text(f"CREATE ROLE {OWNER} NOLOGIN"))
    for role in ROLES:
        if role not in found:
            connection.execute(
                text(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
            )
        for statement in _limits(role, settings):
            connection.execute(text(statement))


def _limits(role: str, settings: Settings) -> list[str]:
    # ALTER ROLE takes no parameters; the password is hexadecimal digits, the rest are constants and integers.
    return [
        f"ALTER ROLE {role} PASSWORD '{settings.role_password(role)}'",
        f"ALTER ROLE {role} SET search_path = {SEARCH_PATH[role]}",
        f"ALTER ROLE {role} SET statement_timeout = {settings.statement_timeout_ms}",
        f"ALTER ROLE {role} SET lock_timeout = 2000",
        f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = 15000",
        f"ALTER ROLE {role} SET default_transaction_read_only = {'off' if _writes(role) else 'on'}",
        f"ALTER ROLE {role} SET timezone = 'Asia/Ho_Chi_Minh'",
        f"ALTER ROLE {role} SET jit = off",
    ]


def _writes(role: str) -> bool:
    return role in ("diaban_writer", "diaban_pump")
