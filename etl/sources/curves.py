"""Curves of WKB into straight segments: GEOS does not take arcs (types 8–12 of SQL/MM).

File geodatabases of planning dossiers have them wherever a road bends. An arc through three points is cut
into steps of 4°: 0.06 % of its radius at most lies beside it (6 cm at 100 m).
"""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np

# SQL/MM: circular string, compound curve, curve polygon, multicurve, multisurface.
CIRCULAR, COMPOUND, CURVE_POLYGON, MULTI_CURVE, MULTI_SURFACE = 8, 9, 10, 11, 12
STEP_RAD = math.radians(4)
_POINT, _LINE, _POLYGON, _MULTI_LINE, _MULTI_POLYGON = 1, 2, 3, 5, 6
_DEEPEST = 8

Coordinates = np.ndarray[Any, np.dtype[np.float64]]


def is_curved(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which type codes are curves, with Z and M of ISO (thousands) and of EWKB (high bits)."""
    base = (codes & 0x0FFFFFFF) % 1000
    return (base >= CIRCULAR) & (base <= MULTI_SURFACE)


def straight(wkb: bytes) -> bytes:
    """The geometry without arcs, as ISO WKB. ``ValueError`` where it is cut short or of an unknown type."""
    return _Reader(wkb).geometry(0)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def geometry(self, depth: int) -> bytes:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        order, base, dimension, flag = self._head()
        if base == _POINT:
            xyz = self._floats(order, dimension)
            return _header(base, flag) + xyz.tobytes()
        if base in (_LINE, CIRCULAR, COMPOUND):
            return _header(_LINE, flag) + _points(self._line(order, base, dimension, depth))
        if base in (_POLYGON, CURVE_POLYGON):
            return _header(_POLYGON, flag) + self._rings(order, base, dimension, depth)
        count = self._count(order)
        parts = [self.geometry(depth + 1) for _ in range(count)]
        plain = {MULTI_CURVE: _MULTI_LINE, MULTI_SURFACE: _MULTI_POLYGON}.get(base, base)
        return _header(plain, flag) + struct.pack("<I", count) + b"".join(parts)

    def _rings(self, order: str, base: int, dimension: int, depth: int) -> bytes:
        count = self._count(order)
        rings = []
        for _ in range(count):
            if base == _POLYGON:
                rings.append(self._run(order, dimension))
            else:
                inner_order, inner, inner_dimension, _ = self._head()
                rings.append(self._line(inner_order, inner, inner_dimension, depth + 1))
        return struct.pack("<I", count) + b"".join(map(_points, rings))

    def _line(self, order: str, base: int, dimension: int, depth: int) -> Coordinates:
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if base == COMPOUND:
            parts = []
            for n in range(self._count(order)):
                inner_order, inner, inner_dimension, _ = self._head()
                part = self._line(inner_order, inner, inner_dimension, depth + 1)
                parts.append(part[1:] if n else part)
            return np.concatenate(parts) if parts else np.empty((0, dimension))
        run = self._run(order, dimension)
        if base == _LINE:
            return run
        if base != CIRCULAR:
            raise ValueError(f"type {base} within a curve")
        pieces = [run[:1], *(arc(*run[n : n + 3]) for n in range(0, len(run) - 2, 2))]
        return np.concatenate(pieces)

    def _head(self) -> tuple[str, int, int, int]:
        order = "<" if self._take(1) == b"\x01" else ">"
        code = self._count(order)
        high, measured = bool(code & 0x80000000), bool(code & 0x40000000)
        if code & 0x20000000:
            self._take(4)
        code &= 0x0FFFFFFF
        high, measured = high or code // 1000 in (1, 3), measured or code // 1000 in (2, 3)
        return order, code % 1000, 2 + high + measured, 1000 * high + 2000 * measured

    def _run(self, order: str, dimension: int) -> Coordinates:
        count = self._count(order)
        return self._floats(order, count * dimension).reshape(count, dimension)

    def _floats(self, order: str, count: int) -> Coordinates:
        return np.frombuffer(self._take(8 * count), dtype=f"{order}f8").astype("<f8")

    def _count(self, order: str) -> int:
        return int(struct.unpack(f"{order}I", self._take(4))[0])

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError("cut short")
        self._at += size
        return taken


def arc(start: Coordinates, middle: Coordinates, end: Coordinates) -> Coordinates:
    """Points after ``start`` along the circle through all three, Z and M evenly. Closed: a full circle."""
    (ax, ay), (bx, by), (cx, cy) = start[:2], middle[:2], end[:2]
    if (ax, ay) == (cx, cy):
        centre, turn = np.array([(ax + bx) / 2, (ay + by) / 2]), 2 * math.pi
    else:
        twice = 2 * ((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
        if abs(twice) < 1e-12 * max(1.0, abs(ax), abs(ay)):
            return np.array([middle, end])
        b2, c2 = (bx - ax) ** 2 + (by - ay) ** 2, (cx - ax) ** 2 + (cy - ay) ** 2
        right, up = (cy - ay) * b2 - (by - ay) * c2, (bx - ax) * c2 - (cx - ax) * b2
        centre = np.array([ax + right / twice, ay + up / twice])
        turn = _turn(start[:2] - centre, end[:2] - centre, left=twice > 0)
    steps = max(2, math.ceil(abs(turn) / STEP_RAD))
    share = np.arange(1, steps + 1) / steps
    first = math.atan2(ay - centre[1], ax - centre[0])
    radius = math.hypot(ax - centre[0], ay - centre[1])
    out = start + (end - start) * share[:, None]
    out[:, 0] = centre[0] + radius * np.cos(first + turn * share)
    out[:, 1] = centre[1] + radius * np.sin(first + turn * share)
    out[-1] = end
    return out


def _turn(one: Coordinates, other: Coordinates, *, left: bool) -> float:
    angle = math.atan2(other[1], other[0]) - math.atan2(one[1], one[0])
    return angle % (2 * math.pi) if left else angle % (2 * math.pi) - 2 * math.pi


def _header(base: int, flag: int) -> bytes:
    return struct.pack("<BI", 1, base + flag)


def _points(run: Coordinates) -> bytes:
    return struct.pack("<I", len(run)) + np.ascontiguousarray(run).tobytes()
