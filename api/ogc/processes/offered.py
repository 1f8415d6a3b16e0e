"""The processes that are offered. A new one is a module beside this and a line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from api.ogc.processes.process import Offered
    from geo.jobs.types import Process


class Located[P: Process](Mapping[str, P]):
    """Processes by id, each imported when it is first asked for.

    The process of a job imports its own and no other: all together, with what they read and calculate by,
    cost three seconds of a core before the work begins.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places
        self._made: dict[str, P] = {}

    def __getitem__(self, name: str) -> P:
        if name not in self._made:
            module, _, kind = self._places[name].partition(":")
            self._made[name] = cast("P", getattr(import_module(module), kind)())
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


PLACES = {
    "export": "api.ogc.processes.export:Export",
    "check-import": "api.ogc.processes.check_import:CheckImport",
    "hotspots": "api.ogc.processes.hotspots:Hotspots",
    "echo": "api.ogc.processes.echo:Echo",
}
PROCESSES: Located[Offered] = Located(PLACES)
