"""The world misbehaves while mail is on its way: answers lost, a clock set, a full disk."""

import asyncio
import random
from pathlib import Path

import pytest

from mailproof.providers.base import Provider
from mailproof.store.sqlite.database import SqliteDatabase
from tests.chaos.house import House, furnished
from tests.chaos.slow_answers import KeepsAnswers, WallClock
from tests.store.cluster import Cluster
from tests.store.proxy import Cut, proxied

HOUR_S = 3_600.0


@pytest.mark.parametrize(
    "fault",
    [
        "hang-after",
        "reset-after",
        "accept-silent",
        "accept-reset",
        "accept-truncated",
        "accept-500",
        "accept-502",
        "broken-json",
    ],
)
async def test_a_provider_whose_answer_is_lost_gets_no_second_mail(
    fault: str, tmp_path: Path
) -> None:
    async with furnished(tmp_path / "mailproof.db") as house:
        house.deadline_s = 0.2
        subjects = [house.subject() for _ in range(4)]
        # Not its answer to a health check.
        house.sandboxes[0].fail(f"{fault},path=/emails,count=3")
        async with house.process() as life:
            for subject in subjects:
                await life.accept(subject)
            await life.rest()
        await house.check(frozenset({"sent"}))
        outcomes = [attempt.outcome for attempt in (await house.eye.look()).attempts]
        assert outcomes.count("unknown") == 3


@pytest.mark.parametrize("seed", [1, 2])
async def test_answers_to_commit_that_are_lost_under_load_lose_and_double_nothing(
    seed: int, cluster: Cluster
) -> None:
    async with cluster.fresh_database() as url, proxied(url) as proxy, furnished(url) as house:
        house.where = proxy.url
        async with house.process() as life:
            lots = random.Random(seed)
            proxy.cuts = [lots.choice([Cut.NEVER, Cut.NEVER, Cut.AFTER]) for _ in range(60)]
            while proxy.cuts:
                async with asyncio.TaskGroup() as group:
                    for _ in range(10):
                        group.create_task(life.accept(house.subject()))
                await life.wait(0.5)
            await life.rest()
            await life.wait(2)
        await house.check(frozenset({"sent"}))


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forward", "back"])
async def test_a_clock_that_is_set_by_an_hour_loses_and_doubles_nothing(
    jump_s: float, tmp_path: Path
) -> None:
    kept: list[KeepsAnswers] = []

    def keeping(provider: Provider) -> Provider:
        kept.append(KeepsAnswers(provider, 1))
        return kept[-1]

    async with furnished(tmp_path / "mailproof.db") as house:
        clock = house.process_clock = WallClock(house.clock)
        on_its_way, deferred, held, new = (house.subject() for _ in range(4))
        async with house.process(wrap=keeping) as life:
            await life.accept(on_its_way)
            await life.wait(0.5)
            house.sandboxes[0].fail("503,count=1")
            await life.accept(deferred)
            await life.wait(0.5)
            house.break_key()
            await life.accept(held)
            await life.wait(0.5)
            clock.ahead_s = jump_s
            await life.accept(new)
            await life.wait(5)
            kept[0].answers[0].set()
            house.mend()
            await life.rest(step_s=90.0)
        await house.check(frozenset({"sent"}))


async def test_a_disk_that_fills_up_and_is_freed_loses_and_doubles_nothing(tmp_path: Path) -> None:
    kept: list[KeepsAnswers] = []

    def keeping(provider: Provider) -> Provider:
        kept.append(KeepsAnswers(provider, 3))
        return kept[-1]

    async with furnished(tmp_path / "mailproof.db") as house:
        async with house.process(wrap=keeping) as life:
            for _ in range(3):
                await life.accept(house.subject())
            await life.wait(0.5)
            await fill_disk(house)
            for _ in range(3):
                await life.accept(house.subject(), text="x" * 100_000)
            for answer in kept[0].answers:
                answer.set()
            await life.wait(5)
            refused = [each for each in house.promises.values() if each.told == "refused"]
            assert len(refused) == 3
            await free_disk(house)
            await life.accept(house.subject(), text="x" * 100_000)
            await life.rest()
        await house.check(frozenset({"sent"}))


async def fill_disk(house: House) -> None:
    """From now on its file cannot grow (sqlite.org/pragma.html#pragma_max_page_count)."""
    await _limit(house, 1)


async def free_disk(house: House) -> None:
    await _limit(house, 1_000_000)


async def _limit(house: House, pages: int) -> None:
    database = house.opened
    assert isinstance(database, SqliteDatabase)
    # SQLite raises a limit below the file's size to that size.
    await database._writer.apart(
        lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchall()
    )
