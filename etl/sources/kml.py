"""KML as people make it: folders, ExtendedData, SchemaData, and tables in the HTML of a description.

GDAL's reader changes the letters with marks in names of ``Data`` to underscores, makes a layer of each folder
and leaves what ArcGIS writes as an HTML table in one text. Attributes are what an import is about, so
placemarks are read here: the folder is a column, and the table's rows are columns. Coordinates are WGS 84,
lon lat (OGC 12-007r2); the file is read as a stream.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from etl.sources.columns import to_batch
from etl.sources.descriptions import pairs_of
from etl.sources.kml_shapes import shape_of
from etl.sources.refusal import Refused, too_many_columns, unreadable
from etl.types import Column, SourceLayer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from etl.types import Limits

FOLDER, NAME, DESCRIPTION = "Folder", "Name", "description"
# Elements of a placemark with words about it, beside ExtendedData.
_WORDS = {"address": "address", "phoneNumber": "phoneNumber", "begin": "begin", "end": "end", "when": "when"}
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack", "Model")
_WGS84 = "EPSG:4326"


class Placemark(NamedTuple):
    """One placemark: WKB or None, a finding about it or None, and its values by column."""

    wkb: bytes | None
    note: str | None
    values: dict[str, object]


class KmlFile:
    """A KML file as a data set of one layer."""

    def __init__(self, path: Path, inner: str, limits: Limits) -> None:
        self.inner = inner
        self._path = path
        self._limits = limits

    def layers(self) -> list[SourceLayer]:
        """The one layer, with all columns that any placemark has."""
        columns: dict[str, None] = {}
        kinds: dict[str, None] = {}
        count = 0
        for placemark in self._placemarks():
            count += 1
            columns |= dict.fromkeys(placemark.values)
            if placemark.wkb is not None:
                kinds[_KINDS.get(placemark.wkb[1] % 10, "Unknown")] = None
            if len(columns) > self._limits.columns:
                raise too_many_columns(f"> {self._limits.columns}", self._limits.columns)
        if not count:
            raise Refused(
                "kml_no_placemarks",
                f"{self._path.name} không có đối tượng nào (Placemark): có thể chỉ có ảnh nền hoặc liên kết"
                " mạng (NetworkLink). Hãy mở bằng Google Earth và lưu lại các đối tượng thành KML.",
                f"{self._path.name} has no placemarks: it may hold pictures or network links only. Open it in"
                " Google Earth and save the places as KML.",
            )
        name = Path(self.inner or self._path).stem
        told = tuple(Column(each, "object") for each in columns)
        geometry = next(iter(kinds)) if len(kinds) == 1 else "Unknown"
        return [SourceLayer(name, "KML", "kml", self.inner, name, count, geometry, told, crs_wkt=_WGS84)]

    def batches(self, inner_layer: str, size: int) -> Iterator[pa.RecordBatch]:
        """Its placemarks."""
        (layer,) = self.layers()
        names = [each.name for each in layer.columns]
        held: list[Placemark] = []
        weight = 0
        for placemark in self._placemarks():
            held.append(placemark)
            weight += len(placemark.wkb or b"")
            if len(held) >= size or weight > self._limits.batch_bytes / 4:
                yield _batch(held, names)
                held, weight = [], 0
        if held:
            yield _batch(held, names)

    def _placemarks(self) -> Iterator[Placemark]:
        folders: list[str] = []
        inside: list[ElementTree.Element] = []
        try:
            # Declarations of entities were refused before (etl.sources.markup.check_xml).
            events = ElementTree.iterparse(self._path, events=("start", "end"))  # noqa: S314
            for event, element in events:
                tag = _local(element)
                if event == "start":
                    inside.append(element)
                    if tag == "Folder":
                        folders.append("")
                    continue
                inside.pop()
                above = _local(inside[-1]) if inside else ""
                if tag == "name" and above == "Folder" and folders:
                    folders[-1] = _text(element)
                elif tag == "Folder":
                    folders.pop()
                elif tag == "Placemark":
                    yield _placemark(element, [each for each in folders if each], self._limits)
                if tag in ("Placemark", "Folder", "Style", "StyleMap", "GroundOverlay") and inside:
                    inside[-1].remove(element)
        except ElementTree.ParseError as error:
            raise unreadable(self._path.name, f"XML: {error}") from None


def _batch(held: list[Placemark], names: list[str]) -> pa.RecordBatch:
    columns = {name: [each.values.get(name) for each in held] for name in names}
    return to_batch([each.wkb for each in held], [each.note for each in held], columns, frozenset())


def _placemark(element: ElementTree.Element, folders: list[str], limits: Limits) -> Placemark:
    values: dict[str, object] = {}
    shapes: list[ElementTree.Element] = []
    html = ""
    for child in element:
        tag = _local(child)
        if tag in _SHAPES:
            shapes.append(child)
        elif tag == "name":
            values[NAME] = _text(child) or None
        elif tag == "description":
            html = _text(child)
        elif tag == "ExtendedData":
            values |= _extended(child)
        elif tag in ("TimeSpan", "TimeStamp"):
            values |= {_WORDS[_local(each)]: _text(each) for each in child if _local(each) in _WORDS}
        elif tag in _WORDS:
            values[_WORDS[tag]] = _text(child)
    if html:
        told = pairs_of(html)
        values = {**told, **values} if told else {**values, DESCRIPTION: html}
    if folders:
        values.setdefault(FOLDER, " / ".join(folders))
    wkb, note = shape_of(shapes, limits)
    return Placemark(wkb, note, values)


def _extended(element: ElementTree.Element) -> dict[str, object]:
    """``Data``, ``SchemaData`` and elements of other namespaces, in the order of the file."""
    found: dict[str, object] = {}
    for child in element:
        tag = _local(child)
        if tag == "SchemaData":
            found |= {each.get("name", "?"): _text(each) or None for each in child}
        elif tag == "Data":
            value = next((each for each in child if _local(each) == "value"), None)
            found[child.get("name", "?")] = (_text(value) or None) if value is not None else None
        else:
            found[tag] = _text(child) or None
    return found


def _local(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext()).strip()


_KINDS = {1: "Point", 2: "LineString", 3: "Polygon", 4: "MultiPoint", 5: "MultiLineString", 6: "MultiPolygon"}
