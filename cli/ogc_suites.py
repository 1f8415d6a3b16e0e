"""OGC's executable test suites (Java 17): run against a server, their results read.

The jars with all parts (``ets-ogcapi-features10-1.9-aio.jar`` and so on) are laid into a folder by hand; see
docs/conformance.md. A suite takes a file of properties and always ends with 0: what failed stands in
``testng-results.xml``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from cli.bootstrap.problem import Stop
from cli.conformance import Row

if TYPE_CHECKING:
    from pathlib import Path

SUITES = ("ets-ogcapi-features10", "ets-ogcapi-tiles10", "ets-ogcapi-processes10")
WEB_MERCATOR = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
TIMEOUT_S = 1_800


def run(folder: Path, url: str, out: Path) -> dict[str, Row]:
    """A row for each suite whose jar is in ``folder``; ``Stop`` without one, or without Java."""
    jars = {name: found for name in SUITES if (found := sorted(folder.glob(f"{name}-*aio.jar")))}
    java = shutil.which("java")
    if not jars or java is None:
        raise Stop(
            f"Cần Java 17 và các tệp {', '.join(SUITES)}-*-aio.jar trong {folder}.",
            f"Java 17 and the files {', '.join(SUITES)}-*-aio.jar in {folder} are needed.",
        )
    rows = {}
    for name, found in jars.items():
        place = out / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        properties = place / "test-run-props.xml"
        properties.write_text(document(asked(name, url)), "utf-8")
        command = [java, "-jar", str(found[-1]), "-o", str(place), str(properties)]
        subprocess.run(command, check=False, timeout=TIMEOUT_S)
        rows[found[-1].stem] = read(place)
    return rows


def asked(suite: str, url: str) -> dict[str, str]:
    """The suite's properties."""
    root = url.rstrip("/")
    if suite == "ets-ogcapi-tiles10":
        return {"iut": root, **tiles(root)}
    if suite == "ets-ogcapi-processes10":
        return {"iut": root, "echoprocessid": "echo", "testallprocesses": "false", "processtestlimit": "3"}
    return {"iut": f"{root}/", "noofcollections": "-1"}


def tiles(root: str) -> dict[str, str]:
    """A tile that there is: out of the limits of the first collection's first tileset."""
    listed = _json(f"{root}/collections")["collections"]
    for one in listed:
        links = [link["href"] for link in one["links"] if link["rel"].endswith("/tilesets-vector")]
        if links:
            entry = _json(links[0])["tilesets"][0]
            document_ = _json(next(link["href"] for link in entry["links"] if link["rel"] == "self"))
            limit = document_["tileMatrixSetLimits"][0]
            template = next(link["href"] for link in document_["links"] if "{tileMatrix}" in link["href"])
            return {
                "tilematrixsetdefinitionuri": WEB_MERCATOR,
                "urltemplatefortiles": template,
                "tilematrix": str(limit["tileMatrix"]),
                "mintilerow": str(limit["minTileRow"]),
                "maxtilerow": str(limit["maxTileRow"]),
                "mintilecol": str(limit["minTileCol"]),
                "maxtilecol": str(limit["maxTileCol"]),
            }
    raise Stop("Không có lớp nào có ô bản đồ.", "No collection has tiles.")


def document(entries: dict[str, str]) -> str:
    """The properties in Java's form."""
    lines = "".join(f'  <entry key="{key}">{escape(value)}</entry>\n' for key, value in entries.items())
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    kind = '<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">\n'
    return f'{head}{kind}<properties version="1.0">\n{lines}</properties>\n'


def read(place: Path) -> Row:
    """What TestNG counted. A suite that left no result failed."""
    found = sorted(place.rglob("testng-results.xml"))
    if not found:
        return Row(failed=1)
    root = ET.parse(found[-1]).getroot()  # noqa: S314 (written by the suite that we started)
    return Row(*(int(root.get(name, "0")) for name in ("passed", "failed", "skipped")))


def _json(url: str) -> dict[str, Any]:
    request = urllib.request.Request(url, headers={"Accept": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return dict(json.load(answer))
