"""The limit on submissions of one address."""

from __future__ import annotations

import pytest

from geo.reports import limits
from geo.reports.limits import Limiter, prefix


def test_so_many_at_once_then_a_wait() -> None:
    limiter = Limiter(20, 600)
    assert [limiter.wait_s("203.0.113.7", 0) for _ in range(20)] == [0] * 20
    assert limiter.wait_s("203.0.113.7", 0) == 30
    assert limiter.wait_s("203.0.113.7", 29) == 1
    assert limiter.wait_s("203.0.113.7", 30) == 0
    assert limiter.wait_s("203.0.113.7", 30) > 0
    assert limiter.wait_s("203.0.113.8", 30) == 0


def test_a_household_is_one_address() -> None:
    limiter = Limiter(1, 600)
    assert limiter.wait_s("2001:db8:1:2::1", 0) == 0
    assert limiter.wait_s("2001:db8:1:2:ffff::9", 0) > 0
    assert limiter.wait_s("2001:db8:1:3::1", 0) == 0
    assert limiter.wait_s("::ffff:203.0.113.7", 0) == 0
    assert limiter.wait_s("203.0.113.7", 0) > 0


@pytest.mark.parametrize("address", [None, "", "unknown", "testclient", "1.2.3", "'; DROP TABLE", "\x00"])
def test_fails_open(address: str | None) -> None:
    limiter = Limiter(1, 600)
    assert prefix(address) is None
    assert [limiter.wait_s(address, 0) for _ in range(5)] == [0] * 5


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ADDRESSES_MAX", 10)
    limiter = Limiter(1, 600)
    for number in range(50):
        limiter.wait_s(f"10.0.0.{number}", 0)
    assert len(limiter._buckets) == 10
    assert limiter.wait_s("10.0.0.49", 0) > 0
    assert limiter.wait_s("10.0.0.0", 0) == 0  # forgotten
