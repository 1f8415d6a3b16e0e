"""The place of a question: taken, or refused with a sentence that helps. Pure."""

from __future__ import annotations

from geo.errors import InvalidInput
from geo.types import LonLat

# Land and sea of Vietnam with a margin; only to tell exchanged axes from a place elsewhere.
VIETNAM_LON = (101.0, 118.5)
VIETNAM_LAT = (6.0, 24.0)


def checked_place(lon: object, lat: object) -> LonLat:
    """A position on Earth; ``InvalidInput`` where it is none, is (0, 0), or has its axes exchanged.

    Exchanged axes are answered with the exchange as a suggestion, never guessed in silence.
    """
    place = _exchanged(lon, lat) or LonLat.parse(lon, lat)
    if place.lon == 0 and place.lat == 0:
        raise InvalidInput(
            "lon,lat",
            "0, 0",
            "một vị trí thật; 0, 0 là giá trị của thiết bị chưa định vị được",
            "a real position; 0, 0 is what a device sends that has no fix",
        )
    return place


def _exchanged(lon: object, lat: object) -> LonLat | None:
    try:
        first, second = float(str(lon)), float(str(lat))
    except ValueError:
        return None
    if VIETNAM_LON[0] <= second <= VIETNAM_LON[1] and VIETNAM_LAT[0] <= first <= VIETNAM_LAT[1]:
        raise InvalidInput(
            "lon,lat",
            f"{first:g}, {second:g}",
            f"kinh độ trước, vĩ độ sau; có phải ý là lon={second:g}, lat={first:g}",
            f"longitude first, then latitude; did you mean lon={second:g}, lat={first:g}",
        )
    return None
