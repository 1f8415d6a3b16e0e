"""A shapefile's set of files: what is missing, what can be made again, and whether it was cut short."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from etl.sources.refusal import Refused, truncated
from etl.types import Note
from layers.description import Text

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC = 9994
_SIDECARS = (".shp", ".dbf", ".shx", ".prj", ".cpg")
_CODE_PAGES = {"utf-8": "utf-8", "utf8": "utf-8", "65001": "utf-8", "1258": "cp1258", "cp1258": "cp1258"}


class Shapefile:
    """Where its parts are, by suffix. ``readable`` is the path to give to the driver."""

    def __init__(self, path: Path, folder: Path) -> None:
        every = sorted(path.parent.iterdir(), key=lambda each: each.stem == path.stem)
        beside = {each.suffix.lower(): each for each in every if each.stem.lower() == path.stem.lower()}
        beside[".shp"] = path
        self._parts = {suffix: beside[suffix] for suffix in _SIDECARS if suffix in beside}
        self.notes: list[Note] = []
        self._check(path)
        self.readable = path
        if ".shx" not in self._parts or any(p.name != path.stem + s for s, p in self._parts.items()):
            self.readable = self._together(folder, path.stem)
        self._tell()

    @property
    def code_page(self) -> str | None:
        """The encoding that the .cpg file declares, where it is one that tells."""
        if ".cpg" not in self._parts:
            return None
        said = self._parts[".cpg"].read_bytes()[:40].decode("ascii", errors="replace").strip().lower()
        return _CODE_PAGES.get(said.removeprefix("ansi").strip())

    def _check(self, path: Path) -> None:
        """Headers against the files' sizes: a file cut in transport reads well up to the cut."""
        with path.open("rb") as file:
            head = file.read(100)
        if len(head) < 100 or struct.unpack(">i", head[:4])[0] != _MAGIC:
            raise Refused(
                "not_a_shapefile",
                f"{path.name} không phải shapefile dù mang đuôi .shp: xuất lại từ phần mềm gốc.",
                f"{path.name} is no shapefile although it is named so: export it again from its program.",
            )
        if struct.unpack(">i", head[24:28])[0] * 2 > path.stat().st_size:
            raise truncated(path.name)
        if ".dbf" in self._parts:
            table = self._parts[".dbf"]
            with table.open("rb") as file:
                head = file.read(32)
            if len(head) < 32:
                raise truncated(table.name)
            rows, header, width = struct.unpack("<IHH", head[4:12])
            if header + rows * width > table.stat().st_size + 1:
                raise truncated(table.name)

    def _together(self, folder: Path, stem: str) -> Path:
        """The parts under one name in a folder where the driver may write a new index."""
        place = folder / f"shape-{abs(hash(stem))}"
        place.mkdir(exist_ok=True)
        for suffix, part in self._parts.items():
            target = place / f"{stem}{suffix}"
            if not target.exists():
                target.symlink_to(part.resolve())
        return place / f"{stem}.shp"

    def _tell(self) -> None:
        if ".dbf" not in self._parts:
            self.notes.append(_NO_DBF)
        if ".shx" not in self._parts:
            self.notes.append(_NO_SHX)
        if ".prj" not in self._parts:
            self.notes.append(_NO_PRJ)


_NO_DBF = Note(
    "shp_no_dbf",
    "info",
    Text(vi="Thiếu tệp .dbf: chỉ có hình, không có thuộc tính.", en="No .dbf: shapes without attributes."),
)
_NO_SHX = Note(
    "shp_no_shx",
    "repaired",
    Text(vi="Thiếu tệp .shx: đã dựng lại chỉ mục.", en="No .shx: the index was made again."),
)
_NO_PRJ = Note(
    "shp_no_prj",
    "info",
    Text(
        vi="Thiếu tệp .prj: hệ tọa độ được dò theo ranh giới.",
        en="No .prj: the system is found by the wards.",
    ),
)
