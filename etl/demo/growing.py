# ruff: noqa: E501 (tables are read in rows)
"""Which crop grows where in the province, in broad strokes, and where growers' land lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from etl.demo.ground import Ground

# Growing regions by a place (lon, lat) in them.
REGIONS: tuple[tuple[float, float, dict[str, float]], ...] = (
    (105.66, 10.43, {"mango": 80, "longan": 6, "guava": 6, "vegetables": 8}),
    (105.82, 10.26, {"longan": 55, "pomelo": 15, "rambutan": 12, "vegetables": 18}),
    (105.66, 10.27, {"mandarin": 50, "longan": 20, "sweet_potato": 20, "rice": 10}),
    (105.75, 10.31, {"flowers": 60, "vegetables": 25, "longan": 15}),
    (105.84, 10.55, {"lotus": 35, "rice": 55, "lime": 5, "jackfruit": 5}),
    (105.50, 10.70, {"rice": 72, "chili": 14, "mango": 8, "lotus": 6}),
    (105.42, 10.88, {"rice": 85, "mango": 6, "vegetables": 9}),
    (105.98, 10.36, {"mango": 35, "durian": 25, "jackfruit": 30, "pomelo": 10}),
    (106.08, 10.35, {"durian": 72, "jackfruit": 14, "longan": 8, "sapodilla": 6}),
    (
        106.22,
        10.40,
        {"star_apple": 25, "sapodilla": 12, "jackfruit": 25, "lychee": 3, "durian": 25, "rice": 10},
    ),
    (106.25, 10.52, {"pineapple": 75, "dragon_fruit": 15, "rice": 10}),
    (106.45, 10.38, {"dragon_fruit": 68, "coconut": 16, "vegetables": 16}),
    (106.65, 10.33, {"rice": 45, "vegetables": 30, "dragon_fruit": 15, "coconut": 10}),
)
HARVEST = {
    "mango": "Tháng 2–5, rải vụ quanh năm", "durian": "Tháng 4–7", "longan": "Tháng 6–8, nghịch vụ tháng 12–2",
    "lychee": "Tháng 5–6", "dragon_fruit": "Tháng 4–9, chong đèn tháng 10–3", "pomelo": "Tháng 8–12",
    "jackfruit": "Quanh năm", "star_apple": "Tháng 11–3", "rambutan": "Tháng 5–7", "mandarin": "Tháng 12–1 (Tết)",
    "lime": "Quanh năm", "guava": "Quanh năm", "pineapple": "Quanh năm", "coconut": "Quanh năm",
    "banana": "Quanh năm", "sapodilla": "Tháng 10–4", "rice": "Đông xuân, hè thu, thu đông",
    "lotus": "Tháng 3–9", "chili": "Tháng 12–4", "sweet_potato": "Tháng 1–4, tháng 6–9", "vegetables": "Quanh năm",
    "flowers": "Tháng 11–1 (Tết)",
}  # fmt: skip
WORDS = {
    "mango": "Xoài", "durian": "Sầu riêng", "longan": "Nhãn", "lychee": "Vải", "dragon_fruit": "Thanh long",
    "pomelo": "Bưởi", "jackfruit": "Mít", "star_apple": "Vú sữa", "rambutan": "Chôm chôm", "mandarin": "Quýt hồng",
    "lime": "Chanh", "guava": "Ổi", "pineapple": "Khóm", "coconut": "Dừa", "banana": "Chuối", "sapodilla": "Sa pô",
    "rice": "Lúa", "lotus": "Sen", "chili": "Ớt", "sweet_potato": "Khoai lang", "vegetables": "Rau màu",
    "flowers": "Hoa kiểng",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """Where growers are: positions in metres (n, 2), the row of their ward, and their crop."""

    xy: NDArray[np.float64]
    ward: NDArray[np.int64]
    crop: NDArray[np.object_]


def places(ground: Ground, count: int, rng: np.random.Generator) -> Places:
    """Positions over the province's land, denser around the town and away from the middle of phường."""
    centres = ground.frame.to_xy(ground.centres)
    weight = np.where(ground.urban, 0.6, 1.0) * (1 + 2.5 * np.exp(-np.hypot(*centres.T) / 9000))
    ward = rng.choice(len(centres), size=count * 3, p=weight / weight.sum())
    xy = centres[ward] + rng.normal(0, 1700, (count * 3, 2))
    found = ground.locate(ground.frame.to_lonlat(xy))
    inside = np.flatnonzero(found >= 0)[:count]
    lonlat = ground.frame.to_lonlat(xy[inside])
    return Places(xy[inside], found[inside], crops_at(lonlat, rng))


def crops_at(lonlat: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.object_]:
    """A crop of the nearest growing region for each position."""
    anchors = np.array([region[:2] for region in REGIONS])
    nearest = np.hypot(*(lonlat[:, None] - anchors).transpose(2, 0, 1)).argmin(axis=1)
    picked = np.empty(len(lonlat), dtype=object)
    for index, (_, _, weights) in enumerate(REGIONS):
        here = np.flatnonzero(nearest == index)
        share = np.array(list(weights.values()), dtype=float)
        picked[here] = np.array(list(weights), dtype=object)[
            rng.choice(len(share), size=len(here), p=share / share.sum())
        ]
    return picked
