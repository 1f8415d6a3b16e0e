"""Attributes out of the HTML of a placemark's description, where ArcGIS and Google Earth put them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TABLE = re.compile(r"<\s*(table|td|tr|li|br|b|html)\b", re.IGNORECASE)
_LINES = re.compile(r"^([^:=<>\n]{1,60}+)[:=](.+)$", re.MULTILINE)


def pairs_of(html: str) -> dict[str, object]:
    """Names and values in a description: rows of a table with two cells, or lines ``name: value``."""
    if not _TABLE.search(html):
        return {}
    reader = _Rows()
    reader.feed(html)
    reader.close()
    rows = [row for row in reader.rows if any(row)]
    pairs = [(row[0].rstrip(" :"), row[1]) for row in rows if len(row) == 2 and row[0]]
    if not pairs and len(rows) == 2 and len(rows[0]) == len(rows[1]) > 2:
        pairs = list(zip(rows[0], rows[1], strict=True))
    if not pairs:
        lines = _LINES.findall("\n".join(reader.lines))
        pairs = [(name.strip(), value.strip()) for name, value in lines if name.strip()]
    return {name[:100]: value or None for name, value in pairs}


class _Rows(HTMLParser):
    """Cells of table rows, and lines of words outside of them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.lines: list[str] = [""]
        self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A row, a cell or a line begins."""
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows = self.rows or [[]]
            self.rows[-1].append("")
            self._cell = True
        elif tag in ("br", "p", "li", "div"):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        """A cell ends."""
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        """Words, with single blanks."""
        words = " ".join(data.split())
        if self._cell and self.rows and self.rows[-1]:
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {words}".strip()
        elif words:
            self.lines[-1] = f"{self.lines[-1]} {words}".strip()
