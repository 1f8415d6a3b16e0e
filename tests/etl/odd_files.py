"""Odd files as agencies send them, each made from the same parcels; the folder is the test's own."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import openpyxl
import pyogrio
import shapely

from tests.etl.made import in_system, parcels

if TYPE_CHECKING:
    from pathlib import Path

CODES = ("LUC", "ONT", "CLN", "BHK")
KML = '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'


def land(count: int = 60, epsg: int = 5897) -> gpd.GeoDataFrame:
    """Parcels of several wards, in a zone of VN-2000."""
    chosen = parcels()[:: len(parcels()) // count][:count]
    at = np.arange(count)
    columns = {"SHBANDO": at // 20 + 1, "SHTHUA": at % 20 + 1, "MDSD": [CODES[n % 4] for n in at]}
    columns["DIACHI"] = ["Ấp Tân Hậu, xã Tân Thuận Tây"] * count
    return gpd.GeoDataFrame(columns, geometry=in_system(chosen, epsg), crs=epsg)


def zipped(folder: Path, inside: str = "") -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w") as out:
        for each in sorted(folder.rglob("*")):
            if each.is_file():
                out.write(each, inside + str(each.relative_to(folder)))
    return archive


def lying_cpg(folder: Path) -> Path:
    (folder / "a").mkdir()
    land().to_file(folder / "a/thua.shp", encoding="UTF-8")
    (folder / "a/thua.cpg").write_text("ISO-8859-1")
    return zipped(folder / "a")


def cases_of_names(folder: Path) -> Path:
    place = folder / "a/Bản đồ 2024/Thửa"
    place.mkdir(parents=True)
    land().to_file(place / "x.shp")
    (place / "x.cpg").unlink()
    (place / "x.prj").unlink()
    for suffix, name in ((".shp", "THUA.SHP"), (".shx", "THUA.SHX"), (".dbf", "thua.Dbf")):
        (place / f"x{suffix}").rename(place / name)
    return zipped(folder / "a", "dữ liệu/")


def heights(folder: Path) -> Path:
    frame = land()
    frame["geometry"] = shapely.force_3d(frame.geometry.to_numpy(), 5.0)
    (folder / "a").mkdir()
    frame.to_file(folder / "a/thua.shp")
    return zipped(folder / "a")


def lines_beside(folder: Path) -> Path:
    (folder / "a").mkdir()
    land().to_file(folder / "a/thua.shp")
    frame = land()[["DIACHI", "geometry"]]
    frame.assign(geometry=frame.boundary).to_file(folder / "a/duong.shp")
    return zipped(folder / "a")


def _mif(folder: Path, system: str, charset: str | None = None) -> Path:
    (folder / "a").mkdir()
    pyogrio.write_dataframe(
        land(), folder / "a/thua.mif", driver="MapInfo File", dataset_options={"FORMAT": "MIF"}
    )
    text = (folder / "a/thua.mif").read_text(encoding="latin-1")
    text = re.sub(r"(?im)^coordsys.*$", f"CoordSys {system}", text)
    if charset is not None:
        text = re.sub(r"(?im)^charset.*$", f'Charset "{charset}"', text)
    (folder / "a/thua.mif").write_text(text, encoding="latin-1")
    return zipped(folder / "a")


def mif_of_windows_1258(folder: Path) -> Path:
    archive = folder / "a.zip"
    _mif(folder, 'Earth Projection 8, 104, "m", 105, 0, 0.9999, 500000, 0', "WindowsVietnamese")
    # In Windows-1258 a tone is a sign of its own behind its vowel.
    words = (
        "Ấp Tân Hậu, xã Tân Thuận Tây".replace("Ấ", "Â\u0301").replace("ậ", "â\u0323").replace("ã", "a\u0303")
    )
    rows = [f'{n // 20 + 1},{n % 20 + 1},"{CODES[n % 4]}","{words}"\r\n' for n in range(60)]
    (folder / "a/thua.mid").write_bytes("".join(rows).encode("cp1258"))
    archive.unlink()
    return zipped(folder / "a")


def mif_not_of_the_earth(folder: Path) -> Path:
    return _mif(folder, 'NonEarth Units "m" Bounds (500000, 1100000) (700000, 1300000)')


def _ring(shape: shapely.Polygon) -> str:
    points = " ".join(f"{lon},{lat},0" for lon, lat in shape.exterior.coords)
    ring = f"<LinearRing><coordinates>{points}</coordinates></LinearRing>"
    return f"<Polygon><outerBoundaryIs>{ring}</outerBoundaryIs></Polygon>"


def _kml(folder: Path, attributes: object) -> Path:
    text = KML
    frame = land(epsg=4326)
    for n, (_, row) in enumerate(frame.iterrows()):
        text += f"<Folder><name>Tờ {row.SHBANDO}</name>" if n % 20 == 0 else ""
        text += f"<Placemark><name>{n}</name>{attributes(row)}{_ring(row.geometry)}</Placemark>"  # type: ignore[operator]
        text += "</Folder>" if n % 20 == 19 else ""
    (folder / "a.kml").write_text(text + "</Document></kml>")
    return folder / "a.kml"


NAMES = {"Số tờ": "SHBANDO", "Số thửa": "SHTHUA", "Loại đất": "MDSD", "Địa chỉ": "DIACHI"}


def kml_of_data(folder: Path) -> Path:
    data = '<Data name="{}"><value>{}</value></Data>'
    return _kml(folder, lambda row: _extended([data.format(name, row[key]) for name, key in NAMES.items()]))


def kml_of_a_schema(folder: Path) -> Path:
    data = '<SimpleData name="{}">{}</SimpleData>'
    return _kml(
        folder,
        lambda row: _extended(
            ["<SchemaData>", *(data.format(name, row[key]) for name, key in NAMES.items()), "</SchemaData>"]
        ),
    )


def kml_of_html(folder: Path) -> Path:
    rows = "<tr bgcolor='#D4E4F3'><td>{}</td>\n<td>{}</td></tr>"

    def table(row: object) -> str:
        cells = "".join(rows.format(name, row[key]) for name, key in NAMES.items())  # type: ignore[index]
        return f"<description><![CDATA[<html><body><table>{cells}</table></body></html>]]></description>"

    return _kml(folder, table)


def _extended(inside: list[str]) -> str:
    return f"<ExtendedData>{''.join(inside)}</ExtendedData>"


def gml_with_axes_of_its_own(folder: Path) -> Path:
    text = '<a:C xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:a="urn:a">'
    for n, row in land(epsg=4326).iterrows():
        # Lon lat, where the name of the system promises lat lon.
        points = " ".join(f"{lon} {lat}" for lon, lat in row.geometry.exterior.coords)
        ring = f"<gml:LinearRing><gml:posList>{points}</gml:posList></gml:LinearRing>"
        values = "".join(f"<a:{key}>{row[key]}</a:{key}>" for key in NAMES.values())
        shape = f'<gml:Polygon gml:id="g{n}" srsName="urn:ogc:def:crs:EPSG::4326">'
        shape += f"<gml:exterior>{ring}</gml:exterior></gml:Polygon>"
        text += f'<gml:featureMember><a:T gml:id="t{n}">{values}<a:geom>{shape}</a:geom></a:T>'
        text += "</gml:featureMember>"
    (folder / "a.gml").write_text(text + "</a:C>")
    return folder / "a.gml"


def geojson_in_metres(folder: Path) -> Path:
    text = land(epsg=3857).to_json(drop_id=True)
    text = re.sub(r'"crs":\s*\{.*?\}\s*\},', "", text)
    (folder / "a.geojson").write_text("\ufeff" + text, encoding="utf-8")
    return folder / "a.geojson"


def drawing_with_texts(folder: Path) -> Path:
    text = "0\nSECTION\n2\nENTITIES\n"
    for _, row in land().iterrows():
        corners = shapely.get_coordinates(row.geometry)[:-1]
        text += f"0\nLWPOLYLINE\n8\nRANH\n90\n{len(corners)}\n70\n1\n"
        text += "".join(f"10\n{east}\n20\n{north}\n" for east, north in corners)
        middle = row.geometry.representative_point()
        for layer, words in (("SO_THUA", row.SHTHUA), ("SO_TO", row.SHBANDO), ("CHU", f"{row.MDSD}\\P250.5")):
            text += f"0\nTEXT\n8\n{layer}\n10\n{middle.x}\n20\n{middle.y}\n40\n2.0\n1\n{words}\n"
    (folder / "a.dxf").write_text(text + "0\nENDSEC\n0\nEOF\n")
    return folder / "a.dxf"


def _corners(shape: shapely.Polygon) -> list[tuple[float, float]]:
    """Northing first, to the centimetre, the last the first again."""
    return [(round(north, 2), round(east, 2)) for east, north in shape.exterior.coords]


def lists_below_each_other(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    for n, (_, row) in enumerate(land().iterrows()):
        sheet.append([f"BẢNG LIỆT KÊ TOẠ ĐỘ GÓC RANH - Thửa đất số {row.SHTHUA}, tờ bản đồ số {row.SHBANDO}"])
        sheet.append(["Hệ toạ độ VN-2000, KTT 105°00', múi chiếu 3°"])
        sheet.append(["Điểm", "Toạ độ", None, "Loại đất"])
        sheet.append([None, "X (m)", "Y(m)", None])
        for k, (north, east) in enumerate(_corners(row.geometry)):
            sheet.append([k + 1, north, east, CODES[n % 4] if k == 0 else None])
        sheet.append([])
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def one_list_in_halves(folder: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["BẢNG KÊ TOẠ ĐỘ VN-2000, kinh tuyến trục 105°00', múi 3°"])
    sheet.append(["Điểm", "X (m)", "Y (m)", "Điểm", "X (m)", "Y (m)"])
    shape = land(60).geometry.iloc[7].centroid.buffer(100, quad_segs=6)
    corners = [(n + 1, *corner) for n, corner in enumerate(_corners(shape))]
    half = (len(corners) + 1) // 2
    for n in range(half):
        sheet.append([*corners[n], *(corners[n + half] if n + half < len(corners) else ())])
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"
