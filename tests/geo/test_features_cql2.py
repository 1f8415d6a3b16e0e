"""CQL2: what is read, what is refused, and what hostile input costs."""

from __future__ import annotations

import contextlib
import json
import re
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InvalidInput
from geo.features import CRS84, Column, parse_crs, parse_filter
from geo.features.cql2.from_json import parse_json
from geo.features.cql2.nodes import Array, Call, Instant, Interval, Name, Value
from geo.features.cql2.text import parse_text
from layers.description import Text
from tests.api import natural_earth
from tests.api.cql2_json import encode

TITLE = Text(vi="x", en="x")
COLUMNS = {
    name: Column(name, kind, TITLE)  # type: ignore[arg-type]
    for name, kind in {
        "x": "number",
        "n": "integer",
        "name": "text",
        "open": "boolean",
        "day": "date",
        "at": "timestamp",
        "valid_from": "date",
        "valid_to": "date",
    }.items()
}
EXAMPLES = natural_earth.examples()
TEXTS = sorted(path for path in EXAMPLES if path.startswith("text/"))


def compiled(text: str, lang: str = "cql2-text", crs: str | None = None) -> str:
    system = parse_crs("crs", crs) if crs else CRS84
    return parse_filter(text, lang, COLUMNS, system).sql  # type: ignore[arg-type]


@pytest.mark.skipif(not TEXTS, reason="OGC's examples are not here")
@pytest.mark.parametrize("path", TEXTS or ["none"])
def test_the_standards_examples_say_the_same_in_text_and_json(path: str) -> None:
    twin = "json/" + path[5:].removesuffix(".txt").split("-alt")[0] + ".json"
    if re.search(r"example(46|49)", path):
        with pytest.raises(InvalidInput):  # a polygon that crosses itself
            parse_text(EXAMPLES[path])
        return
    assert parse_text(EXAMPLES[path]) == parse_json(EXAMPLES[twin])


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a=1", Call("=", (Name("a"), Value(1)))),
        ("NOT NOT open", Name("open")),
        ("x = -n * 2", Call("=", (Name("x"), Call("*", (Call("*", (Value(-1), Name("n"))), Value(2)))))),
        ("name LIKE 'O''Hà%'", Call("like", (Name("name"), Value("O'Hà%")))),
        ("date = DATE('2025-07-01')", Call("=", (Name("date"), Instant(date(2025, 7, 1))))),
        ("a_equals((), (1))", Call("a_equals", (Array(()), Array((Value(1),))))),
        ("t_during(day, INTERVAL('..','..'))", Call("t_during", (Name("day"), Interval(None, None)))),
        ("x in (1,2)", Call("in", (Name("x"), Array((Value(1), Value(2)))))),
    ],
)
def test_text_is_read(text: str, node: object) -> None:
    assert parse_text(text) == node
    assert parse_json(json.dumps(encode(parse_text(text)))) == node


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "x",
        "x =",
        "= 1",
        "x = 1 y",
        "x == 1",
        "x = 1 AND",
        "(x = 1",
        "x = 1)",
        "x = 'a",
        "x = '1'",
        "name = 1",
        "name LIKE 1",
        "name IN ()",
        "name + 1 = 2",
        "open",
        "NOT x",
        "x AND open",
        "no_such = 1",
        "visibility = 0",
        "geometry = 1",
        "geometry = geometry",
        "day = DATE('2025-13-01')",
        "at = TIMESTAMP('yesterday')",
        "t_after(name, day)",
        "t_after(day)",
        "s_intersects(geometry)",
        "s_intersects(x, geometry)",
        "s_intersects(geometry, POINT(1))",
        "s_intersects(geometry, POINT(200 10))",
        "s_intersects(geometry, POINT(1e999 10))",
        "s_intersects(geometry, POLYGON((0 0,1 1,0 1,1 0,0 0)))",
        "s_intersects(geometry, POLYGON((0 0,1 1)))",
        "s_intersects(geometry, BBOX(1,2,3))",
        "s_intersects(geometry, BBOX(1,20,3,10))",
        "s_touches(geometry, GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1)))",
        "pg_sleep(10) = 1",
        "a_contains((1), ('a'))",
        "a_contains((geometry), (geometry))",
        "x = 1; DROP TABLE core.cameras",
        "x = 1e999",
        "x IS NOT",
        "interval('..','..') = 1",
        "x = ',\"%s",
    ],
)
def test_what_is_no_filter_is_refused_with_words(text: str) -> None:
    if text == "open":
        assert compiled(text) == '(t."open")' or compiled(text) == 't."open"'
        return
    with pytest.raises(InvalidInput) as error:
        compiled(text)
    assert error.value.parameter == "filter" and error.value.allowed_vi and error.value.allowed_en


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "1",
        "null",
        "{}",
        "{",
        "NaN",
        '{"op":"="}',
        '{"op":"=","args":[NaN,1]}',
        '{"op":"=","args":[null,1]}',
        '{"op":1,"args":[]}',
        '{"op":"and","args":[]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":["1",2]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Circle","coordinates":[1,2]}]}',
        '{"op":"in","args":[{"property":"x"},[]]}',
        '{"op":"=","args":[{"property":"x"},' + "9" * 5000 + "]}",
        '{"op":"=","args":[{"property":"x"},' + "9" * 400 + "]}",
        '{"op":"=","args":[{"property":"x"},1e999]}',
        '{"op":"=","args":[{"property":"name"},"\\ud800"]}',
        '{"op":"=","args":[{"property":"name"},"a\\u0000"]}',
        '{"op":"=","args":[{"property":"\\ud800"},"a"]}',
    ],
)
def test_json_that_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        compiled(text, "cql2-json")


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("(" * 500 + "x=1" + ")" * 500, "cql2-text"),
        ("(" * 4000, "cql2-text"),
        ("NOT " * 3000 + "x=1", "cql2-text"),
        ("x=" + "-" * 5000 + "1", "cql2-text"),
        ("x=1" + " OR x=1" * 1100, "cql2-text"),
        ("x IN (" + ",".join(["1"] * 3000) + ")", "cql2-text"),
        ("GEOMETRYCOLLECTION(" * 100, "cql2-text"),
        ("'" + "\\'" * 3000, "cql2-text"),
        ("x" * 9000, "cql2-text"),
        # Operators in a row lie one in another without a bracket.
        ("x" + " + 1" * 2000 + " > 3", "cql2-text"),
        ("x" + " + 1" * 200 + " > 3", "cql2-text"),
        ("x" + " * 2" * 65 + " > 3", "cql2-text"),
        ("[" * 4000, "cql2-json"),
        ('{"op":"not","args":[' * 200, "cql2-json"),
    ],
)
def test_hostile_input_is_refused_at_once(text: str, lang: str) -> None:
    start = time.process_time()
    with pytest.raises(InvalidInput):
        compiled(text, lang)
    assert time.process_time() - start < 1


