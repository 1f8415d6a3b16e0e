from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from geo.errors import Conflict
from geo.publish import publish, publish_folders
from layers.description import Layer

if TYPE_CHECKING:
    import psycopg

    from geo.settings import Settings

WELLS = {
    "name": "wells",
    "title": {"vi": "Giếng", "en": "Wells"},
    "description": {"vi": "Giếng khoan", "en": "Bored wells"},
    "owner": {"vi": "Sở NN&MT", "en": "Department of agriculture"},
    "licence": {"vi": "Dữ liệu mở", "en": "Open data"},
    "geometry": "Point",
    "label": "name",
    "fields": [
        {
            "name": "name",
            "type": "text",
            "title": {"vi": "Tên", "en": "Name"},
            "required": True,
            "search": True,
        },
        {"name": "depth_m", "type": "number", "title": {"vi": "Sâu", "en": "Depth"}, "unit": "m"},
        {"name": "note", "type": "text", "title": {"vi": "Ghi chú", "en": "Note"}, "visible": "staff"},
        {"name": "phone", "type": "text", "title": {"vi": "SĐT", "en": "Phone"}, "visible": "private"},
    ],
}
INSERT = (
    "INSERT INTO core.wells (id, geom, name, depth_m, note, visibility, unit) OVERRIDING SYSTEM VALUE "
    "VALUES (%s, ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s, 12.5, 'khoá', %s, '29869')"
)


@pytest.fixture(scope="module")
def wells(settings: Settings) -> Layer:
    layer = Layer.model_validate(WELLS)
    engine = create_engine(settings.admin_url)
    with engine.begin() as connection:
        publish(connection, layer)
    return layer


@pytest.fixture
def rows(wells: Layer, admin: psycopg.Connection) -> psycopg.Connection:
    admin.execute("TRUNCATE core.wells CASCADE")
    admin.execute("DELETE FROM ops.change_log")
    admin.execute(INSERT, [1, 105.6, 10.4, "Giếng Mỹ Trà", 0])
    admin.execute(INSERT, [2, 105.7, 10.5, "Giếng kín", 1])
    return admin


def test_the_projection_holds_public_rows_and_columns_only(rows: psycopg.Connection) -> None:
    columns = {
        name
        for (name,) in rows.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'pub' AND table_name = 'wells'"
        )
    }
    assert rows.execute("SELECT id, name FROM pub.wells").fetchall() == [(1, "Giếng Mỹ Trà")]
    assert {"name", "depth_m", "geom", "search"} <= columns
    assert not {"note", "phone", "visibility"} & columns


def test_the_projection_follows_updates_and_deletes(rows: psycopg.Connection) -> None:
    rows.execute("UPDATE core.wells SET visibility = 1 - visibility")
    assert rows.execute("SELECT id FROM pub.wells").fetchall() == [(2,)]
    rows.execute("DELETE FROM core.wells WHERE id = 2")
    assert rows.execute("SELECT count(*) FROM pub.wells").fetchone() == (0,)


def test_the_search_text_has_no_marks(rows: psycopg.Connection) -> None:
    assert rows.execute("SELECT search FROM pub.wells").fetchone() == ("gieng my tra",)


def test_the_log_names_the_feature_its_class_and_its_ground(rows: psycopg.Connection) -> None:
    logged = rows.execute(
        "SELECT op, feature_id, vis, west, north FROM ops.change_log WHERE layer='wells' ORDER BY seq"
    ).fetchall()
    assert logged == [("insert", 1, 0, 105.6, 10.4), ("insert", 2, 1, 105.7, 10.5)]


def test_a_row_turned_private_is_a_public_change(rows: psycopg.Connection) -> None:
    rows.execute("DELETE FROM ops.change_log")
    rows.execute("UPDATE core.wells SET visibility = 2 WHERE id = 1")
    assert rows.execute("SELECT op, feature_id, vis FROM ops.change_log").fetchall() == [("update", 1, 0)]


def test_a_large_statement_is_logged_by_cells(rows: psycopg.Connection) -> None:
    rows.execute("DELETE FROM ops.change_log")
    rows.execute(
        "INSERT INTO core.wells (id, geom, name) OVERRIDING SYSTEM VALUE"
        " SELECT 100 + i, ST_SetSRID(ST_MakePoint(105 + i / 10000.0, 10.05), 4326), 'w'"
        " FROM generate_series(1, 5000) i"
    )
    count, features, west, east = rows.execute(
        "SELECT count(*), count(feature_id), min(west), max(east) FROM ops.change_log"
    ).fetchone() or (0, 0, 0, 0)
    assert features == 0
    assert 5 <= count <= 7
    assert (west, east) == (105.0001, 105.5)


@pytest.mark.parametrize(
    "geometry",
    ["POINT EMPTY", "POINT(105 89.9)", "POINT(190 10)"],
)
def test_what_no_tile_can_hold_is_refused(rows: psycopg.Connection, geometry: str) -> None:
    import psycopg as driver

    with pytest.raises(driver.errors.CheckViolation):
        rows.execute(
            "INSERT INTO core.wells (geom, name) VALUES (ST_GeomFromText(%s, 4326), 'x')", [geometry]
        )


def test_publishing_again_changes_nothing(settings: Settings, admin: psycopg.Connection) -> None:
    before = admin.execute("SELECT last_value FROM ops.layer_revision").fetchone()
    publish_folders(settings)
    assert admin.execute("SELECT max(revision) FROM ops.layer").fetchone() == before or (
        admin.execute("SELECT count(*) FROM ops.layer WHERE revision > %s", before).fetchone() == (0,)
    )


def test_a_new_field_is_added_and_a_new_type_is_refused(settings: Settings, wells: Layer) -> None:
    engine = create_engine(settings.admin_url)
    more = Layer.model_validate(
        {
            **WELLS,
            "fields": [
                *WELLS["fields"],  # type: ignore[misc]
                {"name": "dug_on", "type": "date", "title": {"vi": "Ngày", "en": "Date"}},
            ],
        }
    )
    with engine.begin() as connection:
        publish(connection, more)
        assert connection.execute(text("SELECT dug_on FROM pub.wells")).fetchall() is not None
    other = Layer.model_validate(
        {**WELLS, "fields": [{**WELLS["fields"][0], "type": "integer", "search": False}]}  # type: ignore[index,dict-item]
    )
    with engine.begin() as connection, pytest.raises(Conflict, match="wells"):
        publish(connection, other)
