"""Who asks at the same time shares a statement; nobody is answered by one that began before the question."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, cast

from geo.errors import Unavailable
from geo.types import TileId
from tiles.admission import Admission
from tiles.encoding import encode
from tiles.ladder import gathered
from tiles.ladder.gathered import MANY, Gathered, Line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from geo.database import Database
    from tiles.encoding import EncodedTile

AWAY = Unavailable("Bận.", "Busy.")


def line(number: int) -> Line:
    return Line("plots", TileId(20, number, 0), date(2000, 1, 1), "b", "gzip")


def tile(number: int) -> EncodedTile:
    return encode(str(number).encode())


class Answering:
    """A database of which every second column is drawn; each statement waits until it is let go."""

    def __init__(self, *, free: bool) -> None:
        self.statements: list[list[int]] = []
        self.began, self.go = asyncio.Event(), asyncio.Event()
        self.away = False
        if free:
            self.go.set()

    @asynccontextmanager
    async def read(self, caller: object) -> AsyncIterator[Answering]:
        assert caller is gathered.ANONYMOUS
        if self.away:
            raise AWAY
        yield self

    async def answer(self, _: Any, lines: list[Line]) -> list[EncodedTile | None]:
        self.statements.append([each.tile.x for each in lines])
        self.began.set()
        await self.go.wait()
        return [None if each.tile.x % 2 else tile(each.tile.x) for each in lines]


def reader(
    monkeypatch: pytest.MonkeyPatch, *, free: bool = True, queue: int = 9
) -> tuple[Gathered, Answering]:
    there = Answering(free=free)
    monkeypatch.setattr(gathered, "read", there.answer)
    return Gathered(cast("Database", there), Admission(1, queue, 60)), there


def test_a_screen_of_tiles_is_one_statement_and_each_gets_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        tiles, there = reader(monkeypatch)
        found = await asyncio.gather(*(tiles.tile(line(number)) for number in range(MANY + 8)))
        assert found == [None if number % 2 else tile(number) for number in range(MANY + 8)]
        assert there.statements == [list(range(MANY)), list(range(MANY, MANY + 8))]

    asyncio.run(ask())


def test_a_statement_under_way_answers_nobody_who_asks_after_it_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask() -> None:
        tiles, there = reader(monkeypatch, free=False)
        first = asyncio.create_task(tiles.tile(line(2)))
        await there.began.wait()
        later = [asyncio.create_task(tiles.tile(line(number))) for number in (2, 4)]
        await asyncio.sleep(0)
        there.go.set()
        assert [await first, *[await each for each in later]] == [tile(2), tile(2), tile(4)]
        assert there.statements == [[2], [2, 4]]

    asyncio.run(ask())


def test_who_leaves_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        tiles, there = reader(monkeypatch, free=False)
        leaves, stays = (asyncio.create_task(tiles.tile(line(number))) for number in (2, 4))
        await there.began.wait()
        leaves.cancel()
        await asyncio.sleep(0)
        there.go.set()
        assert await stays == tile(4)
        assert leaves.cancelled()

    asyncio.run(ask())


def test_a_failure_is_told_to_all_who_shared_it_and_the_next_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ask() -> None:
        tiles, there = reader(monkeypatch)
        there.away = True
        failed = await asyncio.gather(*(tiles.tile(line(n)) for n in range(3)), return_exceptions=True)
        assert failed == [AWAY] * 3
        there.away = False
        assert await tiles.tile(line(6)) == tile(6)

    asyncio.run(ask())


def test_no_more_wait_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> None:
        tiles, there = reader(monkeypatch, free=False, queue=1)
        asked = [asyncio.create_task(tiles.tile(line(0)))]
        await there.began.wait()
        asked += [asyncio.create_task(tiles.tile(line(number))) for number in range(3 * MANY)]
        refused = asked[MANY + 1 :]
        await asyncio.wait(refused)
        assert {type(each.exception()) for each in refused} == {Unavailable}
        there.go.set()
        await asyncio.wait(asked)
        assert len(there.statements) == 2

    asyncio.run(ask())
