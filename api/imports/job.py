"""The work behind ``/api/imports``, in a process of its own: read a file, land a dataset, undo it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import SQL, Identifier

from api.imports.files import GEOPACKAGE, PREVIEW, QUARANTINE
from etl.landing import Wanted, prepare, quarantine
from etl.landing.prepare import described, discard
from etl.types import Answers, Limits
from geo.datasets import Difference, Plan, dataset, land, rollback
from geo.datasets.difference import gone
from geo.datasets.names import OWNER, core, matched, staged
from geo.errors import Conflict, Forbidden
from geo.jobs import Output
from layers.description import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.landing import Prepared
    from geo.database import Caller
    from geo.datasets import Dataset
    from geo.jobs import Task
    from geo.settings import Settings

# What a browser draws at once, and how fine: a thousandth of the file's extent.
FEATURES_SHOWN = 3_000
UPLOAD_BYTES = 2 * 2**30
# Below what the job's own process may take: a reader cannot be given more than its parent has.
WORK_S = 3_000.0


class ImportJob:
    """One step of an import; ``task.inputs`` as :mod:`api.imports.doors` puts them."""

    async def run(self, task: Task) -> dict[str, Output]:
        """``read``, ``land`` or ``undo``; the outputs are ``report`` and ``preview``, or ``dataset``."""
        steps: dict[str, Callable[[Task], dict[str, Output]]] = {"read": _read, "land": _land, "undo": _undo}
        return await asyncio.to_thread(steps[task.inputs["step"]], task)


def subject(caller: Caller) -> str:
    """Who loads; the door lets nobody through without claims."""
    assert caller.claims is not None  # noqa: S101
    return caller.claims.subject


def _told(task: Task) -> Callable[[float, str], None]:
    def tell(share: float, word: str = "") -> None:
        vi, _, en = word.partition(" · ")
        task.tell(round(share * 100), Text(vi=vi, en=en or vi))

    return tell


def _read(task: Task) -> dict[str, Output]:
    inputs = task.inputs
    if inputs.get("former") is not None:
        discard(task.settings, inputs["former"])
    found = prepare(task.settings, _wanted(inputs, task.caller), _told(task))
    outputs = {"report": Output("application/json", value=found.report)}
    if found.number is not None:
        (task.folder / PREVIEW).write_text(json.dumps(preview(task.settings, found)), encoding="utf-8")
        outputs["preview"] = Output("application/geo+json", file=PREVIEW)
        if found.report["rows"]["quarantined"]:
            quarantine.export(task.settings, found.number, task.folder / QUARANTINE)
            outputs["quarantine"] = Output(GEOPACKAGE, file=QUARANTINE)
    return outputs


def _wanted(inputs: Any, caller: Caller) -> Wanted:  # noqa: ANN401 - JSON that the door has checked
    said = inputs["answers"]
    days = {name: date.fromisoformat(said[name]) for name in ("valid_from", "gone_from") if said.get(name)}
    answers = Answers(
        inner_layer=said.get("inner_layer"),
        crs=said.get("crs"),
        encoding=said.get("encoding"),
        valid_from=days.get("valid_from"),
        scheme=said.get("scheme"),
        columns=said.get("columns", {}),
        constants=said.get("constants", {}),
    )
    claims = caller.claims
    units = claims.units if claims is not None and claims.clearance < 2 else None
    return Wanted(
        path=Path(inputs["path"]),
        layer=inputs["layer"],
        actor=subject(caller),
        mode=inputs["mode"],
        answers=answers,
        units=units,
        gone_from=days.get("gone_from"),
        limits=Limits(file_bytes=UPLOAD_BYTES, total_s=WORK_S),
    )


def _land(task: Task) -> dict[str, Output]:
    found = _own(task)
    with psycopg.connect(task.settings.admin_dsn) as connection:
        layer = described(connection, found.layer)
    if "plan" not in found.options:
        raise Conflict("Bộ dữ liệu này không chờ nạp.", "This dataset does not wait for landing.")
    plan = Plan.of(layer, found.options["plan"])
    expected = Difference(**{each.name: task.inputs["expected"][each.name] for each in fields(Difference)})
    land(task.settings, found.id, plan, expected=expected, progress=_told(task))
    return _state(task, found.id)


def _undo(task: Task) -> dict[str, Output]:
    return _state(task, rollback(task.settings, _own(task).id, subject(task.caller)).id)


def _own(task: Task) -> Dataset:
    """The dataset, if it is the caller's or the caller is the operation centre."""
    found = dataset(task.settings, task.inputs["dataset"])
    claims = task.caller.claims
    if claims is None or (claims.clearance < 2 and found.actor != claims.subject):
        raise Forbidden("Bộ dữ liệu này của người khác.", "This dataset is somebody else's.")
    return found


def _state(task: Task, number: int) -> dict[str, Output]:
    now = dataset(task.settings, number)
    value = {"id": now.id, "state": now.state, "counts": now.counts}
    return {"dataset": Output("application/json", value=value)}


def preview(settings: Settings, found: Prepared) -> dict[str, Any]:
    """What the layer would gain, change and lose, simplified for a map; and the problem places as points."""
    assert found.number is not None and found.plan is not None  # noqa: S101 - the caller asked
    plan, extent = found.plan, found.report["extent"] or (0, 0, 0, 0)
    fine = max(extent[2] - extent[0], extent[3] - extent[1]) / 1_000
    shape = SQL("ST_AsGeoJSON(ST_SimplifyPreserveTopology({}, {}), 6)")
    with psycopg.connect(settings.admin_dsn) as connection:
        connection.execute(OWNER)
        rows = connection.execute(
            SQL(
                "SELECT CASE coalesce(m.action, 'n') WHEN 'n' THEN 'new' WHEN 'u' THEN 'changed' "
                "WHEN 'v' THEN 'succeeded' WHEN 's' THEN 'same' WHEN 'd' THEN 'duplicate' "
                "ELSE 'conflicting' END, {label}, {shape} FROM {staged} AS s LEFT JOIN {match} AS m "
                "USING (row_no) ORDER BY m.action IS NOT DISTINCT FROM 's', s.row_no LIMIT {most}"
            ).format(
                label=SQL("s.{}::text").format(Identifier(plan.layer.label))
                if plan.layer.label in plan.core
                else SQL("NULL"),
                shape=shape.format(SQL("s.geom"), fine),
                staged=staged(found.number),
                match=matched(found.number),
                most=FEATURES_SHOWN,
            )
        ).fetchall()
        if plan.mode == "replace":
            rows += connection.execute(
                SQL("SELECT 'gone', NULL, {} FROM {} AS c WHERE {} LIMIT {}").format(
                    shape.format(SQL("c.geom"), fine), core(plan.layer.name), gone(found.number, plan),
                    FEATURES_SHOWN // 4,
                )
            ).fetchall()  # fmt: skip
    features = [
        _feature(json.loads(text), {"what": what, "label": label}) for what, label, text in rows if text
    ]
    for code, places in found.report["places"].items():
        features += [
            _feature({"type": "Point", "coordinates": list(place)}, {"what": "problem", "label": code})
            for place in places
        ]
    return {"type": "FeatureCollection", "features": features}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}
