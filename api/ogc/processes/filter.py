"""The parameters of the job list (18-062r2, requirements class "Job list")."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from api.ogc.processes.offered import PROCESSES
from geo.calendar import start_of
from geo.errors import InvalidInput
from geo.features import parse_datetime
from geo.jobs import Filter, Status
from geo.types import parse_integer

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("type", "processID", "status", "datetime", "minDuration", "maxDuration")
TYPES = ("process",)
STATUSES: tuple[Status, ...] = get_args(Status)
SECONDS_MAX = 10**8


def job_filter(params: Mapping[str, str]) -> Filter:
    """Which jobs are asked for; days of ``datetime`` are Vietnam's. ``InvalidInput`` names a wrong one."""
    for kind in params.get("type", "process").split(","):
        if kind not in TYPES:
            raise InvalidInput("type", kind, "process", "process")
    asked = params["status"].split(",") if "status" in params else []
    for one in asked:
        if one not in STATUSES:
            raise InvalidInput("status", one, ", ".join(STATUSES), ", ".join(STATUSES))
    days = parse_datetime(params["datetime"]) if "datetime" in params else None
    return Filter(
        processes=_processes(params.get("processID")),
        statuses=tuple(known for known in STATUSES if known in asked),
        since=start_of(days.first) if days and days.first else None,
        until=start_of(days.last + timedelta(days=1)) if days and days.last else None,
        min_s=_seconds(params, "minDuration"),
        max_s=_seconds(params, "maxDuration"),
    )


def _processes(text: str | None) -> tuple[str, ...]:
    """Those that are offered here: other doors have jobs of their own, which are not listed."""
    asked = text.split(",") if text is not None else PROCESSES
    # One that is not offered finds nothing; without any the filter would be open.
    return tuple(name for name in asked if name in PROCESSES) or ("",)


def _seconds(params: Mapping[str, str], name: str) -> int | None:
    return parse_integer(name, params[name], 0, SECONDS_MAX) if name in params else None
