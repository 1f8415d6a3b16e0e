"""Boundaries walked with a GPS and paths drawn in Google Earth, into a layer of areas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from etl.inner import inner_layer
from etl.rings import areas_of
from etl.sources import open_source
from etl.types import Answers
from layers.registry import load
from tests.etl import odd_files as odd

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = load()
HEAD = '<?xml version="1.0"?><gpx xmlns="http://www.topografix.com/GPX/1/1" creator="x" version="1.1">'


def device(folder: Path) -> Path:
    """Waypoints and one track, as a handheld device saves them."""
    shape = odd.land(60, 4326).geometry.iloc[0]
    walked = shapely.get_coordinates(shapely.segmentize(shape, shape.length / 60))[:-1]
    corners = "".join(f'<trkpt lat="{lat}" lon="{lon}"><ele>3</ele></trkpt>' for lon, lat in walked)
    marks = "".join(f'<wpt lat="{lat}" lon="{lon}"><name>P</name></wpt>' for lon, lat in walked[:3])
    track = f"<trk><name>Vườn ông Ba</name><trkseg>{corners}</trkseg></trk>"
    (folder / "a.gpx").write_text(f"{HEAD}{marks}{track}</gpx>")
    return folder / "a.gpx"


def test_a_device_offers_what_it_holds_and_each_layer_takes_its_kind(tmp_path: Path) -> None:
    source = open_source(device(tmp_path))
    assert [(each.name, each.rows) for each in source.layers] == [("waypoints", 3), ("tracks", 1)]
    for layer, wanted in (("crop_areas", "tracks"), ("farms", "waypoints")):
        chosen, _ = inner_layer(source, LAYERS[layer], Answers())
        assert getattr(chosen, "name", None) == wanted


def test_lines_that_go_round_are_areas_where_their_format_knows_none() -> None:
    ring = shapely.segmentize(shapely.box(105.6, 10.4, 105.61, 10.41).exterior, 0.001)
    corners = shapely.get_coordinates(ring)
    walked = shapely.MultiLineString([corners[:-1]])
    straight = shapely.LineString(corners[:12])
    shapes = np.array(
        [shapely.LineString(ring), walked, straight, None, shapely.Point(105.6, 10.4)], dtype=object
    )
    made, notes = areas_of(shapes, "GPX")
    assert shapely.get_type_id(made).tolist() == [3, 3, 1, -1, 0]
    assert shapely.area(made[1]) == pytest.approx(1e-4)
    assert [(note.code, note.count) for note in notes] == [("line_rings", 1), ("line_walked", 1)]
    assert shapely.get_type_id(areas_of(shapes, "DXF")[0]).tolist() == [3, 5, 1, -1, 0]
    assert areas_of(shapes, "GPKG")[0] is shapes
