"""Rows of a table as places: from two columns of coordinates, from one that holds both, or from WKT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from etl.sources.coordinates import (
    EASTINGS_M,
    LATITUDES,
    LONGITUDES,
    NORTHINGS_M,
    northing_first,
    number,
    pair,
    ring_of,
)
from etl.sources.frames import note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.attributes.numbers import Decimal
    from etl.sources.cells import Row
    from etl.sources.roles import Header

    Shapes = tuple[list[bytes | None], list[str | None]]

_NESTED = 8
# GEOS goes no deeper for these however many parentheses follow.
_FLAT = re.compile(r"(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\b", re.IGNORECASE)
_NO_NUMBER = note(
    "coordinates_unreadable",
    "quarantined",
    "Tọa độ không phải số: ghi lại như 10.4612 và 105.6321, hoặc X, Y theo VN-2000.",
    "The coordinates are no numbers: write them as 10.4612 and 105.6321, or X, Y in VN-2000.",
)
_TURNED = note(
    "axes_turned",
    "repaired",
    "Hai tọa độ của dòng đứng ngược với các dòng khác (X, Y đổi chỗ): đã đặt lại theo độ lớn của số.",
    "The row's two coordinates stand in the other order than the table's: put right by their size.",
)
_CURVED = note(
    "wkt_curved",
    "quarantined",
    "Hình học WKT có cung tròn: xuất lại với cung đã thay bằng đoạn thẳng (SQL Server: STCurveToLine).",
    "The WKT has arcs: export it with arcs made straight segments (SQL Server: STCurveToLine).",
)
_NO_SHAPE = note(
    "wkt_unreadable",
    "quarantined",
    "Hình học WKT không đọc được: xuất lại cột hình (QGIS: Export, GEOMETRY = AS_WKT).",
    "The WKT cannot be read: export the column of shapes again (QGIS: Export, GEOMETRY = AS_WKT).",
)


def cell(row: Row, index: int | None) -> object:
    """A row's cell; None beyond its end."""
    return row[index] if index is not None and index < len(row) else None


def column(rows: list[Row], index: int) -> list[object]:
    """One column of many rows."""
    try:
        return [row[index] for row in rows]
    except IndexError:
        return [cell(row, index) for row in rows]


def places(header: Header, rows: list[Row], decimal: Decimal | None, *, swap: bool) -> Shapes:
    """WKB and a note for each row, easting (longitude) first, in the table's own system; blank rows: neither.

    ``swap``: the first column is the northing.
    """
    if header.wkt is not None:
        return _shapes([cell(row, header.wkt) for row in rows])
    quick = _numbers(header, rows, decimal)
    if quick is not None:
        xy, turned = _turned(quick[:, ::-1] if swap else quick)
        told = [_TURNED if each else None for each in turned.tolist()]
        return np.asarray(shapely.to_wkb(shapely.points(xy)), dtype=object).tolist(), told
    found = [_pair(header, row, decimal) for row in rows]
    there = np.array([each is not None for each in found])
    wkbs = np.full(len(rows), None, dtype=object)
    if there.any():
        numbers = np.array([each for each in found if each is not None], dtype=np.float64)
        xy, turned = _turned(numbers[:, ::-1] if swap else numbers)
        wkbs[there] = shapely.to_wkb(shapely.points(xy))
        there[there] = ~turned
    notes = [None if there[n] or _blank(header, row) else _NO_NUMBER for n, row in enumerate(rows)]
    told = [_TURNED if note and wkb is not None else note for note, wkb in zip(notes, wkbs, strict=True)]
    return wkbs.tolist(), told


def _shapes(cells: list[object]) -> Shapes:
    """WKB and a note for each cell of words; kinds that cannot be nested are parsed all at once."""
    wkbs: NDArray[np.object_] = np.full(len(cells), None, dtype=object)
    flat = {n: text for n, text in enumerate(cells) if isinstance(text, str) and _flat(text)}
    wkbs[list(flat)] = shapely.to_wkb(shapely.from_wkt(list(flat.values()), on_invalid="ignore"))
    told: list[str | None] = [None] * len(cells)
    for n, text in enumerate(cells):
        if wkbs[n] is None:
            wkbs[n], told[n] = _from_words(text)
    return wkbs.tolist(), told


def _flat(text: str) -> bool:
    return _FLAT.match(text) is not None and text.isascii()


def _turned(xy: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Eastings and northings, with those the right way round that only can be so; and which these were."""
    one, other = xy.T
    wrong = _within(one, northing=True) & _within(other, northing=False)
    wrong &= ~(_within(one, northing=False) & _within(other, northing=True))
    return np.where(wrong[:, None], xy[:, ::-1], xy), wrong


def _within(values: NDArray[np.float64], *, northing: bool) -> NDArray[np.bool_]:
    metres, degrees = (NORTHINGS_M, LATITUDES) if northing else (EASTINGS_M, LONGITUDES)
    inside = [(values >= low) & (values <= high) for low, high in (metres, degrees)]
    return inside[0] | inside[1]


def _numbers(header: Header, rows: list[Row], decimal: Decimal | None) -> NDArray[np.float64] | None:
    """Two columns of plain numbers at once, shape (n, 2); None where a single one is anything else."""
    if header.first is None or header.second is None or decimal is None:
        return None
    both = []
    for index in (header.first, header.second):
        try:
            texts = pc.utf8_trim_whitespace(pa.array(column(rows, index), pa.string()))
            plain = texts if decimal == "." else pc.replace_substring(texts, ",", ".")
            if plain.null_count or (decimal == "," and pc.any(pc.match_substring(texts, ".")).as_py()):
                return None
            both.append(plain.cast(pa.float64()).to_numpy())
        except pa.ArrowException:
            return None
    pairs = np.column_stack(both)
    return pairs if np.isfinite(pairs).all() else None


def _pair(header: Header, row: Row, decimal: Decimal | None) -> tuple[float, float] | None:
    if header.first is None or header.second is None:
        return pair(cell(row, header.both))
    one, other = number(cell(row, header.first), decimal), number(cell(row, header.second), decimal)
    return None if one is None or other is None else (one, other)


def _from_words(words: object) -> tuple[bytes | None, str | None]:
    """Nesting is limited before the parser runs: GEOS recurses, and 10,000 levels end the process."""
    if words in (None, ""):
        return None, None
    text = str(words).strip()
    if not text.startswith(("0", "{")) and (corners := ring_of(text)) is not None:
        swap = northing_first(corners)
        return shapely.Polygon([(b, a) if swap else (a, b) for a, b in corners]).wkb, None
    return _parsed(text)


def _parsed(text: str) -> tuple[bytes | None, str | None]:
    deep = max(map(len, re.findall(r"[(\[]+", re.sub(r"\s+", "", text))), default=0) > _NESTED
    if text.upper().count("GEOMETRYCOLLECTION") > 1 or deep:
        return None, _NO_SHAPE
    try:
        if text.startswith("0"):
            return shapely.to_wkb(shapely.from_wkb(text)), None
        if text.startswith("{"):
            return shapely.to_wkb(shapely.from_geojson(text)), None
        return shapely.from_wkt(text.partition(";")[2] if text.upper().startswith("SRID") else text).wkb, None
    except NotImplementedError:
        return None, _CURVED
    except (shapely.errors.GEOSException, UnicodeEncodeError):
        return None, _NO_SHAPE


def _blank(header: Header, row: Row) -> bool:
    used = (header.first, header.second, header.both)
    return all(cell(row, at) in (None, "") for at in used if at is not None)
