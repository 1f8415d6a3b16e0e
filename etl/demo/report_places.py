"""Where reports come from: wards by their weight, and hotspots that stand for known troubles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from etl.demo.report_times import CATEGORIES, DAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.demo.ground import Ground


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A place with more than its share: offset in metres from the town's centre, or from an urban ward's."""

    east_m: float
    north_m: float
    spread_m: float
    weight: float
    categories: tuple[str, ...]
    urban_ward: int | None = None
    first_day: int = 0


EMERGING_FIRST_DAY = DAYS - 61  # 2026-09-01
HOTSPOTS = (
    Hotspot(180, -120, 90, 1.5, ("TTDT", "MT", "ATTP", "TTDT")),  # the market
    Hotspot(-720, 540, 70, 1.3, ("ATGT", "GT", "ATGT")),  # a crossing
    Hotspot(950, 820, 140, 1.4, ("CTN",)),  # a street that floods
    Hotspot(-1350, -600, 160, 0.9, ("CS", "ANTT", "CS")),  # an unlit road
    Hotspot(420, -1080, 110, 1.0, ("TO", "TO", "ANTT")),  # bars on the river
    Hotspot(60, -90, 120, 0.9, ("ATGT", "TTDT"), urban_ward=0),
    Hotspot(350, 210, 130, 0.9, ("CTN", "MT"), urban_ward=4),
    Hotspot(-260, 150, 110, 0.8, ("GT", "CTN"), urban_ward=9),
    Hotspot(200, -330, 120, 0.7, ("MT",), urban_ward=13),
    # New since September 2026: fumes and fish dying below an industrial site.
    Hotspot(-1750, -1450, 150, 1.3, ("MT", "MT", "NN"), first_day=EMERGING_FIRST_DAY),
)


def hotspot_centres(ground: Ground) -> NDArray[np.float64]:
    """Metres in the ground's frame, (n, 2), drawn to the nearest ward's centre where outside the province."""
    ward = ground.frame.to_xy(ground.centres)
    town = ground.frame.to_xy(np.array([ground.town_centre]))[0]
    urban = np.flatnonzero(ground.urban) if ground.urban.any() else np.arange(len(ward))
    base = np.array(
        [town if h.urban_ward is None else ward[urban[h.urban_ward % len(urban)]] for h in HOTSPOTS]
    )
    centres = base + [(h.east_m, h.north_m) for h in HOTSPOTS]
    outside = ground.locate(ground.frame.to_lonlat(centres)) < 0
    centres[outside] = base[outside]
    return centres


def places(ground: Ground, categories: NDArray[np.object_], rng: np.random.Generator) -> NDArray[np.float64]:
    """A place in the province for each report outside hotspots, (n, 2) metres."""
    centres = ground.frame.to_xy(ground.centres)
    town = np.isin(ground.wards["code"].to_numpy(), ground.town["code"].to_numpy())
    urban_weight = np.where(ground.urban, 1.0, 0.03) * np.where(town, 5.0, 1.0)
    rural_weight = np.where(ground.urban, 0.35, 1.0)
    share = np.array([CATEGORIES[c][1] for c in categories])
    in_town = rng.random(len(categories)) < share
    xy = np.full((len(categories), 2), np.nan)
    missing = np.arange(len(categories))
    for attempt in range(12):
        ward = np.where(
            in_town[missing],
            rng.choice(len(centres), size=len(missing), p=urban_weight / urban_weight.sum()),
            rng.choice(len(centres), size=len(missing), p=rural_weight / rural_weight.sum()),
        )
        spread = np.where(in_town[missing], 900.0, 2300.0) / (1 + 0.15 * attempt)
        # A third lies close to the centre, the rest spreads: people live along the road, not in a disc.
        close = np.where(rng.random(len(missing)) < 0.35, 0.3, 1.0)
        xy[missing] = centres[ward] + rng.normal(0, 1, (len(missing), 2)) * (spread * close)[:, None]
        missing = missing[ground.locate(ground.frame.to_lonlat(xy[missing])) < 0]
        if not len(missing):
            break
    xy[missing] = centres[rng.integers(len(centres), size=len(missing))]
    return xy
