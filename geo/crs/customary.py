"""The VN-2000 zones that each province's own data are in: a witness, never a proof.

Rule: Thông tư 26/2024/TT-BTNMT, Phụ lục 01 gives each of the 63 former provinces its central meridian. A
province of 2025 holds the data of all that it was made of, so 17 of 34 have two zones or three. No circular
for the 34 is known; the zones are those of the former provinces. Lai Châu has the template's 104°45′ too.
"""

from __future__ import annotations

CUSTOMARY: dict[str, tuple[int, ...]] = {
    "01": (5897,),
    "04": (9210,),
    "08": (9211, 9209),
    "11": (9205,),
    "12": (9205, 9208),
    "14": (9206,),
    "15": (9208,),
    "19": (9213,),
    "20": (9215,),
    "22": (5899,),
    "24": (9214, 9209),
    "25": (9208, 9211, 5897),
    "31": (9210, 9209),
    "33": (9209,),
    "37": (5897, 9209),
    "38": (5897,),
    "40": (9208,),
    "42": (9209,),
    "44": (9211, 9212),
    "46": (9214,),
    "48": (5899,),
    "51": (5898, 9216),
    "52": (9217, 9218),
    "56": (9217,),
    "66": (9218,),
    "68": (5899, 9218),
    "75": (5899, 9212),
    "79": (9210, 5899),
    "80": (9210, 9209),
    "82": (5897, 9210),
    "86": (9209, 9210),
    "91": (9208, 9207),
    "92": (5897, 9209),
    "96": (9207, 5897),
}


def customary(provinces: tuple[str, ...]) -> frozenset[int]:
    """The zones of these provinces' data; empty where none is known."""
    return frozenset(epsg for code in provinces for epsg in CUSTOMARY.get(code, ()))
