"""What a file is, by its first bytes before its suffix; what cannot be read is answered with what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.sources import foreign
from etl.sources.fieldbook import is_fieldbook
from etl.sources.foreign import OLE
from etl.sources.markup import UTF16, check_xml
from etl.sources.refusal import Refused, missing, protected

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 1 << 16
_TEXT = {".csv", ".txt", ".tsv", ".asc", ".crd"}
_FIELDBOOKS = {".gsi", ".sdr"}
_VECTOR_SUFFIXES = {
    ".shp", ".gpkg", ".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".fgb", ".kml", ".gml", ".xml",
    ".tab", ".mif", ".dgn", ".dxf", ".sqlite", ".gpx", ".topojson",
}  # fmt: skip
_SHEETS = {".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"}
DATA_SUFFIXES = _VECTOR_SUFFIXES | _TEXT | _FIELDBOOKS | _SHEETS | {".parquet", ".geoparquet"}
_PARTS = {
    ".dbf": ".shp",
    ".shx": ".shp",
    ".prj": ".shp",
    ".dat": ".tab",
    ".map": ".tab",
    ".id": ".tab",
    ".mid": ".mif",
}
# The stream of an encrypted workbook; its directory may stand far behind the first bytes.
_LOCKED, _LOOK = "EncryptedPackage".encode("utf-16-le"), 1 << 26
# Photographs, as telephones take them.
PHOTOS = frozenset({".jpg", ".jpeg", ".heic", ".heif"})
_JPEG, _HEIC = b"\xff\xd8\xff", re.compile(rb"\A.{4}ftyp(?:heic|heix|hevc|heim|heis|mif1|msf1)", re.DOTALL)
# A point and a number with decimals after it; the first line of an ASCII grid.
_LISTED = re.compile(rb"\A[\w.-]{1,40}[,;\t ][^\r\n\x00]{0,80}\d{3}\.\d")
# What ArcGIS REST answers in place of features: {"error":{"code":498,"message":"Invalid Token"…
_SERVER_ERROR = re.compile(
    rb'\A\s*+\{\s*+"error"\s*+:\s*+\{(?:\s*+"code"\s*+:\s*+\d++\s*+,)?+'
    rb'(?:\s*+"message"\s*+:\s*+"(?P<message>[^"\\]{0,200}))?'
)
_GRID = re.compile(rb"\A\s*+ncols\s++\d", re.IGNORECASE)
_GEOJSON = re.compile(
    rb'^\s*+(?:\xef\xbb\xbf)?+\s*+\{\s*+"[^{]{0,200}"(?:Feature|FeatureCollection|Polygon|MultiPolygon)"'
)


def kind(path: Path) -> str:  # noqa: PLR0911 - one for each kind
    """``zip``, ``vector``, ``parquet``, ``csv``, ``fieldbook``, ``photos``, ``sheet``; or ``Refused``."""
    suffix = path.suffix.lower()
    if path.is_dir():
        if suffix == ".gdb":
            return "vector"
        raise Refused(
            "folder",
            "Đây là thư mục, không phải tệp dữ liệu: nén thư mục thành một tệp .zip rồi nạp lại.",
            "This is a folder, not a data file: pack it as one .zip and load that.",
        )
    head = _first(path, HEAD)
    if not head:
        raise Refused(
            "empty",
            f"{path.name} rỗng: xuất hoặc sao chép lại.",
            f"{path.name} is empty: export or copy it again.",
        )
    if suffix == ".dat" and _LISTED.match(head):
        return "csv"  # as receivers of South, CHC and Hi-Target name their lists of points
    if suffix in _PARTS and not head.startswith(b"PK"):
        raise missing(path.name, _PARTS[suffix])
    if head.startswith(_JPEG) or _HEIC.match(head):
        return "photos"
    foreign.refuse(path, suffix, head)
    if head.startswith(b"PK\x03\x04"):
        return "sheet" if suffix in _SHEETS else "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    if suffix in _SHEETS:
        return _sheet(path, suffix, head)
    return _by_suffix(path.name, suffix, head)


def _sheet(path: Path, suffix: str, head: bytes) -> str:
    """A workbook that is no zip: the old format, behind a password, or what merely bears its suffix."""
    if head.startswith(OLE):
        if _LOCKED in head or _LOCKED in _first(path, _LOOK):
            raise protected(path.name)
        if suffix != ".xls":
            raise Refused(
                "sheet_suffix",
                f"{path.name} là tệp Excel cũ mang đuôi {suffix}: đổi đuôi thành .xls rồi nạp lại.",
                f"{path.name} is an old workbook named {suffix}: rename it to .xls and load that.",
            )
        return "sheet"
    text = head.decode("utf-16" if head[:2] in UTF16 else "latin-1", errors="replace").lstrip(
        "\ufeffï»¿ \r\n\t"
    )
    if text[:1] == "<":
        raise Refused(
            "sheet_html",
            f"{path.name} là trang web (HTML hoặc XML) mang đuôi {suffix}, như nhiều phần mềm vẫn xuất: mở"
            " bằng Excel, chọn Save As → Excel Workbook (.xlsx), rồi nạp lại.",
            f"{path.name} is a web page (HTML or XML) named {suffix}, as many programs export: open it in"
            " Excel, save it as an Excel workbook (.xlsx), then load that.",
        )
    if head[:2] in UTF16 or b"\x00" not in head:
        return "csv"
    return _by_suffix(path.name, suffix, head)


def _first(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _by_suffix(name: str, suffix: str, head: bytes) -> str:
    if is_fieldbook(head) or suffix in _FIELDBOOKS:
        return "fieldbook"
    if (error := _SERVER_ERROR.match(head)) is not None:
        raise _server(name, error["message"] or b"")
    if _GRID.match(head):
        raise foreign.convert(name, "raster")
    if suffix in _TEXT:
        return "vector" if _GEOJSON.match(head) else "csv"
    if suffix in (".kml", ".gml", ".xml", ".gpx"):
        check_xml(name, head)
    if suffix in _VECTOR_SUFFIXES or head.startswith((b"SQLite format 3\x00", b"fgb\x03")):
        return "vector"
    known = ", ".join(sorted(DATA_SUFFIXES | {".zip", ".kmz", ".gdb"}))
    raise Refused(
        "unknown_format",
        f"{name}: không nhận ra định dạng. Các kiểu tệp đọc được: {known}.",
        f"{name}: the format is not known. Files that can be read: {known}.",
    )


def _server(name: str, message: bytes) -> Refused:
    """The answer of a map server that gave no data, saved as if it were some."""
    said = message.decode("utf-8", errors="replace") or "?"
    return Refused(
        "server_error",
        f"{name} không phải dữ liệu mà là thông báo lỗi của máy chủ bản đồ («{said}»): đăng nhập hoặc xin"
        " quyền rồi tải lại.",
        f"{name} is no data but an error that a map server answered ('{said}'): sign in or ask for access,"
        " then download it again.",
    )
