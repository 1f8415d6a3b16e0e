"""What a geodatabase or GeoPackage holds beside the layers that are read: named, with the reason why not."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

import pyogrio

from etl.types import Note
from etl.wording import listed
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from etl.types import SourceLayer

# Types of GDB_Items, as file geodatabases list them themselves in GDB_ItemTypes.
_TYPES = {
    "{5ED667A3-9CA9-44A2-8029-D95BF23704B9}": "raster",
    "{35B601F7-45CE-4AFF-ADB7-7702D3839B12}": "raster",
    "{B606A7E1-FA5B-439C-849C-6E9C2481537B}": "relation",
    "{767152D3-ED66-4325-8774-420D46674E07}": "topology",
    "{73718A66-AFB9-4B88-A551-CFFA0AE12620}": "topology",
}
_WORDS = {
    "raster": Text(
        vi="ảnh, raster: lớp dữ liệu chỉ nhận điểm, đường, vùng",
        en="rasters: a layer takes points, lines and areas only",
    ),
    "relation": Text(
        vi="quan hệ giữa các bảng: chỉ đọc cột của chính lớp; cần thì nối bảng (Join) rồi xuất lại",
        en="relationships of tables: only a layer's own columns are read; join the tables and export, if"
        " needed",
    ),
    "topology": Text(
        vi="quy tắc topology, mạng lưới: hệ thống kiểm tra theo quy tắc của lớp",
        en="topologies and networks: what is checked are the layer's own rules",
    ),
    "table": Text(vi="bảng không có hình", en="tables without shapes"),
    "annotation": Text(
        vi="lớp chữ (annotation): hình là khung của chữ, không phải đối tượng",
        en="annotation: its shapes are the boxes of words, not things",
    ),
}
_GEOPACKAGE = (
    ("raster", "SELECT table_name FROM gpkg_contents WHERE data_type IN ('tiles', '2d-gridded-coverage')"),
    ("relation", "SELECT mapping_table_name FROM gpkgext_relations"),
)
# Columns by which ArcGIS keeps placed texts; the shape is the box of the words.
_ANNOTATION = frozenset({"textstring", "fontname", "annotationclassid"})


def is_annotation(layer: SourceLayer) -> bool:
    """Whether a layer of a geodatabase holds placed texts and not things."""
    return {column.name.lower() for column in layer.columns} >= _ANNOTATION


def notes(path: Path, tables: Iterable[str], annotations: Iterable[str]) -> tuple[Note, ...]:
    """One note for each kind of what is not read; ``tables`` and ``annotations`` are layers left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for kind, name in _listed(path):
        found[kind].append(name)
    found["table"] += tables
    found["annotation"] += annotations
    return tuple(_note(kind, names) for kind, names in found.items() if names)


def _listed(path: Path) -> list[tuple[str, str]]:
    match path.suffix.lower():
        case ".gdb":
            return _of_geodatabase(path)
        case ".gpkg":
            return _of_geopackage(path)
    return []


def _of_geodatabase(path: Path) -> list[tuple[str, str]]:
    wanted = ["Name", "Type"]
    try:
        meta, _, _, columns = pyogrio.raw.read(path, layer="GDB_Items", columns=wanted, read_geometry=False)
    except (pyogrio.errors.DataLayerError, pyogrio.errors.DataSourceError):
        return []
    told: Mapping[str, list[object]] = dict(zip(meta["fields"], columns, strict=True))
    kinds = [_TYPES.get(str(each).upper()) for each in told["Type"]]
    return [(kind, str(name)) for kind, name in zip(kinds, told["Name"], strict=True) if kind is not None]


def _of_geopackage(path: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            for kind, query in _GEOPACKAGE:
                try:
                    found += [(kind, str(name)) for (name,) in connection.execute(query)]
                except sqlite3.OperationalError:
                    continue  # the table of an extension that the file does not use
    except sqlite3.Error:
        return []
    return found


def _note(kind: str, names: list[str]) -> Note:
    shown = listed(names)
    words = _WORDS[kind]
    return Note(
        f"beside_{kind}",
        "info",
        Text(vi=f"Không đọc {shown} ({words.vi}).", en=f"Not read: {shown} ({words.en})."),
        len(names),
    )
