"""What the demonstration's units and real ones have in common: identity, level, the day of the reform."""

from __future__ import annotations

from datetime import date

# NQ 202/2025/QH15 and the resolutions on each province's communes: two tiers since this day.
REFORM = date(2025, 7, 1)
# 1 province, 2 district (until 2025-06-30), 3 commune, ward or township: the same number in both eras.
COMMUNE_LEVEL = 3


def unit_id(province_code: str, code: str, valid_from: date) -> str:
    """An identity that is never reused: a code alone names other ground before and after the reform."""
    return f"VN-{province_code}-{code}-{valid_from.year}"
