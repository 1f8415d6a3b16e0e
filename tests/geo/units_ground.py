"""A small ground for tests of routing: wards whose right answers can be seen by eye. Not a test itself.

    10.52 +---------+---------+
          |    A    |    B    |        from 2025-07-01: A, B, C, and D 3 m east of B and C
    10.50 +---------+---------+  D
          |         C         |
    10.48 +-------------------+
        105.60    105.62    105.64

Before that day one ward OLD covered A, B and C, and it bore the code that B bears now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

GAP_DEG = 3 / 109_430  # 3 m of longitude at 10.5° N

INSERT = """
INSERT INTO core.admin_units (unit_id, code, name, kind, level, province_code, province_name, valid_from,
                              valid_to, geom)
VALUES (%s, %s, %s, %s, 3, '82', 'Tỉnh Đồng Tháp', %s, %s, ST_Multi(ST_GeomFromText(%s, 4326)))
"""


def box(west: float, south: float, east: float, north: float) -> str:
    return f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def wavy_box(west: float, south: float, east: float, north: float, vertices: int = 400) -> str:
    """A box whose southern side is a river bank of many vertices, so that it is cut into pieces."""
    step = (east - west) / vertices
    bank = ", ".join(f"{west + i * step} {south + 0.0001 * (i % 2)}" for i in range(vertices + 1))
    return f"POLYGON(({bank}, {east} {north}, {west} {north}, {west} {south}))"


WARDS = [
    ("vn-a", "30001", "Phường An Hòa", "phuong", "2025-07-01", None, box(105.60, 10.50, 105.62, 10.52)),
    ("vn-b", "30002", "Xã Bình Minh", "xa", "2025-07-01", None, box(105.62, 10.50, 105.64, 10.52)),
    ("vn-c", "30003", "Xã Cái Bè", "xa", "2025-07-01", None, wavy_box(105.60, 10.48, 105.64, 10.50)),
    ("vn-d", "30004", "Xã Đốc Binh Kiều", "xa", "2025-07-01", None,
     box(105.64 + GAP_DEG, 10.48, 105.66, 10.52)),
    ("vn-old", "30002", "Thị trấn Cũ", "thi_tran", "2008-01-01", "2025-07-01",
     box(105.60, 10.48, 105.64, 10.52)),
]  # fmt: skip


def settle(connection: psycopg.Connection) -> None:
    """Replace whatever units the database has by the ground above."""
    connection.execute("DELETE FROM core.admin_units")
    with connection.cursor() as cursor:
        cursor.executemany(INSERT, WARDS)
