# ruff: noqa: E501 (tables are read in rows)
"""Rows of ``reports``: 50,000 over the 24 months that end on 2026-10-31, with hotspots and duplicates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from etl.demo.people import names, phones, random_ids
from etl.demo.report_places import HOTSPOTS, hotspot_centres, places
from etl.demo.report_texts import texts
from etl.demo.report_times import CATEGORIES, DAYS, START, seconds
from etl.units import REFORM
from geo.hotspots.cells import cell_of
from geo.reports.codes import ALPHABET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.demo.ground import Ground

SEED = 20261031
REPORTS = 50_000
DUPLICATES = 4_000  # 8 %
HOTSPOT_REPORTS = 7_500
RESTRICTED = ("ANTT", "HC")
# Share of each channel at the beginning and at the end of the two years.
CHANNELS = {"app": (22, 30), "zalo": (14, 27), "web": (13, 11), "phone": (30, 17), "facebook": (11, 9), "direct": (6, 3),
            "email": (4, 3)}  # fmt: skip
# Age in days below which a report is in one of these states, with their weights.
STATES: tuple[tuple[float, dict[str, float]], ...] = (
    (1, {"received": 60, "verifying": 25, "forwarded": 15}),
    (4, {"verifying": 10, "forwarded": 25, "in_progress": 40, "resolved": 15, "needs_info": 4, "rejected": 3, "returned": 3}),
    (15, {"in_progress": 30, "resolved": 45, "closed": 12, "forwarded": 5, "rejected": 4, "returned": 2, "needs_info": 2}),
    (60, {"resolved": 30, "closed": 58, "in_progress": 6, "rejected": 5, "needs_info": 1}),
    (10_000, {"closed": 90, "rejected": 5.5, "resolved": 3.5, "in_progress": 1}),
)  # fmt: skip


def generate(ground: Ground, prefix: str = "DT") -> gpd.GeoDataFrame:
    """50,000 rows in the order of arrival; ``prefix`` begins the tracking codes."""
    rng = np.random.default_rng(SEED)
    category, at, xy = _originals(ground, rng)
    first = np.arange(len(category))
    category, at, xy, first = _with_duplicates(category, at, xy, first, rng)
    order = np.lexsort((np.arange(len(at)), at))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    category, at, xy, first = category[order], at[order], xy[order], rank[first[order]]
    lonlat = ground.frame.to_lonlat(xy)
    codes = np.array(_codes(len(at), prefix, rng), dtype=object)
    received = _timestamps(at)
    channel = _channels(at, rng)
    duplicate = first != np.arange(len(at))
    status, updated = _states(at, duplicate, rng)
    ward_code, ward_name, unit = _wards(ground, lonlat, received)
    named = rng.random(len(at)) < 0.68
    exact = np.isin(channel, ["app", "web", "zalo"])
    frame = pd.DataFrame(
        {
            "id": random_ids(len(at), rng),
            "code": codes,
            "category": category,
            "status": status,
            "channel": channel,
            "received_at": received,
            "occurred_at": received.where(pd.Series(rng.random(len(at)) < 0.55), None)
            - pd.to_timedelta(rng.exponential(9 * 3600, len(at)).astype(int), unit="s"),
            "ward_code": ward_code,
            "ward_name": ward_name,
            "incident_code": codes[first],
            "h3_9": [cell_of(lon, lat) for lon, lat in lonlat.tolist()],
            "text": texts(category, rng),
            "accuracy_m": np.where(exact, np.round(np.exp(rng.normal(2.7, 0.7, len(at))), 1), np.nan),
            "reporter_name": pd.Series(names(len(at), rng)).where(named, None),
            "reporter_phone": pd.Series(phones(len(at), rng)).where(named, None),
            "visibility": np.where(np.isin(category, RESTRICTED), 1, 0),
            "unit": unit,
            "created_at": received,
            "updated_at": _timestamps(updated),
        }
    )
    return gpd.GeoDataFrame(frame, geometry=shapely.points(lonlat), crs="EPSG:4326")


def _originals(
    ground: Ground, rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.float64]]:
    """Category, time in seconds, place in metres of every report that is no duplicate."""
    share = np.array([entry[0] for entry in CATEGORIES.values()])
    plain = REPORTS - DUPLICATES - HOTSPOT_REPORTS
    category = np.array(list(CATEGORIES), dtype=object)[
        rng.choice(len(share), size=plain, p=share / share.sum())
    ]
    parts = [(category, seconds(category, rng), places(ground, category, rng))]
    weight = np.array([h.weight for h in HOTSPOTS])
    counts = np.bincount(
        rng.choice(len(HOTSPOTS), size=HOTSPOT_REPORTS, p=weight / weight.sum()), minlength=len(HOTSPOTS)
    )
    for hotspot, centre, count in zip(HOTSPOTS, hotspot_centres(ground), counts.tolist(), strict=True):
        kinds = np.array(hotspot.categories, dtype=object)[rng.integers(len(hotspot.categories), size=count)]
        at = seconds(kinds, rng, hotspot.first_day)
        parts.append((kinds, at, centre + rng.normal(0, hotspot.spread_m, (count, 2))))
    joined = [np.concatenate([part[i] for part in parts]) for i in range(3)]
    inside = ground.locate(ground.frame.to_lonlat(joined[2])) >= 0
    joined[2][~inside] = ground.frame.to_xy(ground.centres)[0]
    return joined[0], joined[1], joined[2]


def _with_duplicates(
    category: NDArray[np.object_], at: NDArray[np.int64], xy: NDArray[np.float64], first: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:  # fmt: skip
    """Some reports come again within days, from a few metres beside; with each, the index of its first."""
    end = DAYS * 86_400
    early = np.flatnonzero(at < end - 600)
    source = rng.choice(early, size=DUPLICATES)
    wait = np.minimum(600 + rng.exponential(30 * 3600, DUPLICATES), 6 * 86_400).astype(np.int64)
    again = np.minimum(at[source] + wait, end - 1)
    moved = xy[source] + rng.normal(0, 14, (DUPLICATES, 2))
    return (
        np.append(category, category[source]),
        np.append(at, again),
        np.vstack([xy, moved]),
        np.append(first, source),
    )


def _codes(count: int, prefix: str, rng: np.random.Generator) -> list[str]:
    letters = np.array(list(ALPHABET))
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = letters[rng.integers(len(letters), size=(count, 8))]
        found.update((f"{prefix}-{b[:4]}-{b[4:]}", None) for b in map("".join, drawn))
    return list(found)[:count]


def _timestamps(at: NDArray[np.int64]) -> pd.Series:
    midnight = pd.Timestamp(START, tz="Asia/Ho_Chi_Minh")
    return pd.Series(midnight + pd.to_timedelta(at, unit="s"))


def _channels(at: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.object_]:
    progress = at / (DAYS * 86_400)
    begin, finish = (np.array([share[i] for share in CHANNELS.values()], dtype=float) for i in (0, 1))
    share = begin / begin.sum() + progress[:, None] * (finish / finish.sum() - begin / begin.sum())
    drawn = (rng.random(len(at))[:, None] > share.cumsum(axis=1)).sum(axis=1)
    found: NDArray[np.object_] = np.array(list(CHANNELS), dtype=object)[np.minimum(drawn, len(CHANNELS) - 1)]
    return found


def _states(
    at: NDArray[np.int64], duplicate: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The state at the end of the two years, and when it was reached (seconds)."""
    age = (DAYS * 86_400 - at) / 86_400
    status = np.empty(len(at), dtype=object)
    low = -1.0
    for high, weights in STATES:
        here = np.flatnonzero((age > low) & (age <= high))
        share = np.array(list(weights.values()), dtype=float)
        status[here] = np.array(list(weights), dtype=object)[
            rng.choice(len(share), size=len(here), p=share / share.sum())
        ]
        low = high
    status[duplicate & (age > 0.5) & (rng.random(len(at)) < 0.8)] = "duplicate"
    took = np.minimum(rng.gamma(2.0, 1.6, len(at)), age * 0.95) * 86_400
    return status, at + np.where(status == "received", 0, took).astype(np.int64)


def _wards(
    ground: Ground, lonlat: NDArray[np.float64], received: pd.Series
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.object_]]:
    """Code and name of the ward on the day of receipt, and the code of the unit that answers today."""
    now = ground.locate(lonlat)
    unit = ground.wards["code"].to_numpy(dtype=object)[now]
    code, name = unit.copy(), ground.wards["name"].to_numpy(dtype=object)[now]
    before = (received < pd.Timestamp(REFORM, tz="Asia/Ho_Chi_Minh")).to_numpy()
    then = ground.locate(lonlat, ground.before) if len(ground.before) else np.full(len(lonlat), -1)
    # Where the old units are not loaded, the ward of today stands for the one of then.
    old = before & (then >= 0)
    code[old] = ground.before["code"].to_numpy(dtype=object)[then[old]]
    name[old] = ground.before["name"].to_numpy(dtype=object)[then[old]]
    return code, name, unit
