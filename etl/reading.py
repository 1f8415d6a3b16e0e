"""Vector files into frames in WGS 84, or a sentence that says why not. No database."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyarrow
import pyarrow.parquet
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataSourceError

from geo.crs import ZONES, to_wgs84
from geo.crs.vn2000 import datum_to_wgs84
from geo.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIXES = (".geojson", ".json", ".gpkg", ".shp", ".zip", ".fgb", ".kml", ".parquet", ".geoparquet")
VN2000_GEOGRAPHIC = 4756
# Vietnam with its sea, generously: degrees west, south, east, north.
GROUND = (101.0, 5.5, 118.5, 24.0)


def read(
    file: Path,
    inner_layer: str | None = None,
    epsg: int | None = None,
    where: tuple[str, str] | None = None,
) -> gpd.GeoDataFrame:
    """The file's rows in EPSG:4326, two-dimensional.

    ``where`` (column, value) spares reading other rows of a Parquet file that has the column. ``epsg`` says
    the system where the file does not; it never overrides a declared one. Raises ``InvalidInput`` for
    unreadable files, several inner layers, and an undeclared or contradicted system.
    """
    _refuse_type(file)
    parquet = file.suffix.lower() in (".parquet", ".geoparquet")
    frame = _parquet(file, where) if parquet else _ogr(file, inner_layer)
    if not isinstance(frame, gpd.GeoDataFrame) or frame.active_geometry_name is None:
        raise InvalidInput("file", file.name, "tệp có hình học", "a file with geometry")
    frame = frame.set_geometry(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)
    if frame.active_geometry_name != "geometry":
        frame = frame.rename_geometry("geometry")
    return _in_wgs84(frame, file.name, epsg)


def _parquet(file: Path, where: tuple[str, str] | None) -> gpd.GeoDataFrame:
    try:
        there = where is not None and where[0] in pyarrow.parquet.read_schema(file).names
        return gpd.read_parquet(file, filters=[(where[0], "==", where[1])] if where and there else None)
    except (ValueError, OSError, pyarrow.ArrowException) as error:
        raise _unreadable(file, error) from None


def _ogr(file: Path, inner_layer: str | None) -> gpd.GeoDataFrame:
    source = _source(file)
    try:
        names = [str(name) for name in pyogrio.list_layers(source)[:, 0]]
        if inner_layer is None and len(names) > 1:
            raise InvalidInput(
                "inner_layer", "", f"một trong các lớp của tệp: {', '.join(names)}",
                f"one of the file's layers: {', '.join(names)}",
            )  # fmt: skip
        if inner_layer is not None and inner_layer not in names:
            raise InvalidInput("inner_layer", inner_layer, ", ".join(names), ", ".join(names))
        return pyogrio.read_dataframe(source, layer=inner_layer or names[0])
    except DataSourceError as error:
        raise _unreadable(file, error) from None


def _refuse_type(file: Path) -> None:
    if not file.is_file():
        raise InvalidInput("file", file.name, "một tệp có thật", "a file that exists")
    if file.suffix.lower() not in SUFFIXES:
        allowed = ", ".join(SUFFIXES)
        raise InvalidInput("file", file.name, f"tệp kiểu {allowed}", f"a file of type {allowed}")


def _source(file: Path) -> str:
    if file.suffix.lower() != ".zip":
        return str(file)
    try:
        with zipfile.ZipFile(file) as archive:
            shapes = [name for name in archive.namelist() if name.lower().endswith(".shp")]
    except zipfile.BadZipFile as error:
        raise _unreadable(file, error) from None
    if len(shapes) != 1:
        raise InvalidInput(
            "file", file.name, f"tệp nén có đúng một .shp (đang có {len(shapes)})",
            f"an archive with exactly one .shp (it has {len(shapes)})",
        )  # fmt: skip
    return f"/vsizip/{file}/{shapes[0]}"


def _unreadable(file: Path, error: Exception) -> InvalidInput:
    return InvalidInput(
        "file", file.name, f"tệp đọc được ({type(error).__name__})", f"a file that can be read ({error})"
    )


def _in_wgs84(frame: gpd.GeoDataFrame, name: str, epsg: int | None) -> gpd.GeoDataFrame:
    declared = frame.crs
    if declared is None and epsg is None:
        candidates = ", ".join(_candidates(frame.total_bounds))
        raise InvalidInput(
            "epsg", f"{name}: không khai báo hệ tọa độ / none declared",
            f"hệ tọa độ của dữ liệu; theo trị số có thể là {candidates}",
            f"the data's coordinate system; by its numbers it may be {candidates}",
        )  # fmt: skip
    if declared is None:
        return _transform(frame, _crs(epsg or 0), epsg)
    code = vn2000_code(declared)
    if epsg is not None and epsg != (code or declared.to_epsg()):
        raise InvalidInput(
            "epsg",
            epsg,
            f"hệ mà tệp đã khai báo: {declared.name}",
            f"what the file declares: {declared.name}",
        )
    return _transform(frame, declared, code)


def _crs(epsg: int) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_epsg(epsg)
    except pyproj.exceptions.CRSError:
        raise InvalidInput("epsg", epsg, "một mã EPSG, ví dụ 9209", "an EPSG code, e.g. 9209") from None


def vn2000_code(crs: pyproj.CRS) -> int | None:
    """The EPSG code by which :mod:`geo.crs` knows a VN-2000 system, None for other systems.

    Files often name a zone without its code; then the central meridian and the scale identify it.
    """
    code = crs.to_epsg()
    if code in ZONES or code == VN2000_GEOGRAPHIC:
        return code
    datum = (crs.datum.name if crs.datum else crs.name).lower().replace("_", " ").replace("-", " ")
    if not ("vietnam 2000" in datum or "vn 2000" in datum):
        return None
    if crs.is_geographic:
        return VN2000_GEOGRAPHIC
    given: dict[str, Any] = (
        {p.name: p.value for p in crs.coordinate_operation.params} if crs.coordinate_operation else {}
    )
    for zone in ZONES.values():
        meridian = abs(given.get("Longitude of natural origin", -1) - zone.central_meridian_deg) < 1e-6
        if meridian and abs(given.get("Scale factor at natural origin", 0) - zone.scale) < 1e-7:
            return zone.epsg
    raise InvalidInput(
        "crs", crs.name, "một trong các múi VN-2000 có mã EPSG", "a zone of VN-2000 that has an EPSG code"
    )


def _transform(frame: gpd.GeoDataFrame, crs: pyproj.CRS, code: int | None) -> gpd.GeoDataFrame:
    geometry = frame.geometry.to_numpy()
    if code == VN2000_GEOGRAPHIC:
        return frame.set_geometry(shapely.transform(geometry, datum_to_wgs84), crs="EPSG:4326")
    if code in ZONES:
        zone = ZONES[code]
        return frame.set_geometry(shapely.transform(geometry, lambda xy: to_wgs84(xy, zone)), crs="EPSG:4326")
    return frame.set_crs(crs, allow_override=True).to_crs(4326)


def _candidates(bounds: NDArray[np.float64]) -> list[str]:
    """Systems under which the numbers would lie in Vietnam."""
    west, south, east, north = bounds
    if not np.all(np.isfinite(bounds)):
        return ["—"]
    if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return ["EPSG:4326 (WGS 84)", "EPSG:4756 (VN-2000)"]
    middle = np.array([[(west + east) / 2, (south + north) / 2]])
    found = []
    for epsg, zone in ZONES.items():
        lon, lat = to_wgs84(middle, zone)[0]
        near = abs(lon - zone.central_meridian_deg) <= 1.6
        if near and GROUND[0] <= lon <= GROUND[2] and GROUND[1] <= lat <= GROUND[3]:
            found.append(f"EPSG:{epsg} ({zone.name})")
    return found or ["EPSG:32648, EPSG:32649 (UTM)"]
