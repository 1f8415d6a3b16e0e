"""Waiting until what was committed is what the applications know: for tests that look at what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg
    from fastapi import FastAPI

UNREAD = """
SELECT EXISTS (SELECT FROM ops.change_log AS log, ops.pump_cursor AS cursor
                WHERE (log.xid, log.seq) > (cursor.xid, cursor.seq))
"""


def caught_up(admin: psycopg.Connection, *apps: FastAPI) -> bool:
    """Whether the pump has read all of the log, and each application has acknowledged what it made of it."""
    unread = admin.execute(UNREAD).fetchone()
    epochs: dict[str, int] = dict(admin.execute("SELECT layer, epoch FROM ops.layer_state").fetchall())
    return unread == (False,) and all(app.state.catalogue.epochs == epochs for app in apps)
