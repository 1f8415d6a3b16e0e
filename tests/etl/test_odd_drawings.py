"""Drawings whose parcels and places are told by the attributes of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import shapely

from etl.sources import open_source
from tests.etl import odd_files as odd
from tests.etl.made import in_system
from tests.etl.test_odd_files import SAID, taken

if TYPE_CHECKING:
    from pathlib import Path

COUNT = 6


def _block(x: float, y: float, handle: int, tags: dict[str, object]) -> str:
    text = f"0\nINSERT\n5\n{handle:X}\n8\nNHAN\n66\n1\n2\nTHUA\n10\n{x}\n20\n{y}\n30\n0\n"
    for tag, value in tags.items():
        text += f"0\nATTRIB\n8\n0\n10\n{x}\n20\n{y}\n30\n0\n40\n1.0\n1\n{value}\n2\n{tag}\n70\n0\n"
    return text + "0\nSEQEND\n8\nNHAN\n"


def drawn(folder: Path, *, outlines: bool) -> Path:
    """A block with a number in a ring, inserted once in each parcel."""
    text = "0\nSECTION\n2\nHEADER\n0\nENDSEC\n"
    text += "0\nSECTION\n2\nBLOCKS\n0\nBLOCK\n8\n0\n2\nTHUA\n70\n2\n10\n0\n20\n0\n30\n0\n"
    text += "0\nCIRCLE\n8\n0\n10\n0\n20\n0\n30\n0\n40\n2.0\n0\nENDBLK\n8\n0\n0\nENDSEC\n"
    text += "0\nSECTION\n2\nENTITIES\n"
    for n, (_, row) in enumerate(odd.land(60).iloc[:COUNT].iterrows()):
        corners = shapely.get_coordinates(row.geometry)[:-1]
        if outlines:
            text += f"0\nLWPOLYLINE\n5\n{0x100 + n:X}\n8\nRANH\n90\n{len(corners)}\n70\n1\n"
            text += "".join(f"10\n{east}\n20\n{north}\n" for east, north in corners)
        middle = row.geometry.representative_point()
        tags = {"SOTHUA": row.SHTHUA, "SOTO": row.SHBANDO, "LOAIDAT": row.MDSD, "GHICHU": ""}
        text += _block(middle.x, middle.y, 0x200 + n, tags)
    (folder / "a.dxf").write_text(text + "0\nENDSEC\n0\nEOF\n")
    return folder / "a.dxf"


def test_attributes_of_blocks_are_those_of_the_areas_they_stand_in(tmp_path: Path) -> None:
    _, shapes, values, faults = taken(drawn(tmp_path, outlines=True), "land_use", SAID)
    wanted = odd.land(60).iloc[:COUNT]
    assert faults == [] and len(shapes) == COUNT
    assert values["parcel_number"] == wanted.SHTHUA.tolist()
    assert values["sheet_number"] == wanted.SHBANDO.tolist()
    assert values["code"] == wanted.MDSD.tolist()
    there = shapely.area(in_system(shapely.force_2d(shapes), 5897))
    assert there == pytest.approx(shapely.area(wanted.geometry.to_numpy()), rel=1e-4)


def test_blocks_are_places_too_and_empty_attributes_say_nothing(tmp_path: Path) -> None:
    source = open_source(drawn(tmp_path, outlines=False))
    (places,) = [each for each in source.layers if each.inner_layer == "block"]
    assert (places.rows, places.geometry) == (COUNT, "Point")
    assert [each.name for each in places.columns] == ["Layer", "Block", "SOTHUA", "SOTO", "LOAIDAT"]
    rings = next(each for each in source.layers if each.inner_layer == "text")
    assert rings.rows == COUNT  # with no other outline a block's own lines are the area
