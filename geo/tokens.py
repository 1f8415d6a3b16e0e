"""Tokens of signed-in callers: made once, shown once, kept as a hash, revoked at once."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, cast

import psycopg

from geo.database import Caller, Claims
from geo.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from geo.database import Database
    from geo.settings import Settings

PREFIX = "dbn_"


def issue(settings: Settings, claims: Claims, days: int = 90) -> str:
    """A new token for ``claims``, valid for ``days``. The token cannot be read back later."""
    token = PREFIX + secrets.token_urlsafe(32)
    with psycopg.connect(settings.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO ops.token (hash, subject, clearance, units, expires_at) "
            "VALUES (%s, %s, %s, %s, now() + make_interval(days => %s))",
            [_hash(token), claims.subject, claims.clearance, list(claims.units), days],
        )
    return token


def revoke(settings: Settings, subject: str) -> int:
    """End all tokens of ``subject``; how many there were."""
    with psycopg.connect(settings.admin_dsn) as connection:
        done = connection.execute(
            "UPDATE ops.token SET revoked_at = now() WHERE subject = %s AND revoked_at IS NULL", [subject]
        )
        return done.rowcount


async def caller_of(db: Database, token: str) -> Caller:
    """The caller who holds ``token``; :class:`geo.errors.Unauthenticated` for an unknown or ended one."""
    async with db.write(Caller.anonymous()) as connection:
        row: Sequence[object] | None = await (
            await connection.execute("SELECT * FROM auth.token_claims(%s)", [_hash(token)])
        ).fetchone()
    if row is None:
        raise Unauthenticated(
            "Mã truy cập không đúng hoặc đã hết hạn.", "The access token is not valid or has expired."
        )
    subject, clearance, units = cast("tuple[str, Literal[0, 1, 2], list[str]]", tuple(row))
    return Caller(Claims(subject, clearance, tuple(units)))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
