"""Reading layer folders: ``layer.yaml``, ``codes/*.yaml``, ``style.json`` and ``icons/*.svg``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from layers.description import Layer

if TYPE_CHECKING:
    from collections.abc import Iterable

BUILT_IN = Path(__file__).parent


def load(folders: Iterable[Path] = (BUILT_IN,)) -> dict[str, Layer]:
    """All layers below the given folders, by name, in drawing order.

    Raises ``ValueError`` naming the folder whose description is wrong, or the name that stands twice.
    """
    found: dict[str, Layer] = {}
    for folder in folders:
        for description in sorted(folder.glob("*/layer.yaml")):
            layer = load_layer(description.parent)
            if layer.name in found:
                raise ValueError(f"{description.parent}: a layer {layer.name} is already described")
            found[layer.name] = layer
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def load_layer(folder: Path) -> Layer:
    """The one layer that ``folder`` describes; ``ValueError`` where the description is wrong."""
    try:
        document = yaml.safe_load((folder / "layer.yaml").read_text(encoding="utf-8"))
        codes = {
            path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
            for path in sorted((folder / "codes").glob("*.yaml"))
        }
        style_path = folder / "style.json"
        style = json.loads(style_path.read_text(encoding="utf-8")) if style_path.exists() else []
        icons = {
            path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "icons").glob("*.svg"))
        }
        return Layer.model_validate({**document, "codes": codes, "style": style, "icons": icons})
    except (ValueError, yaml.YAMLError, OSError) as error:
        raise ValueError(f"{folder}: {error}") from error
