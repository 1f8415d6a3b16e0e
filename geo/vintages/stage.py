"""Staging: a file is read, checked against itself, the law's table and the units before, and left waiting."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import shapely

from geo.database.errors import translated
from geo.vintages import checks, cover, law, store
from geo.vintages.ground import check_ground
from geo.vintages.plan import make_plan
from geo.vintages.report import Report
from geo.vintages.rules import rules_naming
from geo.vintages.scope import in_scope, no_units, refuse_later
from geo.vintages.shares import shares
from geo.vintages.source import fingerprint, read_coverage
from geo.vintages.tables import LinkTable, read_links
from geo.vintages.types import Request, silent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from geo.settings import Settings
    from geo.vintages.plan import Plan
    from geo.vintages.types import Coverage, Known, Progress

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


@dataclass(frozen=True, slots=True)
class Work:
    """One staging: what is asked, what is found, who watches."""

    files: Files
    request: Request
    actor: str
    report: Report
    progress: Progress


def stage(
    settings: Settings, files: Files, request: Request, actor: str, progress: Progress = silent
) -> Staged:
    """Check a vintage and store it where no door reads. Everything or nothing is stored.

    Raises ``InvalidInput`` where a file, its columns or its CRS are not understood, ``Conflict`` where units
    are there from that day on.
    """
    work = Work(files, request, actor, Report(), progress)
    source = files.source()
    progress(0.0, files.units.name)
    staged = read_coverage(
        files.units,
        files.columns,
        request.tolerances,
        work.report,
        lambda share: progress(0.15 * share, files.units.name),
    )
    checks.check_codes(staged, work.report)
    vertices = int(shapely.get_num_coordinates(staged.shapes).sum())
    work.report.figures |= {"units": len(staged.rows), "vertices": vertices}
    if any(work.report.get(check) for check in FATAL):
        return Staged(None, work.report.document())
    with translated(), closing(psycopg.connect(settings.admin_dsn)) as connection, connection.transaction():
        # One picture of the units from the first question to the fingerprint.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        store.become_owner(connection)
        return _against_database(connection, staged, source, work)


def _against_database(connection: store.Db, staged: Coverage, source: str, work: Work) -> Staged:
    request, report = work.request, work.report
    day = request.valid_from
    wrong = store.units_of_day(connection, day) if request.correct else no_units()
    refuse_later(connection, staged, request)
    everything = store.units_before(connection, day)
    table, second = _tables(work.files, everything, staged)
    before, staying = in_scope(everything, staged, table, request)
    links = law.check_links(table, before, staged, report)
    provinces = check_ground(staged, before, staying, request=request, report=report, progress=work.progress)
    matrix = shares(
        before.units.shapes,
        staged.shapes,
        lambda part: work.progress(0.55 + 0.15 * part, "đối chiếu · shares"),
    )
    by_pair = matrix.table()
    taken = store.identities(connection)
    plan = make_plan(before, wrong, staged, table.links, shares=by_pair, day=day, taken=taken)
    cover.check_plan(plan, before, staged, by_pair, report)
    if len(before):
        cover.check_cover(before, matrix.covered(len(before)), request.tolerances, report)
        law.check_shares(links, before, staged, by_pair, tolerances=request.tolerances, report=report)
    if second is not None:
        law.check_second(links, second, before, report)
    cover.check_rules(rules_naming(connection, _ended(plan, before), day), report)
    report.figures |= _figures(plan, before)
    return _store(connection, plan, (before, wrong), staged, provinces, source, work)


def _store(  # noqa: PLR0917 - everything that is found is kept
    connection: store.Db,
    plan: Plan,
    known: tuple[Known, Known],
    staged: Coverage,
    provinces: Mapping[str, shapely.MultiPolygon],
    source: str,
    work: Work,
) -> Staged:
    request, document = work.request, work.report.document()
    options = {**asdict(request.tolerances), "scope": request.scope, "correct": request.correct}
    number = store.new_vintage(connection, request, source, options, report=document, actor=work.actor)
    store.write_units(connection, number, plan, staged)
    if document["possible"]:
        # Nobody waits for pieces of what cannot be activated.
        store.write_pieces(
            connection,
            number,
            plan,
            staged,
            lambda part: work.progress(0.7 + 0.2 * part, "cắt mảnh · pieces"),
        )
    work.progress(0.95, "lưu · storing")
    store.write_ends(connection, number, _ends(plan, *known))
    store.write_successions(connection, number, plan)
    gone = (
        store.stored_provinces(connection, request.valid_from) - provinces.keys()
        if request.scope == "whole"
        else set()
    )
    names = {row.province_code: row.province_name for row in staged.rows}
    store.write_provinces(connection, number, provinces, names, gone)
    work.progress(1.0, "")
    return Staged(number, document)


def _tables(files: Files, before: Known, staged: Coverage) -> tuple[LinkTable, LinkTable | None]:
    table = (
        read_links(files.succession, before.units, staged)
        if files.succession
        else LinkTable((), by_name=False)
    )
    return table, read_links(files.second, before.units, staged) if files.second else None


def _ended(plan: Plan, before: Known) -> list[int]:
    """Versions that end without the unit going on."""
    going_on = {step.unit_id for step in plan.steps if step.action == "version"}
    ended = [before.versions[i] for i in plan.closed]
    return [version.feature_id for version in ended if version.unit_id not in going_on]


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
