"""Staging: a file is read, checked against itself, the law's table and the units before, and left waiting."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import psycopg
import shapely

from geo.database.errors import translated
from geo.errors import Conflict
from geo.geometry.area import area_m2
from geo.vintages import checks, law, store, topology
from geo.vintages.plan import make_plan
from geo.vintages.report import Report
from geo.vintages.shares import shares
from geo.vintages.source import fingerprint, read_coverage
from geo.vintages.tables import LinkTable, read_links
from geo.vintages.types import Coverage, Known

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from geo.settings import Settings
    from geo.vintages.plan import Plan
    from geo.vintages.types import Request

    Progress = Callable[[float, str], None]

# Findings after which nothing further can be asked of the file.
FATAL = ("missing", "duplicate_code", "shape")


@dataclass(frozen=True, slots=True)
class Files:
    """What is staged. ``columns``: which column means what, where the file calls it otherwise."""

    units: Path
    columns: Mapping[str, str]
    succession: Path | None = None
    second: Path | None = None

    def source(self) -> str:
        """Names and SHA-256 of the files."""
        given = [file for file in (self.units, self.succession, self.second) if file is not None]
        return "; ".join(fingerprint(file) for file in given)


@dataclass(frozen=True, slots=True)
class Staged:
    """``vintage_id`` None: refused before anything could be stored; the report says why."""

    vintage_id: int | None
    report: dict[str, Any]


def stage(
    settings: Settings,
    files: Files,
    request: Request,
    actor: str,
    progress: Progress = lambda _share, _word: None,
) -> Staged:
    """Check a vintage and store it where no door reads. Everything or nothing is stored.

    Raises ``InvalidInput`` where a file, its columns or its CRS are not understood, ``Conflict`` where units
    are there from that day on.
    """
    source = files.source()
    report = Report()
    progress(0.0, files.units.name)
    staged = read_coverage(
        files.units,
        files.columns,
        request.tolerances,
        report,
        lambda share: progress(0.2 * share, files.units.name),
    )
    checks.check_codes(staged, report)
    report.figures |= {
        "units": len(staged.rows),
        "vertices": int(shapely.get_num_coordinates(staged.shapes).sum()),
    }
    if any(report.get(check) for check in FATAL):
        return Staged(None, report.document())
    with translated(), closing(psycopg.connect(settings.admin_dsn)) as connection, connection.transaction():
        # One picture of the units from the first question to the fingerprint.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        store.become_owner(connection)
        return _against_database(
            connection,
            staged,
            files,
            source=source,
            request=request,
            actor=actor,
            report=report,
            progress=progress,
        )


def _against_database(
    connection: store.Db,
    staged: Coverage,
    files: Files,
    *,
    source: str,
    request: Request,
    actor: str,
    report: Report,
    progress: Progress,
) -> Staged:
    day = request.valid_from
    wrong = store.units_of_day(connection, day) if request.correct else _none()
    _refuse_later(connection, staged, request)
    everything = store.units_before(connection, day)
    table, second = _tables(files, everything, staged)
    before, staying = _in_scope(everything, staged, table, request)
    links = law.check_links(table, before, staged, report)
    provinces = _check_ground(staged, before, staying, request=request, report=report, progress=progress)
    matrix = shares(
        before.units.shapes, staged.shapes, lambda part: progress(0.6 + 0.3 * part, "đối chiếu · shares")
    )
    by_pair = matrix.table()
    plan = make_plan(
        before, wrong, staged, table.links, shares=by_pair, day=day, taken=store.identities(connection)
    )
    law.check_plan(plan, before, staged, by_pair, report)
    if len(before):
        law.check_cover(before, matrix.covered(len(before)), request.tolerances, report)
        law.check_shares(links, before, staged, by_pair, tolerances=request.tolerances, report=report)
    if second is not None:
        law.check_second(links, second, before, report)
    report.figures |= _figures(plan, before)
    progress(0.9, "lưu · storing")
    document = report.document()
    options = {**asdict(request.tolerances), "scope": request.scope, "correct": request.correct}
    number = store.new_vintage(connection, request, source, options, report=document, actor=actor)
    store.write_units(connection, number, plan, staged, area_m2(staged.shapes) / 1e6)
    store.write_ends(connection, number, _ends(plan, before, wrong))
    store.write_successions(connection, number, plan)
    gone = store.stored_provinces(connection, day) - provinces.keys() if request.scope == "whole" else set()
    names = {row.province_code: row.province_name for row in staged.rows}
    store.write_provinces(
        connection,
        number,
        [
            *(
                (code, names.get(code), float(area_m2(np.array([g], dtype=object))[0]) / 1e6, g)
                for code, g in provinces.items()
            ),
            *((code, None, 0.0, None) for code in sorted(gone)),
        ],
    )
    progress(1.0, "")
    return Staged(number, document)


def _none() -> Known:
    return Known((), Coverage((), np.zeros(0, dtype=object)))


def _refuse_later(connection: store.Db, staged: Coverage, request: Request) -> None:
    """Units that begin on the day or later would be there twice."""
    first = request.valid_from + timedelta(days=1) if request.correct else request.valid_from
    later = store.later_units(connection, first, request.valid_from, request.valid_to)
    if request.scope == "listed":
        codes = staged.at()
        later = [each for each in later if each[0] in codes]
    if later:
        named = ", ".join(f"{code} {name}" for code, name in later[:3])
        raise Conflict(
            f"Đã có {len(later)} đơn vị có hiệu lực từ ngày {first:%d/%m/%Y} hoặc sau đó ({named}…)."
            " Sửa chính ngày ấy: --correct; nạp thời kỳ trước: --to; hoặc hoàn tác bản sau trước: revert.",
            f"{len(later)} units are there that begin on {first} or later ({named}…). To correct that"
            " very day use --correct, to load an earlier time --to, or revert the later vintage first.",
        )


def _tables(files: Files, before: Known, staged: Coverage) -> tuple[LinkTable, LinkTable | None]:
    table = (
        read_links(files.succession, before.units, staged)
        if files.succession
        else LinkTable((), by_name=False)
    )
    return table, read_links(files.second, before.units, staged) if files.second else None


def _in_scope(everything: Known, staged: Coverage, table: LinkTable, request: Request) -> tuple[Known, Known]:
    """The units that the vintage replaces, and those that it leaves as they are."""
    if request.scope == "whole":
        return everything, _none()
    named = {link.old for link in table.links} | staged.at().keys()
    chosen = np.array([row.code in named for row in everything.units.rows], dtype=bool)
    return _pick(everything, chosen), _pick(everything, ~chosen)


def _pick(known: Known, chosen: np.ndarray[Any, Any]) -> Known:
    at = np.flatnonzero(chosen)
    units = Coverage(tuple(known.units.rows[i] for i in at), known.units.shapes[at])
    return Known(tuple(known.versions[i] for i in at), units)


def _check_ground(
    staged: Coverage, before: Known, staying: Known, *, request: Request, report: Report, progress: Progress
) -> dict[str, shapely.MultiPolygon]:
    """Overlaps and gaps among the staged units and with those that stay; the provinces that all make."""
    touched = {row.province_code for row in (*staged.rows, *(before.units.rows if len(staying) else ()))}
    beside = _pick(
        staying, np.array([row.province_code in touched for row in staying.units.rows], dtype=bool)
    )
    together = Coverage(
        (*staged.rows, *beside.units.rows), np.concatenate([staged.shapes, beside.units.shapes])
    )
    progress(0.2, "chồng lấn · overlaps")
    edges = topology.mismatched(together.shapes)
    found = topology.overlaps(together.shapes, edges)
    ours = found.first < len(staged.rows)
    found = topology.Overlaps(found.first[ours], found.second[ours], found.shapes[ours], found.area_m2[ours])
    checks.check_overlaps(together, found, request.tolerances, report)
    labels = np.array([row.province_code for row in together.rows], dtype=object)
    grounds = topology.dissolve_each(
        together.shapes, edges, labels, lambda part: progress(0.3 + 0.2 * part, "gộp tỉnh · provinces")
    )
    progress(0.5, "khoảng trống · gaps")
    gaps = topology.holes(list(grounds.values()))
    checks.check_gaps(together, gaps, request.tolerances, report)
    return grounds


def _ends(plan: Plan, before: Known, wrong: Known) -> list[tuple[int, str]]:
    closing_ = [(before.versions[i].feature_id, "close") for i in plan.closed]
    return closing_ + [(wrong.versions[i].feature_id, "remove") for i in plan.removed]


def _figures(plan: Plan, before: Known) -> dict[str, Any]:
    actions = [step.action for step in plan.steps]
    kinds = [passing.kind for passing in plan.passings]
    split = len({passing.old for passing in plan.passings if passing.kind == "part"})
    return {
        "units_before": len(before),
        **{
            f"units_{action}": actions.count(action)
            for action in ("new", "version", "replace", "same")
            if action in actions
        },
        "closed": len(plan.closed),
        "removed": len(plan.removed),
        **{f"succession_{kind}": kinds.count(kind) for kind in sorted(set(kinds))},
        "units_split": split,
    }
