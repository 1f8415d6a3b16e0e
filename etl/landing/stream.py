"""The rows of a file on their way: checked and repaired, good ones into the staged table, bad ones aside."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import shapely

from etl.landing import areas
from etl.landing.coverage import check_coverage
from etl.landing.rejected import places, rejected
from etl.landing.spool import Spool
from etl.landing.units import Responsible
from etl.rows import rows as read_rows
from etl.types import Note
from etl.wording import number_vi
from geo.calendar import today_ict
from geo.datasets import stage, store
from geo.tables.types import column_types
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from psycopg import Copy

    from etl.geometry import Cleaned, Cleaner
    from etl.landing.findings import Findings
    from etl.types import Ground, Reading, Rows
    from geo.datasets.names import Db
    from geo.datasets.store import Quarantined
    from geo.settings import Settings
    from layers.description import Layer, LayerField

ROWS_A_BATCH = 20_000
MISSING = "geometry_missing"
PSYCOPG_TYPES = {
    "TEXT": "text", "INTEGER": "int4", "DOUBLE PRECISION": "float8", "BOOLEAN": "bool", "DATE": "date",
    "TIMESTAMP WITH TIME ZONE": "timestamptz", "SMALLINT": "int2", "BIGINT": "int8",
}  # fmt: skip


@dataclass(frozen=True)
class Staged:
    """Which columns the staged table has, and which of them the file did not bring.

    ``neighbours()`` waits for the check of overlaps and gaps.
    """

    columns: tuple[str, ...]
    for_new: tuple[str, ...]
    neighbours: Callable[[], None]


@dataclass(frozen=True)
class Streamed:
    """What is to be streamed: how the file is read, into which layer, by whose checks; ``total`` rows.

    ``units``: those for which alone somebody may write.
    """

    reading: Reading
    layer: Layer
    found: Findings
    cleaner: Cleaner
    total: int
    ground: Ground | None
    units: tuple[str, ...] | None = None


@dataclass
class Road:
    """All that a batch meets on its way."""

    reading: Reading
    layer: Layer
    found: Findings
    cleaner: Cleaner
    columns: tuple[str, ...]
    responsible: Responsible | None
    spool: Spool | None

    def take(self, batch: Rows, copy: Copy, aside: Callable[[Sequence[Quarantined]], None]) -> None:
        """Check and repair a batch; its good rows go on, its bad ones aside."""
        self.found.take_notes(batch.notes)
        if not len(batch):
            return
        result = self.cleaner.clean(batch.geometry, batch.first_row)
        known = {fault.row for fault in batch.faults}
        # A row that was refused already is not told again that it has no shape.
        faults = [*batch.faults, *(f for f in result.faults if f.row not in known or f.code != MISSING)]
        faults.sort(key=lambda fault: fault.row)
        areas.compare(self.layer, batch, result.geometry, result.area_m2, self.cleaner.tally)
        bad = np.zeros(len(batch), dtype=bool)
        bad[[fault.row - batch.first_row for fault in faults]] = True
        good = np.flatnonzero(~bad)
        self._write(copy, batch, result, good)
        self.found.read += len(batch)
        self.found.quarantined += int(bad.sum())
        if faults:
            aside(list(rejected(batch, faults, np.flatnonzero(bad))))
            self.found.take_faults(faults, places(batch, np.flatnonzero(bad)))

    def _write(self, copy: Copy, batch: Rows, result: Cleaned, good: NDArray[np.int64]) -> None:
        if not len(good):
            return
        kept = result.geometry[good]
        numbers = batch.first_row + good
        wkb = shapely.to_wkb(shapely.set_srid(kept, 4326), include_srid=True).tolist()
        values = [self._values(name, batch, result, good) for name in self.columns]
        for row in zip(numbers.tolist(), *values, wkb, strict=True):
            copy.write_row(row)
        west, south, east, north = shapely.total_bounds(kept).tolist()
        self.found.widen((west, south, east, north))
        if self.spool is not None:
            self.spool.add(wkb, kept, numbers)

    def _values(self, name: str, batch: Rows, result: Cleaned, good: NDArray[np.int64]) -> Sequence[object]:
        area = areas.declared_field(self.layer)
        if area is not None and name == area[0]:
            return self._areas(batch.values.get(name), result.area_m2 / area[1], good)
        if name in batch.values:
            column = batch.values[name]
            return column if len(good) == len(column) else [column[at] for at in good.tolist()]
        if name == "valid_from":
            return [self.reading.valid_from] * len(good)
        assert self.responsible is not None and name == "unit"  # noqa: S101 - nothing else has no values
        units, notes = self.responsible.say(batch, result.geometry, good)
        self.found.take_notes(notes)
        return units

    def _areas(
        self, declared: list[Any] | None, measured: NDArray[np.float64], good: NDArray[np.int64]
    ) -> list[Any]:
        """Areas as declared; measured where the file declares none and the layer wants one."""
        field = self.layer.field(self.layer.area_field or "")
        if declared is not None and (not field.required or None not in declared):
            return [declared[at] for at in good.tolist()]
        own = np.round(measured[good], 1 if field.unit == "m²" else 4).tolist()
        if declared is None:
            self.found.take_notes((_measured(len(good), field),))
            return list(own)
        said = [declared[at] for at in good.tolist()]
        if empty := said.count(None):
            self.found.take_notes((_measured(empty, field),))
        return [mine if told is None else told for told, mine in zip(said, own, strict=True)]


def stream(
    settings: Settings,
    connection: Db,
    number: int,
    wanted: Streamed,
    progress: Callable[[float, str], None],
) -> Staged:
    """Fill the staged table and the quarantine of a dataset; what was found is in ``wanted.found``.

    ``progress`` hears the share done (0 to 1) and the rows read. ``Refused`` where the file cannot be read to
    its end, ``InvalidInput`` for a constant that its field does not take, psycopg's errors as they come.
    """
    reading, layer, found, cleaner = wanted.reading, wanted.layer, wanted.found, wanted.cleaner
    batches = iter(read_rows(reading, layer, ROWS_A_BATCH, wanted.ground))
    first = next(batches, None)
    if first is not None and not len(first):
        found.take_notes(first.notes)
        first = next(batches, None)
    day = reading.valid_from or today_ict()
    responsible = Responsible.of_file(connection, layer, first, day, wanted.units)
    columns, for_new = _columns(layer, reading, first, responsible)
    stage.create(connection, number, layer, columns)
    with ExitStack() as held:
        spool = held.enter_context(Spool()) if layer.coverage else None
        road = Road(reading, layer, found, cleaner, columns, responsible, spool)
        other = held.enter_context(closing(psycopg.connect(settings.admin_dsn, autocommit=True)))
        aside = held.enter_context(store.setting_aside(other, number))
        copy = held.enter_context(stage.filling(connection, number, columns))
        types = column_types(layer)
        copy.set_types(["int8", *(PSYCOPG_TYPES[types[name]] for name in columns), "bytea"])
        for batch in itertools.chain([first] if first is not None else [], batches):
            road.take(batch, copy, aside)
            progress(min(1.0, found.read / max(wanted.total, 1)), number_vi(found.read))
        shapes = spool.close() if spool is not None else None
    if shapes is None:
        return Staged(columns, for_new, lambda: None)
    # The database matches meanwhile: two cores, two things to do.
    workshop = ThreadPoolExecutor(max_workers=1)
    checked = workshop.submit(check_coverage, shapes, found.tally)
    workshop.shutdown(wait=False)
    return Staged(columns, for_new, checked.result)


def _columns(
    layer: Layer, reading: Reading, first: Rows | None, responsible: Responsible | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns of the staged table, and those among them that are for new rows only."""
    columns = list(first.values) if first is not None else []
    if layer.valid_time and reading.valid_from is not None and "valid_from" not in columns:
        columns.append("valid_from")
    area = areas.declared_field(layer)
    measured = area is not None and layer.field(area[0]).required and area[0] not in columns
    found_out = [
        *([area[0]] if area is not None and measured else []),
        *(["unit"] if responsible is not None else []),
    ]
    left = responsible.for_new if responsible is not None else ()
    return (*columns, *found_out), (*found_out, *(name for name in columns if name in left))


def _measured(count: int, field: LayerField) -> Note:
    text = Text(
        vi=f"dòng không ghi «{field.title.vi}»: lấy diện tích đo trên ê-líp-xô-ít",
        en=f"rows without '{field.title.en}': given the area on the ellipsoid",
    )
    return Note("area_computed", "info", text, count, column=field.name)
