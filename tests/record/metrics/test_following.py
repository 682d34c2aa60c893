"""The follower that counts: when it looks, what it does when the database fails, who does it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from mailproof.mail.events import EventType
from mailproof.record.metrics import following
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.following import CURSOR, Counting
from mailproof.store.base import Database, NewEvent, StoreUnavailable, Tx
from mailproof.store.nodes.nodes import Tick
from mailproof.store.records.events import cursor
from mailproof.store.records.totals import totals
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock

DEADLINE_S = 10.0
KNOWN = Known(purposes=frozenset({"otp"}), providers=frozenset({"resend"}))


class Watch(ManualClock):
    """A clock that says when somebody has begun to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep = asyncio.Event()

    async def sleep_until(self, at: float) -> None:
        self.asleep.set()
        await super().sleep_until(at)

    async def end_of_pause(self, seconds: float) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.asleep.wait()
        self.asleep.clear()
        self.advance(seconds)


class Watched:
    """A database that counts what it is asked, and fails as often as it is told to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked = 0
        self.failures: list[Exception] = []
        self.idle = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def read(self, *args: Any) -> Any:
        return await self._ask(self._database.read, *args)

    async def write(self, *args: Any) -> Any:
        return await self._ask(self._database.write, *args)

    async def _ask(self, way: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        self.asked += 1
        if self.failures:
            raise self.failures.pop(0)
        return await way(*args)


class World:
    def __init__(self, database: Database, clock: Watch) -> None:
        self.database = Watched(database)
        self.clock = clock
        self.has_duties = True
        self.counting = self.another()

    def another(self) -> Counting:
        watched = cast(Database, self.database)
        return Counting(watched, KNOWN, self.clock, lambda: self.has_duties)

    async def tell(self, count: int, kind: EventType = EventType.ALERT_OPENED) -> None:
        async def body(tx: Tx) -> None:
            for _ in range(count):
                tx.tell(NewEvent(kind))

        await self.database._database.write(body)

    async def sums(self) -> dict[str, int]:
        """Without being counted as asking."""
        found = await self.database._database.read(totals)
        return {each.labels["type"]: each.value for each in found}

    def tick(self, last_event: int) -> None:
        self.counting.heard(
            Tick(
                routes=0,
                keys=0,
                alerts=0,
                next_due_at=None,
                next_expiry_at=None,
                next_probe_at=None,
                next_lease_end_at=None,
                queued=False,
                releasing=False,
                unconfirmed=False,
                others=0,
                last_event=last_event,
            )
        )

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not await holds():  # noqa: ASYNC110 - what is waited for stands in a database
                await asyncio.sleep(0)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    clock = Watch()
    database = await open_sqlite(tmp_path / "mailproof.db", now_ms=lambda: int(clock.now() * 1000))
    made = World(database, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.counting.run())
        yield made
        running.cancel()
    await database.close()


async def test_it_counts_what_others_wrote_when_the_tick_tells_of_it(world: World) -> None:
    await world.tell(3)
    world.tick(3)
    await world.until(lambda: _are(world, {"alert.opened": 3}))


async def test_nothing_new_costs_the_database_nothing(world: World) -> None:
    await world.tell(3)
    await world.counting.catch_up()
    asked = world.database.asked
    for _ in range(100):
        world.tick(3)
        await asyncio.sleep(0)
    assert world.database.asked == asked


async def test_more_than_a_page_is_counted_page_by_page(world: World) -> None:
    await world.tell(4_500)
    assert await world.counting.catch_up() == 4_500
    assert world.database.asked == 6  # three pages, each read and added
    assert await world.sums() == {"alert.opened": 4_500}


async def test_whoever_has_no_duties_counts_nothing(world: World) -> None:
    world.has_duties = False
    await world.tell(1)
    world.tick(1)
    for _ in range(100):
        await asyncio.sleep(0)
    assert world.database.asked == 0
    world.has_duties = True
    world.tick(1)
    await world.until(lambda: _are(world, {"alert.opened": 1}))


async def test_a_database_that_is_away_is_said_once_and_the_count_is_whole_later(
    world: World,
) -> None:
    with capture_logs() as said:
        world.database.failures = [StoreUnavailable("no disk"), StoreUnavailable("no disk")]
        await world.tell(2)
        for _ in range(2):
            world.tick(2)
            await world.clock.end_of_pause(5)
        world.tick(2)
        await world.until(lambda: _are(world, {"alert.opened": 2}))
    assert [(line["event"], line["log_level"]) for line in said] == [("metrics.stalled", "error")]


async def test_a_bug_is_critical_stands_on_the_cursor_and_stops_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[object]:
        raise ZeroDivisionError("ada@example.com")

    await world.tell(1)
    await world.counting.catch_up()
    await world.tell(1)
    with capture_logs() as said, monkeypatch.context() as patch:
        patch.setattr(following, "counted", broken)
        world.tick(2)
        await world.clock.end_of_pause(5)
    assert await _stands_still(world, "ZeroDivisionError")
    assert [line["event"] for line in said] == ["metrics.crashed"]
    assert said[0]["log_level"] == "critical"
    world.tick(2)
    await world.until(lambda: _are(world, {"alert.opened": 2}))
    assert await _stands_still(world, None)


async def test_after_another_one_has_counted_it_goes_on_from_there(world: World) -> None:
    await world.tell(2)
    await world.counting.catch_up()
    await world.tell(3)
    assert await world.another().catch_up() == 3
    assert await world.counting.catch_up() == 0
    assert await world.sums() == {"alert.opened": 5}


async def _are(world: World, wanted: dict[str, int]) -> bool:
    return await world.sums() == wanted


async def _stands_still(world: World, error: str | None) -> bool:
    found = await world.database._database.read(cursor, CURSOR)
    return found is not None and found.error == error