@given(st.text(alphabet="xn =<>()'\"-+*/^,.10ANDORTLIKEsS_INTERVALdate", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        compiled(text)


@pytest.mark.parametrize(
    "op", ["intersects", "equals", "touches", "crosses", "within", "contains", "overlaps"]
)
def test_a_spatial_predicate_goes_with_its_box(op: str) -> None:
    assert " && " in compiled(f"S_{op}(geometry, POLYGON((0 0,1 0,1 1,0 0)))")


def test_coordinates_are_in_filter_crs_and_its_axis_order() -> None:
    def point(text: str, crs: str | None = None) -> object:
        system = parse_crs("crs", crs) if crs else CRS84
        return parse_filter(f"s_intersects(geometry, POINT({text}))", "cql2-text", COLUMNS, system).values

    assert point("105 10") == point("10 105", "http://www.opengis.net/def/crs/EPSG/0/4326")
    assert point("105 10") != point("11688546.53 1118889.97", "http://www.opengis.net/def/crs/EPSG/0/3857")


def test_values_are_bound_and_never_in_the_statement() -> None:
    predicate = parse_filter("name = 'x'' OR 1=1 --' AND n IN (1,2)", "cql2-text", COLUMNS, CRS84)
    assert "OR" not in predicate.sql and predicate.values[0] == ("cql_0", "x' OR 1=1 --")
    assert predicate.sql == (
        '((t."name" = %(cql_0)s::text) AND (t."n" IN (%(cql_1)s::bigint, %(cql_2)s::bigint)))'
    )
