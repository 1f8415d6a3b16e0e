"""What the doors ask for: the database, the catalogue, the settings, and who is calling."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, cast

from fastapi import Depends, Request

from geo.catalogue import Catalogue
from geo.changes.listener import Broadcast
from geo.database import Caller, Database
from geo.errors import Unauthenticated
from geo.settings import Settings
from geo.tokens import caller_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# What no parser has to look at; it is in pages and documents.
PLAIN_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(:[0-9]{1,5})?")


def db(request: Request) -> Database:
    """The worker's pools."""
    return cast("Database", request.app.state.db)


def catalogue(request: Request) -> Catalogue:
    """The published layers."""
    return cast("Catalogue", request.app.state.catalogue)


def settings(request: Request) -> Settings:
    """The deployment's choices."""
    return cast("Settings", request.app.state.settings)


def broadcast(request: Request) -> Broadcast:
    """The hub of changes for open maps."""
    return cast("Broadcast", request.app.state.broadcast)


async def caller(request: Request) -> Caller:
    """Who calls: anonymous without an ``Authorization`` header, else the holder of the bearer token."""
    header = request.headers.get("authorization")
    if header is None:
        return Caller.anonymous()
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(
            "Chỉ nhận tiêu đề «Authorization: Bearer <mã truy cập>».",
            "Only the header 'Authorization: Bearer <access token>' is taken.",
        )
    return await caller_of(request.app.state.db, token.strip())


def client_address(request: Request) -> str | None:
    """The caller's address: behind a trusted proxy the one that it names, else that of the connection."""
    if settings(request).trust_proxy:
        # The last entry is our own proxy's word; those before it are whatever the client wrote.
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return request.client.host if request.client else None


def base_url(request: Request) -> str:
    """The public address without a slash at the end: the configured one, else that of the request."""
    chosen = cast("Settings", request.app.state.settings).public_url
    host = request.headers.get("host", "")
    if not chosen and PLAIN_HOST.fullmatch(host):  # as Starlette has it, which takes its time
        return f"{request.scope['scheme']}://{host}{request.scope.get('root_path', '')}".rstrip("/")
    return (chosen or str(request.base_url)).rstrip("/")


def _at_once[T](function: Callable[[Request], T]) -> Callable[[Request], Awaitable[T]]:
    """``function`` as FastAPI runs it on the event loop: a plain one goes to a thread and costs 0.3 ms."""

    async def dependency(request: Request) -> T:
        return function(request)

    return dependency


Db = Annotated[Database, Depends(_at_once(db))]
Layers = Annotated[Catalogue, Depends(_at_once(catalogue))]
Chosen = Annotated[Settings, Depends(_at_once(settings))]
Who = Annotated[Caller, Depends(caller)]
BaseUrl = Annotated[str, Depends(_at_once(base_url))]
Changes = Annotated[Broadcast, Depends(_at_once(broadcast))]
