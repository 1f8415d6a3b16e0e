"""The text of a feature is what PostgreSQL's own row_to_json writes, whatever the values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from geo.features.crs import CRS84
from geo.features.sql import Numbers, Shape, page_statement

if TYPE_CHECKING:
    import psycopg

ODD = """
CREATE TEMP TABLE odd (id bigint, geom geometry, word text, whole int, decimal float8, truth boolean,
                       day date, moment timestamptz);
INSERT INTO odd VALUES
  (1, ST_SetSRID(ST_MakePoint(106, 10.5), 4326), E'Cầu "Rạch\\\\"\\n\\t\\u0001', 7, 5, true, '2026-03-01', '2026-03-01 10:00+07'),
  (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (3, NULL, '', -1, 1e20, false, 'infinity', '0044-03-15 10:00+00 BC'),
  (4, NULL, '100% %s {}', 0, 'NaN', true, '2026-12-31', 'infinity'),
  (5, NULL, E'\\u2028', 0, '-Infinity', true, '2026-12-31', now()),
  (6, NULL, 'x', 0, 1.5e-7, true, '2026-12-31', now()),
  (7, NULL, 'x', 0, 0.1, true, '2026-12-31', now())
"""  # noqa: E501
NAMES = ("word", "whole", "decimal", "truth", "day", "moment")
NUMBERS = Numbers(frozenset({"decimal"}), frozenset({"whole"}))


def _features(connection: psycopg.Connection, shape: Shape) -> list[str]:
    rows = connection.execute(page_statement(shape), {"limit": 100, "offset": 0}).fetchall()
    return [row[0] for row in rows]


def test_properties_are_as_row_to_json_writes_them(admin: psycopg.Connection) -> None:
    admin.execute(ODD)
    shape = Shape("pg_temp", "odd", NAMES, CRS84, numbers=NUMBERS)
    found = _features(admin, shape)
    plain = admin.execute(
        "SELECT row_to_json(p)::text FROM odd t, LATERAL (SELECT word, whole, decimal, truth, day, moment) p"
        " ORDER BY id"
    ).fetchall()
    texts = [text.partition('"properties":')[2][:-1] for text in found]
    # One difference: a whole number of a column of decimals is written 5.0.
    assert texts == [row[0].replace('"decimal":5,', '"decimal":5.0,') for row in plain]
    assert json.loads(found[0])["geometry"] == {"type": "Point", "coordinates": [106, 10.5]}
    assert [json.loads(text)["id"] for text in found] == [1, 2, 3, 4, 5, 6, 7]


def test_a_row_without_properties_and_one_with_very_many(admin: psycopg.Connection) -> None:
    names = tuple(f"c{i}" for i in range(150))
    admin.execute("CREATE TEMP TABLE wide (id bigint, geom geometry)")
    for name in names:
        admin.execute(f"ALTER TABLE wide ADD COLUMN {name} int DEFAULT 3")  # type: ignore[call-overload]
    admin.execute("INSERT INTO wide VALUES (1, NULL)")
    (bare,) = _features(admin, Shape("pg_temp", "wide", (), CRS84))
    assert json.loads(bare) == {"type": "Feature", "id": 1, "geometry": None, "properties": {}}
    (wide,) = _features(admin, Shape("pg_temp", "wide", names, CRS84))
    assert json.loads(wide)["properties"] == dict.fromkeys(names, 3)
