"""The browser application: built when its sources changed, into ``web_map/dist``."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

from cli.bootstrap import apt
from cli.bootstrap.paths import REPO, TOOLS, write_whole
from cli.bootstrap.problem import Stop
from cli.bootstrap.process import run_quietly
from cli.bootstrap.terminal import step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WEB = REPO / "web_map"
STAMP = TOOLS / "web.json"
LOG = TOOLS / "log" / "web.log"
# Vite 7 and 8 start from this release on.
OLDEST_NODE = (20, 19)
# Not sources of the build.
ASIDE = {"node_modules", "dist", "coverage", "tests"}


def prepare() -> None:
    """Build the application unless the last build was of the same sources."""
    if not (WEB / "package.json").exists():
        return
    wanted = fingerprint(WEB)
    if (WEB / "dist" / "index.html").exists() and _stamps().get("build") == wanted:
        return
    npm = prepare_packages()
    with step("Dựng bản đồ cho trình duyệt", "Building the browser application"):
        try:
            run_quietly([npm, "run", "build"], LOG, WEB)
        except Stop:
            # A package whose install script matters: give all of them their scripts, then try once more.
            run_quietly([npm, "ci", "--no-audit", "--no-fund"], LOG, WEB)
            run_quietly([npm, "run", "build"], LOG, WEB)
    _remember(build=wanted)


def prepare_packages() -> str:
    """Install the locked npm packages unless they are; the path of npm."""
    npm = _npm()
    wanted = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if (WEB / "node_modules").exists() and _stamps().get("packages") == wanted:
        return npm
    with step("Cài các gói npm", "Installing the npm packages"):
        # Packages run no code of their own here: --ignore-scripts.
        run_quietly([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], LOG, WEB)
    _remember(packages=wanted)
    return npm


def fingerprint(folder: Path) -> str:
    """SHA-256 over the names and contents of all sources."""
    digest = hashlib.sha256()
    for file in _sources(folder):
        digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name in ASIDE or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _sources(entry)
        else:
            yield entry


def _npm() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise apt.missing(["nodejs", "npm"], "Node.js ≥ 20.19 và npm", "Node.js ≥ 20.19 with npm")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if not new_enough(said):
        raise Stop(
            f"Cần Node.js ≥ 20.19, máy này có {said}, hãy gõ: sudo npm install -g n && sudo n 22",
            f"Node.js ≥ 20.19 is needed, here is {said}, type: sudo npm install -g n && sudo n 22",
        )
    return npm


def new_enough(version: str) -> bool:
    """Whether ``node --version``'s answer is 20.19 or later."""
    match = re.match(r"^v(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST_NODE


def _stamps() -> dict[str, str]:
    try:
        found = json.loads(STAMP.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(**values: str) -> None:
    STAMP.parent.mkdir(parents=True, exist_ok=True)
    write_whole(STAMP, json.dumps({**_stamps(), **values}) + "\n")
