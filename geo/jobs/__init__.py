"""Jobs: work that outlives a request, kept in PostgreSQL and done in processes that can be killed.

The doors ask through :mod:`geo.jobs.store`; :func:`geo.jobs.worker.run_worker` claims jobs and starts one
process for each, which runs :func:`geo.jobs.child.work`. Nothing here knows what a process does.
"""

from geo.jobs.store import Filter, create, discard, dismiss, listed, read, waited
from geo.jobs.types import ACTIVE, Asked, Job, Output, Process, Status, Task

__all__ = [
    "ACTIVE",
    "Asked",
    "Filter",
    "Job",
    "Output",
    "Process",
    "Status",
    "Task",
    "create",
    "discard",
    "dismiss",
    "listed",
    "read",
    "waited",
]
