# ruff: noqa: E501 (tables are read in rows)
"""Invented people, companies and street names. Numbers are of a form that no real one has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý",
          "Mai", "Trương", "Cao", "Tô", "Châu", "Lâm")  # fmt: skip
MIDDLE = ("Văn", "Thị", "Hữu", "Thanh", "Minh", "Ngọc", "Quốc", "Kim", "Hoàng", "Tấn", "Thị Mỹ", "Thị Kim", "Phước",
          "Công", "Thành")  # fmt: skip
GIVEN = ("An", "Bảo", "Bình", "Cường", "Diễm", "Dũng", "Đạt", "Giang", "Hạnh", "Hiền", "Hòa", "Hùng", "Khánh", "Lan",
         "Liên", "Lộc", "Mai", "Nga", "Nghĩa", "Nhân", "Phúc", "Phương", "Quang", "Sơn", "Tâm", "Thảo", "Thắng",
         "Thủy", "Tiến", "Trang", "Trí", "Tú", "Tuyết", "Út", "Vân", "Vinh", "Xuân", "Yến")  # fmt: skip
STREETS = ("Nguyễn Huệ", "Lý Thường Kiệt", "Hùng Vương", "Nguyễn Trãi", "Trần Hưng Đạo", "Phạm Hữu Lầu",
           "Tôn Đức Thắng", "Lê Lợi", "Điện Biên Phủ", "Ngô Thì Nhậm", "Nguyễn Thái Học", "Cách Mạng Tháng Tám",
           "30 Tháng 4", "Lê Duẩn", "Võ Thị Sáu", "Thiên Hộ Dương", "Nguyễn Đình Chiểu", "Phạm Ngũ Lão",
           "Đốc Binh Kiều", "Võ Văn Kiệt", "Nguyễn Văn Tre", "Mai Văn Khải")  # fmt: skip
HAMLETS = ("Tân Hậu", "Tân Chủ", "Mỹ Hưng", "Đông Bình", "Hòa Lợi", "An Thạnh", "Phú Long", "Long Hòa", "Bình Hòa",
           "Tân Phú", "Mỹ Long", "Hưng Lợi", "Thạnh Phú", "Đông Mỹ", "Tây Mỹ", "Phú An", "Hòa Bình", "An Ninh")  # fmt: skip


def names(count: int, rng: np.random.Generator) -> list[str]:
    """Invented full names."""
    parts = [np.array(words)[rng.integers(len(words), size=count)] for words in (FAMILY, MIDDLE, GIVEN)]
    return [" ".join(words) for words in zip(*parts, strict=True)]


def phones(count: int, rng: np.random.Generator) -> list[str]:
    """Telephone numbers beginning 0000, which no network has."""
    return [f"0000 {n // 1000:03d} {n % 1000:03d}" for n in rng.integers(0, 10**6, size=count)]


def identity_numbers(count: int, rng: np.random.Generator) -> list[str]:
    """Twelve digits beginning with province 000, which does not exist."""
    return [f"000{n:09d}" for n in rng.integers(0, 10**9, size=count)]


def pick(words: tuple[str, ...], count: int, rng: np.random.Generator) -> NDArray[np.object_]:
    """So many of the words."""
    return np.array(words, dtype=object)[rng.integers(len(words), size=count)]


def random_ids(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Distinct 52-bit ids in random order, like those that the database gives out."""
    found = np.unique(rng.integers(1, 2**52, size=count + 64))
    return rng.permutation(found)[:count]
