"""``python -m tiles.ladder LAYER [--plan]``: build what is stale of one ladder, or plan it anew.

A process of its own: geometry is where time and memory run away, so it has limits and can be killed; the
server's event loop never waits for it. The database is named by ``DIABAN_LADDER_DSN``.
"""

from __future__ import annotations

import os
import resource
import sys
import time

import psycopg

from geo.calendar import today_ict
from tiles.ladder.ahead import draw_ahead
from tiles.ladder.build import build_stale
from tiles.ladder.keeper import DSN, layer_of
from tiles.ladder.plan import make_plan
from tiles.ladder.points import recount

MEMORY_BYTES = 4 * 1024**3
CPU_S = 1_800
NICE = 10
# Then the keeper looks whether another layer has something more urgent.
DRAW_S = 20.0
# One builder a layer, whoever started it.
LOCK = "SELECT pg_try_advisory_lock(hashtext('diaban ladder'), hashtext(%s))"


def run(name: str, *, plan: bool) -> int:
    """Do the work; 0, also where another process is at it."""
    with psycopg.connect(os.environ[DSN], autocommit=True, application_name="diaban-ladder") as connection:
        layer = layer_of(connection, name)
        locked = connection.execute(LOCK, [name]).fetchone()
        if locked is None or not locked[0]:
            return 0
        if plan:  # the lock above is of the session: planning keeps it to its end
            make_plan(connection, layer, today_ict(), _tell)
        until = time.monotonic() + DRAW_S
        more = 1
        while more and time.monotonic() < until:
            while build_stale(connection, layer, today_ict()) or recount(connection, layer, today_ict()):
                pass
            more = draw_ahead(connection, layer, today_ict())
    return 0


def _tell(zoom: int) -> None:
    print(zoom, flush=True)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    os.nice(NICE)
    sys.exit(run(sys.argv[1], plan="--plan" in sys.argv[2:]))
