"""Our own processes in a bench: what they are told, and how a server of one worker is started."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geo.settings import Settings

SECRET = "only-for-benchmarks-0123456789"


def environment(settings: Settings) -> dict[str, str]:
    """The variables that lead a process to the bench's database; it logs errors only."""
    return {
        "DIABAN_DATABASE_URL": settings.database_url,
        "DIABAN_SECRET": settings.secret.get_secret_value(),
        "DIABAN_HOME": str(settings.home),
        "DIABAN_LOG_LEVEL": "ERROR",
    }


def server(port: int) -> list[str]:
    """The command of one worker on a port of the loopback."""
    granian = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "api.app:create_app"]
    return [*granian, "--workers", "1", "--port", str(port)]
