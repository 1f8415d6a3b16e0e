"""XML and DXF before a reader sees them: nothing in them may open other files, and nothing be cut off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.sources.refusal import Refused, truncated

if TYPE_CHECKING:
    from pathlib import Path

# Marks of UTF-16, in either order.
UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HEAD, _TAIL = 1 << 16, 1 << 12
# One that is not closed goes on to the end: nothing is scanned twice.
_REMARKS = r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)"
_COMMENTS, _COMMENT_BYTES = re.compile(_REMARKS, re.DOTALL), re.compile(_REMARKS.encode(), re.DOTALL)
_ENTITY = re.compile(r"<!\s*+(ENTITY|DOCTYPE)", re.IGNORECASE)
# An XML file is one of these by its root; a GDAL virtual data set, say, would open other files.
_XML_ROOT = re.compile(r"<(?:\w+:)?(\w+)[\s>]")
_ROOT_BYTES = re.compile(rb"<([\w:.-]+)[\s>/]")
_XML_REFUSED = ("OGRVRTDataSource", "VRTDataset", "html", "gdal", "WFS_Capabilities", "OGRWFSDataSource")


def check_xml(name: str, head: bytes) -> None:
    """``Refused`` for declarations of entities, and for a root that makes a reader open other files.

    Entities nested in entities grow without bound ("billion laughs"), external ones read the machine's files.
    Both can be declared only before the root element.
    """
    text = head.decode("utf-16" if head[:2] in UTF16 else "utf-8", errors="replace")
    root = _XML_ROOT.search(_COMMENTS.sub("", text))
    if _ENTITY.search(text):
        raise Refused(
            "xml_entities",
            f"{name} khai báo thực thể XML (DOCTYPE, ENTITY): không đọc vì lý do an toàn. Xuất lại bằng"
            " QGIS hoặc Google Earth, hoặc xóa các khai báo ấy.",
            f"{name} declares XML entities (DOCTYPE, ENTITY): not read, for safety. Export it again with QGIS"
            " or Google Earth, or delete the declarations.",
        )
    if root is None or root[1] in _XML_REFUSED:
        raise Refused(
            "xml_root",
            f"{name} không phải KML, GML hay GPX: xuất dữ liệu sang một trong các kiểu ấy hoặc GeoPackage.",
            f"{name} is neither KML nor GML nor GPX: export the data as one of these or as GeoPackage.",
        )


def refuse_cut(path: Path) -> None:
    """``Refused`` for XML without its root's closing tag and DXF without EOF: GDAL says nothing of them."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
        file.seek(max(0, size - _TAIL))
        tail = file.read().replace(b"\x00", b"").rstrip()
    if path.suffix.lower() == ".dxf":
        complete = tail.endswith(b"EOF")
    else:
        root = _ROOT_BYTES.search(_COMMENT_BYTES.sub(b"", head.replace(b"\x00", b"")))
        complete = root is not None and (b"</" + root[1] in tail or tail.endswith(b"/>"))
    if not complete:
        raise truncated(path.name)
