"""PostgreSQL ≥ 15 with PostGIS: found on the machine, else installed from the distribution."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from cli.bootstrap import apt
from cli.bootstrap.problem import Stop
from cli.bootstrap.terminal import step

OLDEST = 15
CREATECLUSTER = Path("/etc/postgresql-common/createcluster.conf")
WHAT_VI = "PostgreSQL ≥ 15 kèm PostGIS"
WHAT_EN = "PostgreSQL ≥ 15 with PostGIS"
# The package archive of the PostgreSQL project itself, for distributions that are behind.
FROM_THE_PROJECT = (
    "sudo apt-get install -y postgresql-common && sudo sh -c '/usr/share/postgresql-common/pgdg/*.sh -y'"
    " && sudo apt-get install -y postgresql-17-postgis-3"
)


class Installation(NamedTuple):
    """One PostgreSQL with PostGIS."""

    major: int
    bin: Path


def prepare() -> None:
    """Have a PostgreSQL with PostGIS on the machine."""
    if installations():
        return
    if apt.permitted():
        with step(f"Cài {WHAT_VI}", f"Installing {WHAT_EN}"):
            _install()
    if not installations():
        raise apt.missing([offered() or "postgresql-15-postgis-3"], WHAT_VI, WHAT_EN)


def installations() -> list[Installation]:
    """What is installed and new enough, newest first."""
    folders = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    config = shutil.which("pg_config")
    if config:
        folders.append(Path(_ask(config, "--bindir")))
    found = {entry for entry in map(_inspect, folders) if entry is not None}
    return sorted(found, reverse=True)


def choose(major: int | None) -> Installation:
    """The installation for a data directory of version ``major``; the newest for a new one."""
    here = installations()
    for entry in here:
        if major is None or entry.major == major:
            return entry
    if major is None:
        raise apt.missing([offered() or "postgresql-15-postgis-3"], WHAT_VI, WHAT_EN)
    packages = [f"postgresql-{major}-postgis-3"]
    raise apt.missing(
        packages,
        f"PostgreSQL {major} (dữ liệu ở đây do nó ghi)",
        f"PostgreSQL {major}, which wrote this data,",
    )


def offered() -> str | None:
    """The distribution's newest package of PostGIS for a PostgreSQL that is new enough."""
    if not apt.available():
        return None
    pattern = r"^postgresql-[0-9]+-postgis-[0-9]+$"
    listed = subprocess.run(
        ["apt-cache", "search", "--names-only", pattern], capture_output=True, text=True, check=False
    ).stdout
    return newest(listed)


def newest(listed: str) -> str | None:
    """The best of ``apt-cache search``'s lines."""
    found = re.findall(r"^(postgresql-(\d+)-postgis-(\d+))\b", listed, re.MULTILINE)
    usable = [(int(major), int(postgis), name) for name, major, postgis in found if int(major) >= OLDEST]
    return max(usable)[2] if usable else None


def _install() -> None:
    apt.update()
    package = offered()
    if package is None:
        raise Stop(
            f"Bản phân phối này không có {WHAT_VI}, hãy gõ: {FROM_THE_PROJECT}",
            f"This distribution has no {WHAT_EN}, type: {FROM_THE_PROJECT}",
        )
    apt.fetch(["postgresql-common"])
    # Debian's package would create and start a cluster of the machine's own; ours is private.
    before = CREATECLUSTER.read_text("utf-8") if CREATECLUSTER.exists() else ""
    CREATECLUSTER.write_text(before + "\ncreate_main_cluster = false\n", "utf-8")
    try:
        apt.fetch([package])
    finally:
        CREATECLUSTER.write_text(before, "utf-8")


def _inspect(folder: Path) -> Installation | None:
    if not (folder / "initdb").exists():
        return None
    version = re.search(r"(\d+)\.", _ask(str(folder / "postgres"), "--version"))
    if version is None or int(version[1]) < OLDEST:
        return None
    major = int(version[1])
    shares = [
        Path(f"/usr/share/postgresql/{major}"),
        folder.parent / "share",
        folder.parent / "share/postgresql",
    ]
    has_postgis = any((share / "extension" / "postgis.control").exists() for share in shares)
    return Installation(major, folder.resolve()) if has_postgis else None


def _ask(program: str, question: str) -> str:
    try:
        answer = subprocess.run([program, question], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return answer.stdout.strip()
