"""The process of a job imports what its own work needs: the rest costs seconds before it begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from api.ogc.processes.offered import PLACES, PROCESSES

ROOT = Path(__file__).parent.parent.parent
HEAVY = {"fastapi", "pandas", "geopandas", "pyogrio", "pyarrow", "scipy", "sqlalchemy", "structlog"}
OWN = {"echo": set[str](), "export": {"pyarrow"}}


@pytest.mark.parametrize("name", OWN)
def test_a_job_imports_its_own_work(name: str) -> None:
    told = "import sys, api.ogc.processes.__main__ as m; m.Located(m.PLACES)[sys.argv[1]]"
    told += "; print(*sys.modules)"
    command = [sys.executable, "-c", told, name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = set(done.stdout.split())
    assert "geo.jobs.child" in found
    assert found & HEAVY == OWN[name]


def test_every_process_is_where_its_line_says_and_named_as_it_says() -> None:
    assert list(PROCESSES) == list(PLACES) and len(PROCESSES) == len(PLACES)
    assert {name: one.description.id for name, one in PROCESSES.items()} == {name: name for name in PLACES}
    assert "nothing" not in PROCESSES and PROCESSES.get("nothing") is None
