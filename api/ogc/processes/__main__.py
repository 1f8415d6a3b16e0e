"""``python -m api.ogc.processes``: one job, named on standard input (:mod:`geo.jobs.child`)."""

import sys

from api.ogc.processes.offered import PLACES, Located
from geo.jobs.child import work
from geo.jobs.types import Process

# Not offered to everybody: the work behind a door of its own.
BEHIND_DOORS = {"import": "api.imports.job:ImportJob"}

if __name__ == "__main__":
    jobs: Located[Process] = Located({**PLACES, **BEHIND_DOORS})
    sys.exit(work(jobs))
