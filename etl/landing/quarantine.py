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
    draft = target.with_name(target.name + ".part.gpkg")
    draft.unlink(missing_ok=True)
    try:
        with store.quarantined(settings, number) as quarantine:
            count = sum(_write(draft, quarantine, kind) for kind in TABLES)
        if not count:
            raise NotFound(
                f"Bộ dữ liệu {number} không có dòng nào bị cách ly.",
                f"No row of dataset {number} is in quarantine.",
            )
        draft.rename(target)
    finally:
        draft.unlink(missing_ok=True)
    return count


def _write(target: Path, quarantine: store.Quarantine, kind: str) -> int:
    columns = quarantine.columns(kind)
    count = 0
    for rows in quarantine.batches(kind):
        import pyogrio  # brings pandas with it: half a second that a file without faults need not pay

        pyogrio.write_arrow(
            _table(rows, columns),
            str(target),
            layer=TABLES[kind],
            driver="GPKG",
            geometry_name="geometry",
            geometry_type="Unknown",
            crs="EPSG:4326",
            append=target.exists(),
        )
        count += len(rows)
    return count


def _table(rows: list[store.Quarantined], columns: dict[str, store.Held]) -> pa.Table:
    found: dict[str, Any] = {
        ROW: pa.array([row[0] for row in rows], pa.int64()),
        REASON: pa.array([_reasons(row[1], "vi") for row in rows], pa.string()),
        REASON_EN: pa.array([_reasons(row[1], "en") for row in rows], pa.string()),
    }
    for name, held in columns.items():
        # A name that GeoPackage keeps for itself, or that differs from another by case alone, gets a mark.
        taken = {known.lower() for known in found} | {"fid", "geom"}
        shown = name if name.lower() not in taken else f"{name}_"
        found[shown] = _column([row[2].get(name) for row in rows], held)
    found["geometry"] = pa.array([_plain(row[3]) for row in rows], pa.binary())
    return pa.table(found)


def _reasons(faults: list[dict[str, str]], language: str) -> str:
    return "; ".join(fault[language] for fault in faults)


def _column(values: list[Any], held: store.Held) -> pa.Array:
    if held == "integer":
        return pa.array(values, pa.int64())
    if held == "number":
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    texts = [v if v is None or isinstance(v, str) else json.dumps(v, ensure_ascii=False) for v in values]
    return pa.array(texts, pa.string())


def _plain(wkb: bytes | None) -> bytes | None:
    """As GDAL reads it; what never was a shape stays empty."""
    return None if wkb is None else bytes(shapely.to_wkb(shapely.from_wkb(wkb), flavor="iso"))
