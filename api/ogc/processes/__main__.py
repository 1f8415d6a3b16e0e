"""``python -m api.ogc.processes``: one job, named on standard input (:mod:`geo.jobs.child`)."""

import sys

from api.imports_job import JOBS
from api.ogc.processes.offered import PROCESSES
from geo.jobs.child import work

if __name__ == "__main__":
    sys.exit(work({**PROCESSES, **JOBS}))
