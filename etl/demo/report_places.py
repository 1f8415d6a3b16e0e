"""Where reports come from: wards by their weight, and hotspots that stand for known troubles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

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
    towns, villages = _towns(ground), _villages(ground)
    share = np.array([CATEGORIES[c][1] for c in categories])
    in_town = rng.random(len(categories)) < share
    xy = np.full((len(categories), 2), np.nan)
    missing = np.arange(len(categories))
    for attempt in range(12):
        town = towns[rng.integers(len(towns), size=len(missing))]
        village = villages[rng.integers(len(villages), size=len(missing))]
        around = np.where(in_town[missing, None], town, village)
        spread = np.where(in_town[missing], 1000.0, 1900.0) / (1 + 0.15 * attempt)
        # Some lie close to the centre, the rest spreads: people live along roads, not in a disc.
        close = np.where(rng.random(len(missing)) < 0.25, 0.3, 1.0)
        xy[missing] = around + rng.normal(0, 1, (len(missing), 2)) * (spread * close)[:, None]
        missing = missing[ground.locate(ground.frame.to_lonlat(xy[missing])) < 0]
        if not len(missing):
            break
    centres = ground.frame.to_xy(ground.centres)
    xy[missing] = centres[rng.integers(len(centres), size=len(missing))]
    return xy


def _towns(ground: Ground) -> NDArray[np.float64]:
    """Centres of towns in metres; the provincial one has five quarters."""
    others = ground.frame.to_xy(ground.centres)[ground.urban]
    town = ground.frame.to_xy(np.array([ground.town_centre]))
    quarters = town + np.array([[0, 0], [800, 650], [-900, 250], [350, -850], [-300, 900]])
    return np.vstack([others, quarters])


def _villages(ground: Ground) -> NDArray[np.float64]:
    """Where people live outside towns, in metres: the old communes' middles, else those of the wards."""
    if not len(ground.before):
        return ground.frame.to_xy(ground.centres)
    inside = shapely.point_on_surface(ground.before.geometry.to_numpy())
    return ground.frame.to_xy(shapely.get_coordinates(inside))
