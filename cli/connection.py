"""Which database the commands and the application speak to, and the environment that tells them."""

from __future__ import annotations

import os

from cli.bootstrap.paths import REPO, Home
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import without_libpq
from cli.cluster import Cluster

URL = "DIABAN_DATABASE_URL"


# What the person gave, kept when `enter` replaces this process's environment.
_given: dict[str, str] = {}


def given() -> dict[str, str]:
    """The environment as the person set it."""
    return _given or dict(os.environ)


def external() -> bool:
    """Whether the person named a database of their own, so that no cluster is ours to start."""
    return bool(given().get(URL))


def environment(home: Home) -> dict[str, str]:
    """Environment of everything that opens the database: its address, and where the secret lies."""
    more = {"DIABAN_HOME": str(home.root), "PYTHONPATH": str(REPO)}
    if not (given().get("DIABAN_SECRET") or given().get("DIABAN_SECRET_FILE")):
        home.secret()
        more["DIABAN_SECRET_FILE"] = str(home.secret_file)
    province = home.state().get("province") or {}
    for variable, value in (("DIABAN_PROVINCE_CODE", "code"), ("DIABAN_PROVINCE_NAME", "name")):
        if province.get(value):
            # Of the boundaries that were loaded with --wards; what the person says goes before.
            more[variable] = given().get(variable) or province[value]
    if external():
        # libpq's own settings (certificates, a service file) are part of how the person reaches it.
        return {**given(), **more}
    return {**without_libpq(given()), **more, URL: Cluster(home.root).admin_url}


def enter(home: Home) -> None:
    """Make this process one that speaks to the database, which must be running."""
    if not external() and not Cluster(home.root).is_running():
        raise Stop(
            "Diaban chưa chạy, hãy gõ: ./diaban up", "Diaban is not running, type: ./diaban up", code=3
        )
    wanted = environment(home)
    _given.update(given())
    os.environ.clear()
    os.environ.update(wanted)
    os.chdir(REPO)
