"""A file into a dataset that waits: surveyed, read, checked, repaired, staged and matched with its layer.

Nothing of the layer is touched. Rows stream through in batches: memory does not grow with the file.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import SQL

from etl.geometry import CHANGED_SHARE, Cleaner
from etl.georef import load_ground
from etl.landing.coverage import take_neighbours
from etl.landing.findings import Findings
from etl.landing.report import document
from etl.landing.stream import Streamed, stream
from etl.landing.units import unknown_units
from etl.progress import silent
from etl.sources import open_source
from etl.survey import survey
from etl.types import Answers, Limits, Note
from geo.database.errors import translated
from geo.datasets import Difference, Mode, Origin, Plan, match, neighbours, stage, store
from geo.datasets.land import MIXED, mixes
from geo.datasets.names import OWNER
from geo.datasets.names import staged as staged_table
from geo.errors import InvalidInput, NotFound
from layers.description import Layer, Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from pathlib import Path

    from etl.types import Ground, Reading, Source, Survey
    from geo.datasets.names import Db
    from geo.settings import Settings

    Told = Callable[[float, str], None]


@dataclass(frozen=True)
class Wanted:
    """What somebody wants: a file into a layer, with his answers to what the file leaves open.

    ``units``: only rows of these units may be written or ended. ``changed_share``: a repair that changes more
    of a feature's area puts it into quarantine. ``gone_from``: the day on which rows end that a replacing
    file does not have.
    """

    path: Path
    layer: str
    actor: str
    mode: Mode = "update"
    answers: Answers = field(default_factory=Answers)
    units: tuple[str, ...] | None = None
    gone_from: date | None = None
    changed_share: float = CHANGED_SHARE
    limits: Limits = field(default_factory=Limits)
    name: str | None = None


@dataclass(frozen=True)
class Prepared:
    """The report; with a dataset's number, plan and difference where there is something that could land."""

    report: dict[str, Any]
    number: int | None = None
    plan: Plan | None = None
    difference: Difference | None = None


@dataclass(frozen=True)
class _Read:
    layer: Layer
    seen: Survey
    reading: Reading
    ground: Ground | None


def prepare(settings: Settings, wanted: Wanted, progress: Told = silent) -> Prepared:
    """Read a file as far as it goes without changing the layer.

    Raises ``NotFound`` for an unknown layer, ``InvalidInput`` or ``TooLarge`` for a file that cannot be read.
    Open questions and refusals are in the report.
    """
    with translated(), closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        stage.sweep(connection)
        layer = described(connection, wanted.layer)
        progress(0.0, "mở tệp · opening")
        source = open_source(wanted.path, wanted.limits)
        progress(0.02, "xem tệp · surveying")
        ground = load_ground(connection)
        seen = survey(source, layer, ground, wanted.answers)
        refused = any(note.severity == "refused" for note in seen.notes)
        if seen.reading is None or seen.ambiguities or refused:
            return Prepared(document(layer, seen))
        return _stage(settings, connection, wanted, _Read(layer, seen, seen.reading, ground), progress)


def described(connection: Db, name: str) -> Layer:
    """The published layer; ``NotFound`` lists what there is."""
    rows = connection.execute("SELECT name, description FROM ops.layer ORDER BY name").fetchall()
    for known, description in rows:
        if known == name:
            return Layer.model_validate(description)
    names = ", ".join(row[0] for row in rows)
    raise NotFound(
        f"Không có lớp {name}. Hiện có: {names}.", f"There is no layer {name}. There are: {names}."
    )


def discard(settings: Settings, number: int) -> None:
    """Forget a dataset that was only looked at."""
    with translated(), closing(psycopg.connect(settings.admin_dsn, autocommit=True)) as connection:
        stage.drop(connection, number)
        store.forget(connection, number)


