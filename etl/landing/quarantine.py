"""Rows in quarantine as a GeoPackage: to be mended in QGIS and imported again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import shapely

from geo.datasets import store
from geo.errors import NotFound

if TYPE_CHECKING:
    from pathlib import Path

    from geo.settings import Settings

ROW, REASON, REASON_EN = "diaban_row", "diaban_reason", "diaban_reason_en"
# Names of the two tables that a quarantine may need: rows with the file's columns, or with the layer's.
TABLES = {"file": "quarantine", "fields": "quarantine_layer"}


def export(settings: Settings, number: int, target: Path) -> int:
    """Write the rows of a dataset's quarantine to a new GeoPackage (WGS 84); how many.

    Raises ``NotFound`` for an unknown dataset, and where nothing is in its quarantine.
    """
    store.dataset(settings, number)
    rows = store.quarantined(settings, number)
    if not rows:
        raise NotFound(
            f"Bộ dữ liệu {number} không có dòng nào bị cách ly.",
            f"No row of dataset {number} is in quarantine.",
        )
    draft = target.with_name(target.name + ".part.gpkg")
    draft.unlink(missing_ok=True)
    try:
        for kind, table in TABLES.items():
            chosen = [row for row in rows if row[1] == kind]
            if chosen:
                _write(draft, table, chosen)
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return len(rows)


def _write(target: Path, table: str, rows: list[Any]) -> None:
    import pyogrio  # brings pandas with it: half a second that a file without faults need not pay

    names = list(dict.fromkeys(name for row in rows for name in row[3]))
    columns: dict[str, Any] = {
        ROW: pa.array([row[0] for row in rows], pa.int64()),
        REASON: pa.array([_reasons(row[2], "vi") for row in rows], pa.string()),
        REASON_EN: pa.array([_reasons(row[2], "en") for row in rows], pa.string()),
    }
    for name in names:
        # A name that GeoPackage keeps for itself, or that differs from another by case alone, gets a mark.
        taken = {known.lower() for known in columns} | {"fid", "geom"}
        shown = name if name.lower() not in taken else f"{name}_"
        columns[shown] = _column([row[3].get(name) for row in rows])
    columns["geometry"] = pa.array([_plain(row[4]) for row in rows], pa.binary())
    pyogrio.write_arrow(
        pa.table(columns),
        str(target),
        layer=table,
        driver="GPKG",
        geometry_name="geometry",
        geometry_type="Unknown",
        crs="EPSG:4326",
        append=target.exists(),
    )


def _reasons(faults: list[dict[str, str]], language: str) -> str:
    return "; ".join(fault[language] for fault in faults)


def _column(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int} and kinds and all(v is None or abs(v) < 2**63 for v in values):
        return pa.array(values, pa.int64())
    if kinds <= {int, float} and kinds:
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    texts = [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
    return pa.array(texts, pa.string())


def _plain(wkb: bytes | None) -> bytes | None:
    """As GDAL reads it; what never was a shape stays empty."""
    return None if wkb is None else bytes(shapely.to_wkb(shapely.from_wkb(wkb), flavor="iso"))
