"""A file of units becomes a coverage in WGS 84: known system, sound shapes, or it is refused."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj.exceptions import CRSError

from geo.crs import ZONES, to_wgs84, zone
from geo.crs.vn2000 import datum_to_wgs84
from geo.errors import InvalidInput
from geo.geometry import repair
from geo.vintages import topology
from geo.vintages.report import Finding
from geo.vintages.rows import columns_of, read_rows
from geo.vintages.types import Coverage
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from geo.vintages.report import Report
    from geo.vintages.types import Shapes, Tolerances

WGS84_CODES = (4326, 4979)
VN2000_GEOGRAPHIC = (4756, 4755)
# Vietnam with its islands and seas; what lies outside has swapped axes or another system than it says.
GROUND = (101.0, 5.0, 119.0, 24.0)
_SAID = "101–119° E, 5–24° N"
# As the layer admin_units says; read there it could not be named before the database is asked.
VERTICES_MAX = 100_000


def read_coverage(
    file: Path,
    given: Mapping[str, str],
    tolerances: Tolerances,
    report: Report,
    done: Callable[[float], None] = lambda _share: None,
) -> Coverage:
    """Read Parquet, GeoPackage, GeoJSON or whatever pyogrio reads.

    Raises ``InvalidInput`` where the file, its columns or its system are not understood; what is wrong with
    single units goes to ``report``.
    """
    frame = _read(file)
    done(0.3)
    columns = columns_of(frame, given)
    shapes = _to_wgs84(frame)
    rows = read_rows(frame.drop(columns=frame.geometry.name), columns, report)
    labels = [f"{row.code} {row.name}" for row in rows]
    done(0.5)
    return Coverage(tuple(rows), _sound(shapes, labels, tolerances, report))


def fingerprint(file: Path) -> str:
    """The file's name and SHA-256: what the record says of where it came from."""
    with file.open("rb") as opened:
        return f"{file.name} sha256:{hashlib.file_digest(opened, 'sha256').hexdigest()}"


def _read(file: Path) -> gpd.GeoDataFrame:
    try:
        frame = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
    except (
        OSError,
        ValueError,
        KeyError,
        pyogrio.errors.DataSourceError,
        pyogrio.errors.DataLayerError,
    ) as error:
        raise InvalidInput(
            "file",
            file.name,
            "Parquet, GeoPackage hoặc GeoJSON đọc được",
            f"readable ({type(error).__name__})",
        ) from None
    if not isinstance(frame, gpd.GeoDataFrame) or frame.empty:
        raise InvalidInput("file", file.name, "tệp có ít nhất một đơn vị", "a file with at least one unit")
    return frame


def _to_wgs84(frame: gpd.GeoDataFrame) -> Shapes:
    allowed = (
        f"WGS 84 (EPSG:4326) hoặc VN-2000 (EPSG:4756, {', '.join(map(str, sorted(ZONES)))})",
        f"WGS 84 (EPSG:4326) or VN-2000 (EPSG:4756, {', '.join(map(str, sorted(ZONES)))})",
    )
    if frame.crs is None:
        raise InvalidInput("crs", "(không ghi · none)", *allowed)
    shapes = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
    code = _epsg(frame)
    if code in WGS84_CODES:
        plain = shapes
    elif code in VN2000_GEOGRAPHIC:
        plain = shapely.transform(shapes, datum_to_wgs84)
    elif code in ZONES:
        plain = np.array([None if s is None else to_wgs84(s, zone(code)) for s in shapes], dtype=object)
    else:
        raise InvalidInput("crs", frame.crs.name if code is None else f"EPSG:{code}", *allowed)
    west, south, east, north = shapely.total_bounds(plain[~shapely.is_missing(plain)])
    box = GROUND
    if not (box[0] <= west <= east <= box[2] and box[1] <= south <= north <= box[3]):
        raise InvalidInput(
            "crs",
            f"{west:g}, {south:g}, {east:g}, {north:g}",
            f"toạ độ trong khoảng {_SAID} (trục có bị đảo?)",
            f"coordinates within {_SAID} (axes swapped?)",
        )
    return plain


def _epsg(frame: gpd.GeoDataFrame) -> int | None:
    try:
        code = frame.crs.to_epsg()
    except CRSError:
        return None
    if code is None and frame.crs.to_authority() == ("OGC", "CRS84"):
        return 4326
    return int(code) if code is not None else None


def _sound(shapes: Shapes, labels: list[str], tolerances: Tolerances, report: Report) -> Shapes:
    """Every shape valid and a MultiPolygon; those that cannot be are empty, and an error says so."""
    refused: list[Finding] = []
    mended: list[Finding] = []
    sound = shapes.copy()
    counts = shapely.get_num_coordinates(shapes)
    polygonal = (
        np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes) & (counts <= VERTICES_MAX)
    )
    valid = np.zeros(len(shapes), dtype=bool)
    valid[polygonal] = shapely.is_valid(shapes[polygonal])
    for at in np.flatnonzero(~polygonal):
        sound[at] = shapely.MultiPolygon()
        text = f"{labels[at]}: {_kind_of_shape(shapes[at])}, {counts[at]} đỉnh · vertices"
        refused.append(Finding(Text(vi=text, en=""), (labels[at][:5],)))
    broken = np.flatnonzero(polygonal & ~valid)
    for at, result in zip(broken, repair.mended([shapes[i] for i in broken]), strict=True):
        where = shapely.get_point(shapely.get_exterior_ring(shapely.get_parts(shapes[at])[0]), 0)
        share = 1.0 if result is None else repair.changed_share(shapes[at], result)
        why = shapely.is_valid_reason(shapes[at]).partition("[")[0]
        finding = Finding(Text(vi=labels[at], en=why), (labels[at][:5],), where.x, where.y, share)
        (refused if result is None or share > tolerances.repair_share else mended).append(finding)
        sound[at] = result if result is not None else shapely.MultiPolygon()
    report.add("shape", "error", refused)
    report.add("mended", "warning", mended)
    # Only now: a polygon's one part is the polygon.
    return np.array([_multi(shape) for shape in sound], dtype=object)


def _kind_of_shape(shape: BaseGeometry | None) -> str:
    return "—" if shape is None else str(shape.geom_type)


def _multi(shape: BaseGeometry) -> shapely.MultiPolygon:
    return shape if isinstance(shape, shapely.MultiPolygon) else topology.multi(shape)
