"""What people send by mistake, by first bytes and suffixes, each answered with how to get at its data."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from etl.sources.refusal import Refused, missing

if TYPE_CHECKING:
    from pathlib import Path

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONVERT = {
    "dwg": (
        "bản vẽ DWG",
        "a DWG drawing",
        "mở bằng AutoCAD (Save As → DXF), QCAD hoặc ODA File Converter để đổi sang DXF",
        "save it as DXF with AutoCAD, QCAD or ODA File Converter",
    ),
    "dgn8": (
        "bản vẽ MicroStation DGN V8",
        "a MicroStation DGN V8 drawing",
        "mở bằng MicroStation (File → Save As → V7 DGN hoặc DXF), hoặc dùng ODA File Converter đổi sang DXF",
        "save it as DGN V7 or DXF with MicroStation, or convert it to DXF with ODA File Converter",
    ),
    "mdb": (
        "cơ sở dữ liệu Access (Personal Geodatabase)",
        "an Access database (personal geodatabase)",
        "xuất sang File Geodatabase, GeoPackage hoặc Shapefile bằng ArcGIS",
        "export it to a file geodatabase, GeoPackage or shapefile with ArcGIS",
    ),
    "rar": (
        "tệp nén RAR, 7z hoặc gz",
        "a RAR, 7z or gz archive",
        "giải nén rồi nén lại thành .zip",
        "repack it as .zip",
    ),
    "raster": (
        "ảnh hoặc bản quét",
        "a picture or scan",
        "số hóa thành lớp vector trước; ảnh chụp có GPS: nạp ảnh gốc .jpg, .heic hoặc .zip các ảnh ấy",
        "digitise it first; photographs with GPS positions: the originals as .jpg, .heic, or a .zip of them",
    ),
    "project": (
        "dự án hoặc tệp kiểu trình bày của QGIS, ArcGIS, MapInfo (không chứa dữ liệu)",
        "a project or a style of QGIS, ArcGIS or MapInfo (it holds no data)",
        "mở trong phần mềm ấy rồi xuất từng lớp (QGIS: Export → Save Features As) sang GeoPackage",
        "open it there and export its layers (QGIS: Export, Save Features As) to GeoPackage",
    ),
    "document": (
        "văn bản (PDF, Word)",
        "a document (PDF, Word)",
        "chép bảng tọa độ sang Excel hoặc CSV",
        "copy its table of coordinates to Excel or CSV",
    ),
    "package": (
        "gói lớp hoặc gói bản đồ ArcGIS",
        "a layer or map package of ArcGIS",
        "giải nén bằng 7-Zip hoặc mở bằng ArcGIS, lấy thư mục .gdb bên trong và nén thành .zip",
        "unpack it with 7-Zip or open it with ArcGIS, and pack the .gdb folder inside as .zip",
    ),
    "model": (
        "mô hình 3D, BIM hoặc video",
        "a 3D or BIM model, or a video",
        "xuất mặt bằng sang DXF bằng phần mềm gốc",
        "export its plan to DXF with its own program",
    ),
    "tiles": (
        "bộ ô bản đồ đã cắt (tiles)",
        "a set of map tiles",
        "nạp dữ liệu gốc đã dùng để cắt ô (GeoPackage, Shapefile)",
        "load the data of which the tiles were made (GeoPackage, shapefile)",
    ),
    "dump": (
        "bản sao lưu cơ sở dữ liệu (SQL)",
        "a dump of a database (SQL)",
        "khôi phục vào cơ sở dữ liệu rồi xuất bảng cần nạp sang GeoPackage hoặc CSV",
        "restore it and export the table to GeoPackage or CSV",
    ),
}
# The first six bytes of a DWG name the release whose format it is.
_DWG = {
    b"AC1006": "AutoCAD R10", b"AC1009": "AutoCAD R11, R12", b"AC1012": "AutoCAD R13",
    b"AC1014": "AutoCAD R14",
    b"AC1015": "AutoCAD 2000–2002", b"AC1018": "AutoCAD 2004–2006", b"AC1021": "AutoCAD 2007–2009",
    b"AC1024": "AutoCAD 2010–2012", b"AC1027": "AutoCAD 2013–2017", b"AC1032": "AutoCAD 2018+",
}  # fmt: skip
# What streams and storages of a DGN V8 are called.
_DGN8 = ("Dgn~", "Dgn^", "Dgn-")
_MAGIC = (
    (b"AC10", "dwg"), (b"\x00\x01\x00\x00Standard ", "mdb"), (b"Rar!", "rar"), (b"7z\xbc\xaf", "rar"),
    (b"%PDF", "document"), (b"\xff\xd8\xff", "raster"), (b"\x89PNG", "raster"), (b"II*\x00", "raster"),
    (b"MM\x00*", "raster"), (b"BM", "raster"),
    (b"II+\x00", "raster"), (b"MM\x00+", "raster"), (b"\x1f\x8b", "rar"), (b"PMTiles", "tiles"),
)  # fmt: skip
_SUFFIXES = {
    "project": (
        ".qgs", ".qgz", ".qlr", ".qml", ".sld", ".mxd", ".mxt", ".aprx", ".mapx", ".lyr", ".lyrx", ".style",
        ".stylx", ".wor", ".mws",
    ),
    "package": (".lpk", ".lpkx", ".mpk", ".mpkx", ".ppkx", ".gcpk"),
    "raster": (".jp2", ".ecw", ".sid", ".img", ".heic", ".heif", ".webp", ".gif", ".svg", ".las", ".laz"),
    "model": (".skp", ".rvt", ".rfa", ".ifc", ".3dm", ".mp4", ".mov", ".avi"),
    "tiles": (".mbtiles", ".pmtiles", ".tpk", ".tpkx", ".vtpk"),
    "dump": (".sql", ".dump", ".bak", ".dmp"),
    "document": (".rtf", ".eml", ".msg"),
    "rar": (".gz", ".tgz", ".tar", ".bz2", ".xz"),
    "mdb": (".mdb", ".accdb"),
    "dwg": (".dwf", ".dwt"),
}  # fmt: skip
_BY_SUFFIX = {suffix: what for what, suffixes in _SUFFIXES.items() for suffix in suffixes}
_PACKAGES = {
    "document": ("word/document.xml", "ppt/presentation.xml"),
    "project": (".qgs", ".aprx", ".mxd", "gisproject.json"),
}


def refuse(path: Path, suffix: str, head: bytes) -> None:
    """``Refused`` for a file that no reader reads, with what to do: by what it is, then by its name."""
    name = path.name
    if name.lower().endswith((".shp.xml", ".aux.xml")):
        raise missing(name, ".shp" if name.lower().endswith(".shp.xml") else ".tif")
    what = _BY_SUFFIX.get(suffix)
    magic = next((kind for sign, kind in _MAGIC if head.startswith(sign)), None)
    if magic == "dwg":
        raise convert(name, "dwg", _DWG.get(head[:6]))
    if magic is not None and not (head.startswith(b"BM") and suffix != ".bmp"):
        raise convert(name, what if magic == "rar" and what is not None else magic)
    # An archive is looked into whatever its name, but for projects: their .json files are no data.
    if what is not None and (what == "project" or not head.startswith(b"PK")):
        raise convert(name, what)
    if head.startswith(OLE) and suffix not in (".xls", ".xlsx", ".xlsm", ".xlsb"):
        drawn = any(each.startswith(_DGN8) for each in ole_names(path, head))
        raise convert(name, "dgn8" if suffix == ".dgn" or drawn else "document")
    if head.startswith(b"AutoCAD Binary DXF"):
        raise Refused(
            "dxf_binary",
            f"{name} là DXF nhị phân: lưu lại thành DXF dạng văn bản (ASCII).",
            f"{name} is a binary DXF: save it as a text (ASCII) DXF.",
        )


def refuse_package(name: str, members: list[str]) -> None:
    """A zip that is a document or a project, by what is in it. ``Refused`` with what to do."""
    for what, signs in _PACKAGES.items():
        if any(each.lower().startswith(signs) or each.lower().endswith(signs) for each in members):
            raise convert(name, what)


def ole_names(path: Path, head: bytes) -> list[str]:
    """Names of the first entries of a compound file's directory ([MS-CFB] 2.6), wherever that stands."""
    if len(head) < 512:
        return []
    shift, first = struct.unpack_from("<H", head, 0x1E)[0], struct.unpack_from("<L", head, 0x30)[0]
    if shift not in (9, 12):  # sectors of 512 or 4,096 bytes, there are no others
        return []
    with path.open("rb") as file:
        file.seek((first + 1) << shift)
        sector = file.read(1 << shift)
    found = []
    for at in range(0, len(sector) - 127, 128):
        length = struct.unpack_from("<H", sector, at + 64)[0]
        if 2 <= length <= 64:
            found.append(sector[at : at + length - 2].decode("utf-16-le", errors="replace"))
    return found


def convert(name: str, what: str, more: str | None = None) -> Refused:
    """The answer to a file of a kind that is not read; ``more``: its version."""
    vi, en, how_vi, how_en = _CONVERT[what]
    if more is not None:
        vi, en = f"{vi} ({more})", f"{en} ({more})"
    return Refused(
        f"convert_{what}",
        f"{name} là {vi}, chưa đọc trực tiếp được: {how_vi}, rồi nạp lại.",
        f"{name} is {en}, which cannot be read directly: {how_en}, then load that.",
    )
