"""Around every request: an id, one structured log line, metrics and the browser's safety headers."""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from geo.settings import Settings

REQUESTS = Counter("diaban_requests_total", "Requests answered", ["method", "door", "status"])
SECONDS = Histogram(
    "diaban_request_seconds",
    "Time to answer",
    ["door"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SAFE_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
CONTENT_SECURITY = b"content-security-policy"
DOORS = ("ogc", "tiles", "styles", "api", "docs", "assets", "healthz", "readyz", "metrics")

log = structlog.get_logger()


def configure_logging(level: str) -> None:
    """One JSON object a line on standard output."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )


def content_security_policy(settings: Settings) -> str:
    """Only our own origin, and the host of a configured base map."""
    host = re.match(r"https?://[^/{]+", settings.basemap_tiles)
    extra = f" {host.group(0)}" if host else ""
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data: blob:{extra}; connect-src 'self'{extra}; manifest-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


@dataclass(frozen=True)
class Observed:
    """Pure ASGI: works for streams and server-sent events alike.

    The log line names the path without its query: queries may hold what people typed.
    """

    app: ASGIApp
    policy: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        asked = sent.decode("latin-1")
        request_id = asked if SAFE_ID.match(asked) else secrets.token_hex(16)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        begun = time.perf_counter()
        status = 500
        # A HEAD is the GET without its body (RFC 9110 §9.3.2); the doors need not know.
        head = scope["method"] == "HEAD"
        inner = {**scope, "method": "GET"} if head else scope

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # As bytes: a fifth of the time of a cached tile's whole answer went into lists of headers.
                headers = list(message["headers"])
                headers += (
                    (b"x-request-id", request_id.encode()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"same-origin"),
                )
                if all(name != CONTENT_SECURITY for name, _ in headers):
                    headers.append((CONTENT_SECURITY, self.policy.encode()))
                message["headers"] = headers
            elif head:
                # Whatever the kind of the message: a server that sends files by itself would send one.
                more = message.get("more_body", False)
                message = {"type": "http.response.body", "body": b"", "more_body": more}
            await send(message)

        try:
            await self.app(inner, receive, send_with_headers)
        finally:
            _record(scope, status, time.perf_counter() - begun)


def _record(scope: Scope, status: int, seconds: float) -> None:
    first = scope["path"].split("/", 2)[1]
    door = first if first in DOORS else "map"
    counted, timed = _figures(scope["method"], door, status)
    counted.inc()
    timed.observe(seconds)
    quiet = door in ("healthz", "readyz", "metrics", "assets")
    (log.debug if quiet else log.info)(
        "request",
        method=scope["method"],
        path=_path(scope["path"]),
        status=status,
        ms=round(seconds * 1000, 1),
    )


@lru_cache(maxsize=256)
def _figures(method: str, door: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, door, str(status)), SECONDS.labels(door)


def _path(path: str) -> str:
    # A tracking code opens a report to whoever reads the log.
    return re.sub(r"^(/api/reports/)(?!categories).+", r"\1…", path)
