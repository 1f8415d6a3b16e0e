"""How often one address may hand in reports: a token bucket each, in memory. The clock is the caller's."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

# Vietnamese mobile carriers put thousands of people behind one address: the limit is generous, and beyond
# this many addresses the ones unseen for longest are forgotten (a report is worth more than a limit).
ADDRESSES_MAX = 50_000


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Limiter:
    """``capacity`` calls at once, refilled over ``period_s`` seconds, for each address prefix."""

    def __init__(self, capacity: int, period_s: float = 600.0) -> None:
        self._capacity = capacity
        self._per_second = capacity / period_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, address: str | None, now: float) -> int:
        """Take one call of ``address`` at the monotonic time ``now``: 0, or the seconds to wait for the next.

        An unknown or unreadable address is let through.
        """
        key = prefix(address)
        if key is None or self._capacity <= 0:
            return 0
        bucket = self._buckets.setdefault(key, _Bucket(self._capacity, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > ADDRESSES_MAX:
            self._buckets.popitem(last=False)
        bucket.tokens = min(self._capacity, bucket.tokens + (now - bucket.at) * self._per_second)
        bucket.at = now
        if bucket.tokens < 1:
            return max(1, math.ceil((1 - bucket.tokens) / self._per_second))
        bucket.tokens -= 1
        return 0


def prefix(address: str | None) -> str | None:
    """The part of an address that one household has: IPv4 whole, IPv6 its /64; None if unreadable."""
    try:
        parsed = ipaddress.ip_address((address or "").split("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
