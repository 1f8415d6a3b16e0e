"""What a file says of its coordinate system, matched by parameters and never by the name alone.

Files of Vietnamese agencies carry WKT of ArcGIS, MapInfo and AutoCAD without codes, with a datum called
"unnamed" or WGS 84: MapInfo has no VN-2000, so its users write datum 104 (WGS 84) beside the meridian and the
scale of a VN-2000 zone ("VN-2000 nội bộ"). The scale 0.9999 on the WGS 84 ellipsoid is VN-2000's 3° zones and
nothing else that is used here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyproj

from etl.georef.systems import VN2000_DEGREES, choice, of_wkt
from etl.types import Note
from geo.crs import ZONES
from geo.crs.vn2000 import DEPRECATED
from layers.description import Text

if TYPE_CHECKING:
    from etl.types import CrsChoice

_MERIDIAN = ("Longitude of natural origin", "Longitude of false origin")
_WGS84_AXIS_M = 6_378_137.0
TM3_SCALE = 0.9999
_LOCAL = ("ENGCRS", "LOCAL_CS", "ENGINEERINGCRS")


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration as understood. ``system`` is None where it says nothing usable; ``notes`` say why."""

    system: CrsChoice | None
    notes: tuple[Note, ...] = ()


def understand(definition: str | None) -> Declared:
    """Read a declaration (WKT of any dialect, PROJ text, ``EPSG:n``)."""
    if not definition or definition.lstrip().upper().startswith(_LOCAL):
        return Declared(None)
    try:
        crs = pyproj.CRS.from_user_input(definition)
    except pyproj.exceptions.CRSError:
        return Declared(None, (_unreadable(definition),))
    crs = _horizontal(crs)
    code = crs.to_epsg(min_confidence=70)
    if code in DEPRECATED or _exchanged(crs):
        return Declared(None, (_deprecated(code),))
    if code is not None and (code in ZONES or code == VN2000_DEGREES):
        return Declared(choice(str(code)))
    return _vietnamese(crs) if _is_vn2000(crs) else _other(crs, code)


def _vietnamese(crs: pyproj.CRS) -> Declared:
    if crs.is_geographic:
        return Declared(choice(str(VN2000_DEGREES)))
    zone = _zone(crs)
    return Declared(choice(str(zone))) if zone else Declared(None, (_odd(crs),))


def _other(crs: pyproj.CRS, code: int | None) -> Declared:
    if code is not None:
        return Declared(choice(str(code)))
    zone = _zone(crs)
    if zone is not None and ZONES[zone].scale == TM3_SCALE:
        return Declared(choice(str(zone)), (_unnamed(crs, zone),))
    return Declared(of_wkt(crs.to_wkt())) if crs.is_projected or crs.is_geographic else Declared(None)


def parameters(crs: pyproj.CRS) -> dict[str, float]:
    """The numbers of a projection by their EPSG names."""
    operation = crs.coordinate_operation
    return {each.name: float(each.value) for each in operation.params} if operation else {}


def _horizontal(crs: pyproj.CRS) -> pyproj.CRS:
    """Without a height part and without a bound datum shift: files' own seven parameters are not trusted."""
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    return crs.source_crs if crs.is_bound and crs.source_crs is not None else crs


def _is_vn2000(crs: pyproj.CRS) -> bool:
    names = [crs.name, crs.datum.name if crs.datum else ""]
    if crs.geodetic_crs is not None:
        names.append(crs.geodetic_crs.name)
    plain = "|".join(names).lower().replace("_", "").replace("-", "").replace(" ", "")
    return "vietnam2000" in plain or "vn2000" in plain


def _zone(crs: pyproj.CRS) -> int | None:
    """The zone with the declaration's meridian, scale, false easting and northing, on WGS 84's ellipsoid."""
    given = parameters(crs)
    ellipsoid = crs.ellipsoid
    if ellipsoid is None or abs(ellipsoid.semi_major_metre - _WGS84_AXIS_M) > 1.5:
        return None
    meridian = next((given[name] for name in _MERIDIAN if name in given), None)
    if meridian is None or abs(given.get("Latitude of natural origin", 0.0)) > 1e-9:
        return None
    for zone in ZONES.values():
        if (
            abs(meridian - zone.central_meridian_deg) < 1e-4
            and abs(given.get("Scale factor at natural origin", 0.0) - zone.scale) < 1e-7
            and abs(given.get("False easting", 0.0) - zone.false_easting_m) < 0.5
            and abs(given.get("False northing", 0.0) - zone.false_northing_m) < 0.5
        ):
            return zone.epsg
    return None


def _exchanged(crs: pyproj.CRS) -> bool:
    """The parameters of 6956–6959 under any name: no false easting, and 500 000 m of false northing."""
    given = parameters(crs)
    east, north = given.get("False easting"), given.get("False northing")
    return east is not None and north is not None and abs(east) < 0.5 and abs(north - 500_000) < 0.5


def _deprecated(code: int | None) -> Note:
    shown = f"EPSG:{code}" if code in DEPRECATED else "EPSG:6956–6959"
    return Note(
        "crs_deprecated",
        "info",
        Text(
            vi=f"Tệp khai {shown}: bản sai đã hủy bỏ (đảo số cộng Đông và Bắc), không được dùng.",
            en=f"The file declares {shown}: a faulty, deprecated version that is not used.",
        ),
    )


def _unnamed(crs: pyproj.CRS, zone: int) -> Note:
    datum = crs.datum.name if crs.datum else "unnamed"
    return Note(
        "crs_by_parameters",
        "info",
        Text(
            vi=f"Tệp ghi hệ quy chiếu «{datum}», nhưng kinh tuyến trục và k0 là của {ZONES[zone].name}"
            f" (EPSG:{zone}): hiểu là VN-2000.",
            en=f"The file names the datum '{datum}', yet meridian and scale are those of {ZONES[zone].name}"
            f" (EPSG:{zone}): taken as VN-2000.",
        ),
    )


def _odd(crs: pyproj.CRS) -> Note:
    shown = ", ".join(f"{name} = {value:g}" for name, value in parameters(crs).items())
    return Note(
        "crs_no_such_zone",
        "info",
        Text(
            vi=f"Tệp khai VN-2000 nhưng tham số không thuộc múi nào: {shown}.",
            en=f"The file declares VN-2000 with parameters of no zone: {shown}.",
        ),
    )


def _unreadable(definition: str) -> Note:
    return Note(
        "crs_unreadable",
        "info",
        Text(
            vi=f"Không hiểu được khai báo hệ tọa độ: {definition[:80]}",
            en=f"The declared coordinate system cannot be understood: {definition[:80]}",
        ),
    )
