"""The pump loses nothing, tells the public nothing of private edits, and one pump leads."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from geo.changes.moved import EVERYTHING, Touched, read_moved
from geo.changes.pump import Beat
from tests.changes import as_pump, pump, pumped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from geo.settings import Settings

INSERT = (
    "INSERT INTO core.cameras (geom, name, kind, status, visibility)"
    " VALUES ('SRID=4326;POINT(105.6 10.4)', 'cam', 'traffic', 'active', %s)"
)


def epochs(admin: psycopg.Connection) -> tuple[int, int]:
    row = admin.execute("SELECT epoch, public_epoch FROM ops.layer_state WHERE layer = 'cameras'").fetchone()
    assert row is not None
    return row


@pytest.fixture
def quiet(settings: Settings, admin: psycopg.Connection) -> Iterator[psycopg.Connection]:
    pumped(settings)
    yield admin


def test_a_beat_moves_the_epoch_once_and_then_rests(settings: Settings, quiet: psycopg.Connection) -> None:
    epoch, public = epochs(quiet)
    quiet.execute(INSERT, [0])
    quiet.execute(INSERT, [0])
    assert pumped(settings) == Beat(("cameras",), 2)
    assert epochs(quiet) == (epoch + 1, public + 1)
    assert pumped(settings) == Beat((), 0)


def test_a_private_edit_does_not_move_the_public_epoch(settings: Settings, quiet: psycopg.Connection) -> None:
    epoch, public = epochs(quiet)
    quiet.execute(INSERT, [1])
    assert pumped(settings) == Beat(("cameras",), 1)
    assert epochs(quiet) == (epoch + 1, public)


def test_an_event_that_commits_late_is_not_lost(settings: Settings, quiet: psycopg.Connection) -> None:
    """Its seq is lower than that of an event already committed: the cursor that only counts up loses it."""
    epoch, _ = epochs(quiet)
    with psycopg.connect(settings.admin_dsn) as slow:
        slow.execute(INSERT, [0])
        quiet.execute(INSERT, [0])
        assert pump(settings) == Beat((), 0)  # the horizon waits for the open transaction
        slow.commit()
    assert pumped(settings) == Beat(("cameras",), 2)
    assert epochs(quiet)[0] == epoch + 1


def test_what_moved_says_which_zooms_it_concerns(settings: Settings, quiet: psycopg.Connection) -> None:
    before, _ = epochs(quiet)
    line = "INSERT INTO ops.ladder (layer, zoom, kind, source_rows) VALUES ('cameras', %s, %s, 1)"
    quiet.cursor().executemany(line, [(8, "counted"), (9, "counted"), (10, "exact")])
    built = "INSERT INTO ops.change_log (layer, op, vis, west, south, east, north)"
    quiet.execute(f"{built} VALUES ('cameras', 'ladder', 0, 105, 10, 106, 11)")
    quiet.execute(INSERT, [0])
    pumped(settings)
    quiet.execute(f"{built} VALUES ('cameras', 'ladder', 0, NULL, NULL, NULL, NULL)")
    pumped(settings)
    after, _ = epochs(quiet)
    (moved,) = as_pump(settings, lambda c: read_moved(c, {"cameras": before}, {"cameras": after}))
    assert set(moved.touched) == {
        Touched(0, (105, 10, 106, 11), up_to=9),
        Touched(0, (105.6, 10.4, 105.6, 10.4)),
        Touched(0, None),
    }


def test_an_epoch_that_went_back_concerns_everything(settings: Settings, quiet: psycopg.Connection) -> None:
    now, _ = epochs(quiet)
    (moved,) = as_pump(settings, lambda c: read_moved(c, {"cameras": now + 20}, {"cameras": now}))
    assert moved.touched == (EVERYTHING,)


def test_of_many_changes_one_without_ground_concerns_all_of_it(
    settings: Settings, quiet: psycopg.Connection
) -> None:
    before, _ = epochs(quiet)
    with quiet.transaction():
        quiet.execute("TRUNCATE core.cameras CASCADE")
        quiet.cursor().executemany(INSERT, [[0]] * 250)
    pumped(settings)
    rows = quiet.execute(
        "SELECT west, south, east, north FROM ops.moved WHERE layer = 'cameras' AND epoch > %s", [before]
    ).fetchall()
    assert rows == [(None, None, None, None)]


def test_many_writers_and_no_event_is_passed_over(settings: Settings, quiet: psycopg.Connection) -> None:
    def write() -> None:
        with psycopg.connect(settings.admin_dsn) as connection:
            for _ in range(25):
                connection.execute(INSERT, [0])
                time.sleep(0.002)
                connection.commit()

    writers = [threading.Thread(target=write) for _ in range(6)]
    for writer in writers:
        writer.start()
    read = 0
    while any(writer.is_alive() for writer in writers):
        read += pump(settings).events
    for writer in writers:
        writer.join()
    assert read + pumped(settings).events == 150


def test_no_notify_stands_in_a_request_transaction(admin: psycopg.Connection) -> None:
    rows = admin.execute(
        "SELECT p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'core'::regnamespace"
        " AND p.prosrc ~* '(pg_notify|NOTIFY )'"
    ).fetchall()
    assert rows == []
