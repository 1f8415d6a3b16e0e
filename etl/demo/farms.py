"""Rows of ``farms``: 500 places of production; owners are invented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import shapely

from etl.demo.growing import HARVEST, WORDS, places
from etl.demo.people import HAMLETS, identity_numbers, names, phones, pick, random_ids

if TYPE_CHECKING:
    from etl.demo.ground import Ground

SEED = 20260704
FARMS = 500
KINDS = ("Vườn", "Trang trại", "Nông trại", "Cơ sở sản xuất", "Hợp tác xã")
PRODUCTS = ("trái tươi", "trái tươi, sấy dẻo", "nông sản sạch", "đạt VietGAP", "hữu cơ")


def generate(ground: Ground) -> gpd.GeoDataFrame:
    """500 points with crop, area, season and, in private fields, owner, telephone and identity number."""
    rng = np.random.default_rng(SEED)
    found = places(ground, FARMS, rng)
    lonlat = ground.frame.to_lonlat(found.xy)
    wards = ground.wards["name"].to_numpy()[found.ward]
    people, hamlets = names(FARMS, rng), pick(HAMLETS, FARMS, rng)
    kinds, products = pick(KINDS, FARMS, rng), pick(PRODUCTS, FARMS, rng)
    words = np.where(ground.urban[found.ward], "Khóm", "Ấp")
    called = [person.split()[-1] for person in people]
    return gpd.GeoDataFrame(
        {
            "id": random_ids(FARMS, rng),
            "name": [
                f"{k} {WORDS[c].lower()} {h if k == 'Hợp tác xã' else who}"
                for k, c, who, h in zip(kinds, found.crop, called, hamlets, strict=True)
            ],
            "crop": found.crop,
            "area_ha": np.round(np.exp(rng.normal(-0.1, 0.75, FARMS)), 2),
            "season": [HARVEST[c] for c in found.crop],
            "product": [f"{WORDS[c]} {p}" for c, p in zip(found.crop, products, strict=True)],
            "address": [f"{word} {h}, {w}" for word, h, w in zip(words, hamlets, wards, strict=True)],
            "owner_name": people,
            "owner_phone": phones(FARMS, rng),
            "owner_id_number": identity_numbers(FARMS, rng),
            "unit": ground.wards["code"].to_numpy()[found.ward],
        },
        geometry=shapely.points(lonlat),
        crs="EPSG:4326",
    )
