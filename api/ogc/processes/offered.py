"""The processes that are offered. A new one is a module beside this and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.ogc.processes.check_import import CheckImport
from api.ogc.processes.echo import Echo
from api.ogc.processes.export import Export
from api.ogc.processes.hotspots import Hotspots

if TYPE_CHECKING:
    from api.ogc.processes.process import Offered

PROCESSES: dict[str, Offered] = {
    one.description.id: one for one in (Export(), CheckImport(), Hotspots(), Echo())
}
