"""The parts of a question for features, without a database: boxes, times, values, statements."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.database import Caller, Claims
from geo.errors import InvalidInput
from geo.features import FeatureQuery, Filter, columns_for, parse_bbox, parse_crs, parse_datetime, parse_value
from geo.features.sql import count_statement, filter_values, page_statement, shape_of
from layers.registry import load

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
LAYERS = load()
STAFF = Caller(Claims("s", 1))


def shapes(text: str, crs: str | None = None) -> list[shapely.Geometry]:
    parsed = parse_bbox(text, parse_crs("bbox-crs", crs)) if crs else parse_bbox(text)
    return [shapely.from_wkb(part) for part in parsed]


def test_a_box_is_a_polygon_in_lon_lat() -> None:
    (shape,) = shapes("105,10,106,11")
    assert shape.bounds == (105, 10, 106, 11)
    assert shapes("105,10,-5,106,11,500") == [shape]
    assert shapes("10,105,11,106", f"{EPSG}4326") == [shape]


def test_a_box_over_the_antimeridian_is_two() -> None:
    assert [shape.bounds for shape in shapes("170,-10,-170,10")] == [
        (170, -10, 180, 10),
        (-180, -10, -170, 10),
    ]


@pytest.mark.parametrize(("text", "kind"), [("105,10,105,10", "Point"), ("105,10,105,11", "LineString")])
def test_a_box_without_area_stays_valid(text: str, kind: str) -> None:
    (shape,) = shapes(text)
    assert shape.geom_type == kind and shape.is_valid


@pytest.mark.parametrize("code", [3857, 3405, 5897])
def test_a_projected_box_follows_the_ground(code: int) -> None:
    box = {3857: "11700000,1150000,11760000,1200000"}.get(code, "500000,1150000,560000,1200000")
    (shape,) = shapes(box, f"{EPSG}{code}")
    west, south, east, north = shape.bounds
    assert 104.9 < west < east < 105.7 and 10.2 < south < north < 10.9
    assert shape.is_valid and len(shape.exterior.coords) > 40


@given(
    st.text(max_size=30) | st.lists(st.floats(), max_size=7).map(lambda numbers: ",".join(map(str, numbers)))
)
def test_any_text_is_a_box_or_an_error_of_ours(text: str) -> None:
    try:
        found = shapes(text)
    except InvalidInput as error:
        assert error.parameter == "bbox"
    else:
        assert all(shape.is_valid and not shape.is_empty for shape in found)


@given(st.text(max_size=30) | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z"))
def test_any_text_is_a_time_or_an_error_of_ours(text: str) -> None:
    try:
        found = parse_datetime(text)
    except InvalidInput as error:
        assert error.parameter == "datetime"
    else:
        assert found.first is None or found.last is None or found.first <= found.last


def test_an_instant_is_the_day_in_vietnam() -> None:
    assert parse_datetime("2025-06-30T17:00:00Z").first == date(2025, 7, 1)
    # In a query string the plus sign of an offset arrives as a space.
    assert parse_datetime("2025-07-01T00:30:00 07:00").first == date(2025, 7, 1)


def test_values_are_read_by_the_type_of_the_column() -> None:
    units = columns_for(LAYERS["admin_units"], Caller.anonymous())
    assert parse_value(units["level"], "3") == 3
    assert parse_value(units["valid_from"], "2025-07-01") == date(2025, 7, 1)
    assert parse_value(units["name"], "Cao La\u0303nh") == "Cao L\u00e3nh"
    reports = columns_for(LAYERS["reports"], Caller.anonymous())
    assert parse_value(reports["received_at"], "2026-01-01T00:00:00Z") == datetime(2026, 1, 1, tzinfo=UTC)
    for column, text in ((units["level"], "3.5"), (units["name"], "a\x00"), (units["area_km2"], "inf")):
        with pytest.raises(InvalidInput):
            parse_value(column, text)


@pytest.mark.parametrize("name", LAYERS)
def test_callers_know_their_columns_and_nobody_private_ones(name: str) -> None:
    layer = LAYERS[name]
    public, staff = set(columns_for(layer, Caller.anonymous())), set(columns_for(layer, STAFF))
    private = {field.name for field in layer.private_fields}
    for_staff = {field.name for field in layer.fields if field.visible == "staff"}
    assert not private & staff and not for_staff & public
    assert staff - public == for_staff
    assert columns_for(layer, Caller(Claims("citizen", 0))).keys() == public


def test_statements_bind_values_and_test_boxes_by_the_index_first() -> None:
    query = FeatureQuery(
        filter=Filter(
            areas=parse_bbox("170,-10,-170,10"),
            during=parse_datetime("2025-01-01/.."),
            equals=(("name", "x'; DROP TABLE y; --"),),
        ),
        sort=(("name", True),),
    )
    shape = shape_of("pub", "admin_units", ("name",), query)
    for text in (page_statement(shape).decode(), count_statement(shape).decode()):
        assert "DROP" not in text and "%(equal_0)s" in text
        assert text.count("t.geom && ") == text.count("AND ST_Intersects(") == 2
        assert "t.valid_to > %(first_day)s" in text and "last_day" not in text
    assert filter_values(query.filter)["equal_0"] == "x'; DROP TABLE y; --"
    order = 'ORDER BY t."name" DESC NULLS LAST, t.id'
    assert page_statement(shape).decode().endswith(f"{order} LIMIT %(limit)s OFFSET %(offset)s) t {order}")
