"""The application as tests serve it: as it is, and patient, for the machine may do much else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import api.app
from api.ogc.processes import execution
from geo.database import pools
from tiles import service

if TYPE_CHECKING:
    from fastapi import FastAPI

# For a connection, a job or a tile; in the field who has waited for seconds is told to come again.
PATIENT_S = 300.0


def patient() -> None:
    """Let nobody be sent away because the machine is busy: for this process."""
    pools.WAIT_S = execution.SYNC_S = service.WAIT_S = PATIENT_S


def create_app() -> FastAPI:
    """For a server's process."""
    patient()
    return api.app.create_app()
