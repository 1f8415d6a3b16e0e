"""Cells as GeoJSON and as an Arrow table; equal input gives equal bytes. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from geo.hotspots.cells import areas_km2, as_text, boxes, ring

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geo.hotspots.stats.gistar import Significance
    from geo.types import Bbox

DAYS_OF_RATE = 30
STATES = {3: "hot99", 2: "hot95", 1: "hot90", 0: "none", -1: "cold90", -2: "cold95", -3: "cold99", -9: "few"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is drawn of cells: counts (shares of them for the public) and, where asked for, significance."""

    cells: NDArray[np.int64]
    incidents: NDArray[np.float64]
    contacts: NDArray[np.float64]
    days: int
    significance: Significance | None = None

    @property
    def rate(self) -> NDArray[np.float64]:
        """Incidents per km² of the true area and 30 days."""
        return self.incidents / areas_km2(self.cells) * DAYS_OF_RATE / self.days

    def only(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Shown:
        """Some of the cells."""
        s = self.significance
        if s is not None:
            s = type(s)(s.z[keep], s.p[keep], s.q[keep], s.level[keep])
        return Shown(self.cells[keep], self.incidents[keep], self.contacts[keep], self.days, s)

    def touching(self, box: Bbox) -> Shown:
        """The cells whose outline's box meets ``box``, each with its whole count: none is cut at the edge."""
        west, south, east, north = boxes(self.cells).T
        across = (west <= box.east) & (east >= box.west)
        return self.only(across & (south <= box.north) & (north >= box.south))

    def foremost(self, count: int) -> Shown:
        """The first ``count`` cells: the hottest, then those with the highest rate; cells in their order."""
        level = self.significance.level if self.significance else np.zeros(len(self.cells), dtype=np.int8)
        order = np.lexsort((self.cells, -self.rate, -level))[:count]
        return self.only(np.sort(order))

    def totals(self) -> dict[str, float]:
        """How many cells, incidents and contacts."""
        return {
            "cells": len(self.cells),
            "incidents": _plain(float(self.incidents.sum())),
            "contacts": _plain(float(self.contacts.sum())),
        }


def feature_collection(shown: Shown, parameters: dict[str, Any]) -> str:
    """GeoJSON (RFC 7946) of the cells with ``parameters`` beside the features."""
    columns = [
        shown.cells.tolist(),
        _plains(shown.incidents),
        _plains(shown.contacts),
        shown.rate.tolist(),
    ]
    if shown.significance is None:
        lines = (
            f'{_outline(cell)}"incidents":{n},"contacts":{m},"rate":{rate:.3f}}}}}'
            for cell, n, m, rate in zip(*columns, strict=True)
        )
    else:
        s = shown.significance
        columns += [s.z.tolist(), s.p.tolist(), s.q.tolist(), s.level.tolist()]
        lines = (
            f'{_outline(cell)}"incidents":{n},"contacts":{m},"rate":{rate:.3f},'
            f'"z":{z:.3f},"p":{p:.3g},"q":{q:.3g},"state":"{STATES[level]}"}}}}'
            for cell, n, m, rate, z, p, q, level in zip(*columns, strict=True)
        )
    said = json.dumps(parameters, ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"FeatureCollection","parameters":{said},"features":[{",".join(lines)}]}}'


def arrow_table(shown: Shown, parameters: dict[str, Any]) -> bytes:
    """The same without outlines as an Arrow IPC file; cells as uint64, parameters in its metadata."""
    import pyarrow as pa

    columns: dict[str, Any] = {
        "cell": shown.cells.astype(np.uint64),
        "incidents": shown.incidents,
        "contacts": shown.contacts,
        "rate": shown.rate,
    }
    if shown.significance is not None:
        s = shown.significance
        columns |= {"z": s.z, "p": s.p, "q": s.q, "state": [STATES[level] for level in s.level.tolist()]}
    said = json.dumps(parameters, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    table = pa.table(columns).replace_schema_metadata({"diaban": said})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def csv_table(shown: Shown) -> str:
    """One line a cell, with the centre in degrees; the first line names the columns."""
    from geo.hotspots.cells import centre

    head = ["cell", "lon", "lat", "incidents", "contacts", "rate_per_km2_30d"]
    s = shown.significance
    columns: list[list[Any]] = [shown.incidents.tolist(), shown.contacts.tolist(), shown.rate.tolist()]
    if s is not None:
        head += ["z", "p", "q", "state"]
        columns += [s.z.tolist(), s.p.tolist(), s.q.tolist(), [STATES[i] for i in s.level.tolist()]]
    lines = [",".join(head)]
    for cell, *values in zip(shown.cells.tolist(), *columns, strict=True):
        lon, lat = centre(cell)
        said = [value if isinstance(value, str) else f"{value:.6g}" for value in values]
        lines.append(",".join([as_text(cell), f"{lon:.6f}", f"{lat:.6f}", *said]))
    return "\r\n".join(lines) + "\r\n"


def _plain(value: float) -> float:
    """A count as it is: whole numbers without a point, shares with two digits."""
    return int(value) if float(value).is_integer() else round(value, 2)


def _plains(values: NDArray[np.float64]) -> list[float]:
    whole = np.rint(values)
    if (whole == values).all():
        return list(whole.astype(np.int64).tolist())
    return [_plain(value) for value in values.tolist()]


@lru_cache(maxsize=131_072)
def _outline(cell: int) -> str:
    """A feature's text up to its counts: the same in every answer, and the dear part of making one."""
    corners = ",".join(f"[{lon},{lat}]" for lon, lat in ring(cell))
    name = as_text(cell)
    return (
        f'{{"type":"Feature","id":"{name}","geometry":{{"type":"Polygon","coordinates":[[{corners}]]}},'
        f'"properties":{{"cell":"{name}",'
    )


def collection(cells: NDArray[np.int64], columns: dict[str, NDArray[Any]], parameters: dict[str, Any]) -> str:
    """GeoJSON (RFC 7946) of cells with any columns as properties, numbers and texts."""
    names = [json.dumps(name) for name in columns]
    lines = (
        _outline(cell)
        + ",".join(f"{name}:{json.dumps(value)}" for name, value in zip(names, values, strict=True))
        + "}}"
        for cell, *values in zip(cells.tolist(), *(c.tolist() for c in columns.values()), strict=True)
    )
    said = json.dumps(parameters, ensure_ascii=False, separators=(",", ":"))
    return f'{{"type":"FeatureCollection","parameters":{said},"features":[{",".join(lines)}]}}'
