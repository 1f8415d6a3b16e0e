"""Processes for the tests of jobs, as a program like the product's own (``api.ogc.processes``)."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from geo.errors import InvalidInput
from geo.jobs import Output
from geo.jobs.child import work
from layers.description import Text

if TYPE_CHECKING:
    from geo.jobs import Task


class Write:
    async def run(self, task: Task) -> dict[str, Output]:
        (task.folder / "out.txt").write_text(task.inputs["text"], "utf-8")
        return {"file": Output("text/plain", file="out.txt")}


class Held:
    """At work until it is let go by a file of the home, which ``gate`` names."""

    async def run(self, task: Task) -> dict[str, Output]:
        while not (task.settings.home / task.inputs["gate"]).exists():
            task.tell(50, Text(vi="đang làm", en="at work"))
            await asyncio.sleep(0.05)
        attempt = task.folder.name.rpartition(".")[2]
        with (task.settings.home / "marks.txt").open("a") as marks:
            marks.write(f"{task.inputs['gate']} {attempt}\n")
        return {}


class Die:
    async def run(self, task: Task) -> dict[str, Output]:
        os.abort()


class DieOnce:
    async def run(self, task: Task) -> dict[str, Output]:
        if task.folder.name.endswith(".1"):
            os.abort()
        return {}


class Refuse:
    async def run(self, task: Task) -> dict[str, Output]:
        raise InvalidInput("text", "x", "y", "y")


class Defect:
    async def run(self, task: Task) -> dict[str, Output]:
        raise RuntimeError("secret of the server")


class Farms:
    async def run(self, task: Task) -> dict[str, Output]:
        async with task.database.read(task.caller) as connection:
            row = await (await connection.execute("SELECT count(*) FROM farms")).fetchone()
        assert row is not None
        return {"count": Output("application/json", row[0])}


PROCESSES = {
    "write": Write(),
    "held": Held(),
    "die": Die(),
    "die_once": DieOnce(),
    "refuse": Refuse(),
    "defect": Defect(),
    "farms": Farms(),
}

if __name__ == "__main__":
    sys.exit(work(PROCESSES))
