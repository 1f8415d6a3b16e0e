"""What people send by mistake, by first bytes and suffixes, each answered with how to get at its data."""

from __future__ import annotations

from etl.sources.refusal import Refused, missing

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


def refuse(name: str, suffix: str, head: bytes) -> None:
    """``Refused`` for a file that no reader reads, with what to do: by what it is, then by its name."""
    if name.lower().endswith((".shp.xml", ".aux.xml")):
        raise missing(name, ".shp" if name.lower().endswith(".shp.xml") else ".tif")
    what = _BY_SUFFIX.get(suffix)
    magic = next((kind for sign, kind in _MAGIC if head.startswith(sign)), None)
    if magic is not None and not (head.startswith(b"BM") and suffix != ".bmp"):
        raise convert(name, what if magic == "rar" and what is not None else magic)
    # An archive is looked into whatever its name, but for projects: their .json files are no data.
    if what is not None and (what == "project" or not head.startswith(b"PK")):
        raise convert(name, what)
    if head.startswith(OLE) and suffix not in (".xls", ".xlsx", ".xlsm", ".xlsb"):
        raise convert(name, "dgn8" if suffix == ".dgn" or b"D\x00g\x00n\x00" in head else "document")
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


def convert(name: str, what: str) -> Refused:
    """The answer to a file of a kind that is not read."""
    vi, en, how_vi, how_en = _CONVERT[what]
    return Refused(
        f"convert_{what}",
        f"{name} là {vi}, chưa đọc trực tiếp được: {how_vi}, rồi nạp lại.",
        f"{name} is {en}, which cannot be read directly: {how_en}, then load that.",
    )