def _stage(settings: Settings, connection: Db, wanted: Wanted, read: _Read, progress: Told) -> Prepared:
    layer, found = read.layer, Findings()
    number = store.begin(connection, layer.name, wanted.mode, _origin(wanted, read.seen.source, read.reading))
    with ExitStack() as held:
        held.enter_context(stage.reading(connection, number))
        cleaner = Cleaner(layer, wanted.changed_share, found.tally)
        held.callback(cleaner.close)
        wish = Streamed(read.reading, layer, found, cleaner, read.seen.rows, read.ground, wanted.units)
        staged = stream(
            settings, connection, number, wish, lambda share, word: progress(0.1 + 0.7 * share, word)
        )
        found.taken = stage.finish(connection, number)
        found.take_notes(unknown_units(connection, number, staged))
        day = _gone_from(connection, number, wanted, read)
        plan = Plan(layer, wanted.mode, staged.columns, staged.for_new, day, wanted.units)
        progress(0.85, "đối chiếu với lớp · comparing")
        with connection.transaction():
            connection.execute(OWNER)
            difference = match(connection, number, plan)
        invented = _demonstration(connection, layer)
        if invented and difference.writes and mixes(plan):
            found.take_notes((Note("demonstration_mixed", "refused", MIXED),))
        if found.quarantined and difference.gone and not invented:
            found.take_notes((_would_end(found.quarantined, difference.gone),))
        staged.neighbours()
        if layer.coverage and found.taken:
            take_neighbours(found, neighbours.overlaps(connection, number, plan))
        report = document(layer, read.seen, found, difference, mode=wanted.mode, dataset=number)
        counts = {"read": found.read, "staged": found.taken, "quarantined": found.quarantined}
        known = store.Known(counts, report, plan.document())
        store.save(connection, number, "staged" if found.taken else "refused", known)
        progress(1.0, "")
    return Prepared(report, number, plan, difference)


def _demonstration(connection: Db, layer: Layer) -> bool:
    """Whether the layer's rows are invented, so that none of them is missed."""
    row = connection.execute(
        "SELECT note IS NOT NULL FROM ops.layer WHERE name = %s", [layer.name]
    ).fetchone()
    return bool(row and row[0])


def _would_end(quarantined: int, gone: int) -> Note:
    """Replacing would end the former state of features whose new state could not be read: never silently."""
    return Note(
        "replace_with_quarantine",
        "refused",
        Text(
            vi=f"{quarantined} dòng bị cách ly: thay toàn bộ lớp có thể làm mất bản đang có của chúng"
            f" ({gone} dòng sẽ kết thúc). Hãy sửa các dòng ấy trước, hoặc nạp với --mode update.",
            en=f"{quarantined} rows are in quarantine: replacing the layer might end what it has of them"
            f" ({gone} rows would end). Mend those rows first, or load with --mode update.",
        ),
    )


def _origin(wanted: Wanted, source: Source, reading: Reading) -> Origin:
    encodings = sorted(set(reading.encodings.values())) or ["UTF-8"]
    options = {
        "columns": dict(reading.columns),
        "constants": dict(reading.constants),
        "scheme": reading.scheme,
        "valid_from": reading.valid_from.isoformat() if reading.valid_from else None,
        "changed_share": wanted.changed_share,
        "driver": source.layer(reading.inner_layer).driver,
    }
    return Origin(
        wanted.name or source.path.name,
        source.sha256,
        source.size_bytes,
        wanted.actor,
        reading.inner_layer,
        f"EPSG:{reading.crs.key}" if reading.crs.epsg else reading.crs.name,
        reading.crs.operation,
        ", ".join(encodings),
        options,
    )


def _gone_from(connection: Db, number: int, wanted: Wanted, read: _Read) -> date | None:
    """The day on which rows end that the file does not have: as said, else the one day of all its rows."""
    if not read.layer.valid_time or wanted.mode != "replace":
        return None
    if day := wanted.gone_from or read.reading.valid_from:
        return day
    with connection.transaction():
        connection.execute(OWNER)
        query = SQL("SELECT DISTINCT valid_from FROM {} LIMIT 2").format(staged_table(number))
        days = connection.execute(query).fetchall()
    if len(days) != 1:
        raise InvalidInput(
            "gone_from",
            "",
            "ngày hết hiệu lực của các dòng không còn trong tệp (--gone-from YYYY-MM-DD)",
            "the day on which rows end that the file does not have (--gone-from YYYY-MM-DD)",
        )
    return days[0][0]  # type: ignore[no-any-return]
