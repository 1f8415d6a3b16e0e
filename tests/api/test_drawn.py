"""What is dear to draw is drawn once, one after the other."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

import pytest

from api.drawn import QUEUE, Drawn
from geo.errors import Unavailable


class Pen:
    """Draws slowly and counts."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.at_once, self.most = 0, 0
        self.go = threading.Event()

    def draw(self, name: str) -> str:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        assert self.go.wait(60)
        time.sleep(0.01)
        self.at_once -= 1
        self.made.append(name)
        return name.upper()


def test_many_who_ask_at_once_wait_for_one_drawing() -> None:
    pen = Pen()
    pen.go.set()

    async def asked() -> list[str]:
        drawn = Drawn[str](8)
        return await asyncio.gather(*(drawn.get(name, partial(pen.draw, name)) for name in "abacab"))

    assert asyncio.run(asked()) == list("ABACAB")
    assert sorted(pen.made) == ["a", "b", "c"] and pen.most == 1


def test_only_so_many_wait_and_only_so_many_are_kept() -> None:
    pen = Pen()

    async def asked() -> int:
        drawn = Drawn[str](2)
        waiting = [
            asyncio.create_task(drawn.get(name, partial(pen.draw, str(name)))) for name in range(QUEUE + 1)
        ]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await drawn.get("more", partial(pen.draw, "more"))
        pen.go.set()
        await asyncio.gather(*waiting)
        before = len(pen.made)
        await drawn.get(QUEUE, partial(pen.draw, "kept"))
        await drawn.get(0, partial(pen.draw, "again"))
        return len(pen.made) - before

    assert asyncio.run(asked()) == 1
    assert pen.made[-1] == "again"


def test_what_fails_is_tried_again() -> None:
    async def asked() -> str:
        drawn = Drawn[str](2)
        with pytest.raises(ZeroDivisionError):
            await drawn.get("a", lambda: str(1 // 0))
        return await drawn.get("a", lambda: "drawn")

    assert asyncio.run(asked()) == "drawn"
