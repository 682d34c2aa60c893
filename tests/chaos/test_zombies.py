"""A worker that stood still for longer than its lease, and then goes on as if nothing had been."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from mailproof.providers.base import Provider
from tests.chaos.house import LEASE_S, furnished
from tests.chaos.slow_answers import KeepsAnswers
from tests.chaos.workers import PATIENCE_S, Town, Worker, each_in_a_town_of_its_own
from tests.store.cluster import Cluster


async def test_a_refusal_that_comes_after_the_lease_changes_nothing(where: Path | str) -> None:
    """It would give the mail a new key while the next try may have delivered it under the old."""
    kept: list[KeepsAnswers] = []

    def keeping(provider: Provider) -> Provider:
        kept.append(KeepsAnswers(provider, 2))
        return kept[-1]

    async with furnished(where) as house:
        subject = house.subject()
        house.sandboxes[0].fail("503,count=1")
        async with house.process(wrap=keeping) as life:
            await life.accept(subject)
            await life.wait(LEASE_S + 1)
            refused, accepted = kept[0].answers
            refused.set()
            await life.wait(0.5)
            accepted.set()
            await life.rest()
        await house.check(frozenset({"sent"}))
        outcomes = [attempt.outcome for attempt in (await house.eye.look()).attempts]
        assert outcomes == ["unknown", "accepted"]


async def test_an_acceptance_that_comes_after_the_lease_is_not_recorded_twice(
    where: Path | str,
) -> None:
    kept: list[KeepsAnswers] = []

    def keeping(provider: Provider) -> Provider:
        kept.append(KeepsAnswers(provider, 1))
        return kept[-1]

    async with furnished(where) as house:
        subject = house.subject()
        async with house.process(wrap=keeping) as life:
            await life.accept(subject)
            await life.wait(2 * LEASE_S)
            kept[0].answers[0].set()
            await life.rest()
        await house.check(frozenset({"sent"}))
        assert house.sandboxes[0].mails[0].attempts == 2


async def test_a_process_stopped_beyond_its_lease_records_nothing_when_it_goes_on(
    tmp_path: Path, cluster: Cluster
) -> None:
    async def play(town: Town, step: str) -> None:
        zombie = await stopped(town, step)
        other = await town.worker(lease_s=1.0)
        await town.rest()
        before = await town.eye.look()
        zombie.go_on()
        await log_has(zombie, "lease.lost")
        await zombie.stop()
        await other.stop()
        assert await town.eye.look() == before

    steps = ("send resend", "answered resend", "begin record")
    async with AsyncExitStack() as stack:
        places = [await stack.enter_async_context(cluster.fresh_database()) for _ in steps]
        plays = [(step, partial(play, step=step)) for step in steps]
        await each_in_a_town_of_its_own(places, tmp_path, plays)


async def test_a_process_stopped_with_the_only_lock_goes_on_without_a_double(
    tmp_path: Path,
) -> None:
    """On one file nobody can take its place: the lock is the stopped process's."""

    async def play(town: Town, step: str) -> None:
        zombie = await stopped(town, step)
        await lease_ran_out(town)
        zombie.go_on()
        await town.rest()
        await zombie.stop()

    steps = ("send resend", "answered resend", "commit record")
    places = [tmp_path / str(number) / "mailproof.db" for number in range(len(steps))]
    plays = [(step, partial(play, step=step)) for step in steps]
    await each_in_a_town_of_its_own(places, tmp_path, plays)


async def stopped(town: Town, step: str) -> Worker:
    worker = await town.worker(stop_at=step, lease_s=1.0)
    worker.accept("mail-1", key="key-1")
    await worker.said("at")
    return worker


async def log_has(worker: Worker, event: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while event not in worker.log():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)


async def lease_ran_out(town: Town) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not any(  # noqa: ASYNC110 - another process's lease
            mail.leased_until is not None and mail.leased_until < town.now_ms()
            for mail in (await town.eye.look()).mails
        ):
            await asyncio.sleep(0.02)
