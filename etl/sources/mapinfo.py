"""A MapInfo table's set of files: what is missing, and how GDAL gives its texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.sources.refusal import missing
from etl.types import Note
from layers.description import Text

if TYPE_CHECKING:
    from pathlib import Path

    from etl.text.encodings import Transport

_CHARSET = re.compile(rb'charset\s+"?([A-Za-z0-9]+)"?', re.IGNORECASE)
_NO_MID = Note(
    "mif_no_mid",
    "info",
    Text(vi="Thiếu tệp .mid: chỉ có hình, không có thuộc tính.", en="No .mid: shapes without attributes."),
)


def mapinfo(path: Path) -> tuple[Transport, str | None, list[Note]]:
    """The transport of texts (``etl.types.SourceLayer``), the declared encoding, and what to tell.

    ``Refused`` for a native table (.tab) without the files that hold its rows and shapes.
    """
    suffix, stem = path.suffix.lower(), path.stem.lower()
    there = {each.suffix.lower() for each in path.parent.iterdir() if each.stem.lower() == stem}
    head = path.read_bytes()[:65_536]
    wanted = (".dat", ".map", ".id") if suffix == ".tab" and b"Type NATIVE" in head else ()
    if lacking := [each for each in wanted if each not in there]:
        raise missing(path.name, ", ".join(lacking))
    charset = _CHARSET.search(head)
    said = charset[1].decode().lower() if charset else "neutral"
    notes = [_NO_MID] if suffix == ".mif" and ".mid" not in there else []
    # GDAL does not know Windows-1258 by its name in MapInfo and leaves the bytes as they are.
    if said == "windowsvietnamese":
        return "bytes", "cp1258", notes
    return "bytes" if said == "neutral" else "cp1252" if said == "windowslatin1" else "unicode", None, notes
