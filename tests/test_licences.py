"""No GPL code in the product: the licences of everything that is installed without the extra ``dev``."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
GPL = re.compile(r"(?<![LA])GPL|GNU (General|Affero)|(?<!Lesser )General Public License|AGPL", re.IGNORECASE)
LESSER = re.compile(r"LGPL|Lesser General Public|Library General Public", re.IGNORECASE)


def installed() -> dict[str, Distribution]:
    return {_name(found.metadata["Name"]): found for found in distributions()}


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def product() -> set[str]:
    """The names that pyproject's dependencies and the extra ``demo`` bring in, by the installed metadata."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = installed()
    waiting = [
        Requirement(text) for text in project["dependencies"] + project["optional-dependencies"]["demo"]
    ]
    found: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = _name(requirement.name)
        if name in found or name not in there:
            continue
        found.add(name)
        for text in there[name].requires or []:
            inner = Requirement(text)
            extras = requirement.extras or {""}
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(inner)
    return found


def licence(found: Distribution) -> str:
    metadata = found.metadata
    classifiers = [c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")]
    short = (metadata.get("License") or "").split("\n", maxsplit=1)[0]
    return " | ".join([metadata.get("License-Expression") or "", short, *classifiers])


def test_no_gpl_code_is_installed_with_the_product() -> None:
    there = installed()
    names = product()
    assert {"pygeoapi", "vietnamadminunits", "psycopg"} <= names
    bad = {
        name: text for name in names if GPL.search(text := licence(there[name])) and not LESSER.search(text)
    }
    assert bad == {}


def test_the_gpl_dependency_of_the_demonstration_is_left_out() -> None:
    assert "unidecode" not in installed()
    assert not re.search(
        r"^unidecode==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_the_rule_knows_a_gpl_licence_when_it_sees_one() -> None:
    for text in ("GPL-3.0-or-later", "License :: OSI Approved :: GNU General Public License v2 (GPLv2)"):
        assert GPL.search(text)
        assert not LESSER.search(text)
    for text in ("LGPL-3.0-only", "GNU Lesser General Public License v3"):
        assert LESSER.search(text)
